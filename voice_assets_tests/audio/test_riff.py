"""The headers of WAV files as programs really write them: streamed, extensible, 64-bit, without padding bytes."""

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from voice_assets.audio.recordings import AudioError, decode, probe, read
from voice_assets.audio.riff import examine
from voice_assets_tests.datasets import RATE, burst

SOUND = burst(0.2)
FMT = b"fmt " + struct.pack("<IHHIIHH", 16, 1, 1, RATE, 2 * RATE, 2, 16)
DATA = SOUND.tobytes()


def chunk(name: bytes, body: bytes, length: int | None = None) -> bytes:
    """A chunk; ``length`` is the size that its header gives, if another than the true one."""
    return name + struct.pack("<I", len(body) if length is None else length) + body


def wav(folder: Path, *chunks: bytes, size: int | None = None) -> Path:
    body = b"WAVE" + b"".join(chunks)
    path = folder / "a.wav"
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body) if size is None else size) + body)
    return path


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFFFFF, 0x7FFFF000])
def test_a_streamed_file_is_read_to_its_end(tmp_path: Path, size: int) -> None:
    path = wav(tmp_path, FMT, chunk(b"LIST", b"INFO"), chunk(b"data", DATA, size), size=0xFFFFFFFF)
    assert probe(path).frames == len(SOUND)
    np.testing.assert_allclose(read(path)[0], SOUND / 32768, atol=1e-6)
    np.testing.assert_array_equal(decode(path, RATE), SOUND)


def test_a_size_of_zero_is_not_known_and_not_truncated(tmp_path: Path) -> None:
    path = wav(tmp_path, FMT, chunk(b"data", DATA, 0), size=0)
    with pytest.raises(
        AudioError, match=rf"a\.wav: its header gives no size .* 0 bytes and {len(DATA)} follow, and Piper reads"
    ):
        probe(path)
    np.testing.assert_array_equal(decode(path, RATE), SOUND)


def test_piper_reads_nothing_from_a_size_of_zero(tmp_path: Path) -> None:
    """The reason for the fault: libsndfile, which Piper reads with, finds no samples."""
    assert soundfile.info(str(wav(tmp_path, FMT, chunk(b"data", DATA, 0), size=0))).frames == 0


@pytest.mark.parametrize("after", [b"", chunk(b"LIST", b"INFO")])
def test_no_samples_are_still_no_samples(tmp_path: Path, after: bytes) -> None:
    with pytest.raises(AudioError, match="empty: a header and no samples"):
        probe(wav(tmp_path, FMT, chunk(b"data", b""), after))


def test_an_unpadded_chunk_is_named_and_import_reads_past_it(tmp_path: Path) -> None:
    path = wav(tmp_path, FMT, chunk(b"id3 ", b"hello"), chunk(b"LIST", b"INFOx"), chunk(b"data", DATA))
    with pytest.raises(AudioError, match=r"its 'id3 ' chunk has 5 bytes, an odd number, and lacks the padding byte"):
        probe(path)
    np.testing.assert_array_equal(decode(path, RATE), SOUND)
    padded = wav(tmp_path, FMT, chunk(b"id3 ", b"hello") + b"\0", chunk(b"data", DATA))
    assert probe(padded).frames == len(SOUND)
    riff = examine(padded)
    assert riff is not None
    assert riff.unpadded == ()


@pytest.mark.parametrize("name", [b"data", b"LIST"])
def test_missing_bytes_are_still_truncated(tmp_path: Path, name: bytes) -> None:
    chunks = (chunk(b"data", DATA, len(DATA) + 10),) if name == b"data" else (chunk(b"LIST", DATA, len(DATA) + 10),)
    path = wav(tmp_path, FMT, *chunks)
    message = rf"truncated: its '{name.decode()}' chunk should have {len(DATA) + 10} bytes and has {len(DATA)}"
    for use in (probe, lambda file: decode(file, RATE)):
        with pytest.raises(AudioError, match=message):
            use(path)


def test_an_rf64_file_is_measured_by_its_64_bit_sizes(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(str(path), SOUND, RATE, format="RF64", subtype="PCM_16")
    assert (probe(path).format, probe(path).frames) == ("RF64", len(SOUND))
    np.testing.assert_array_equal(decode(path, RATE), SOUND)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(
        AudioError, match=f"truncated: its 'data' chunk should have {len(DATA)} bytes and has {len(DATA) - 100}"
    ):
        decode(path, RATE)


KINDS = [("WAVEX", "PCM_16"), ("WAV", "PCM_24"), ("WAV", "FLOAT"), ("WAV", "PCM_U8"), ("WAV", "ULAW"), ("RF64", "PCM_16"),
         ("AIFF", "PCM_16"), ("W64", "PCM_16"), ("AU", "PCM_16"), ("CAF", "ALAC_16"), ("FLAC", "PCM_16"), ("OGG", "VORBIS"),
         ("NIST", "PCM_16"), ("VOC", "PCM_16"), ("AVR", "PCM_16"), ("PAF", "PCM_16"), ("PVF", "PCM_16")]  # fmt: skip


@pytest.mark.parametrize(("form", "subtype"), KINDS)
def test_every_kind_is_decoded(tmp_path: Path, form: str, subtype: str) -> None:
    """The last ones are known to libsndfile only."""
    path = tmp_path / f"a.{form.lower()}"
    soundfile.write(str(path), SOUND / 32768, RATE, format=form, subtype=subtype)
    samples = decode(path, RATE)
    assert samples.std() == pytest.approx(SOUND.std(), rel=0.1)


def test_an_extensible_wav_is_read_as_piper_reads_it(tmp_path: Path) -> None:
    soundfile.write(str(tmp_path / "a.wav"), SOUND, RATE, format="WAVEX", subtype="PCM_16")
    assert (probe(tmp_path / "a.wav").format, probe(tmp_path / "a.wav").subtype) == ("WAVEX", "PCM_16")


@pytest.mark.parametrize(("suffix", "rate"), [(".sln", 8000), (".sln16", 16000), (".sln44", 44100), (".sln48", 48000)])
def test_raw_samples_have_the_rate_of_their_suffix(tmp_path: Path, suffix: str, rate: int) -> None:
    sound = burst(0.5, rate=rate)
    (tmp_path / f"a{suffix}").write_bytes(sound.tobytes())
    np.testing.assert_array_equal(decode(tmp_path / f"a{suffix}", rate), sound)
