"""Audio files: format, reading, writing, and broken files of every kind."""

import struct
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from voice_assets.audio.recordings import AudioError, AudioInfo, decode, probe, read, write_wav
from voice_assets.runtime.files import LFS_POINTER
from voice_assets_tests.datasets import RATE, burst


def encode(path: Path, samples: np.ndarray, rate: int, codec: str, form: str) -> Path:
    """Mono samples in another format, through libav."""
    with av.open(str(path), "w", format=form) as container:
        stream = container.add_stream(codec, rate=rate, layout="mono")
        resampler = av.AudioResampler(format=stream.codec_context.format, layout="mono", rate=rate)
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = rate
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    return path


def test_a_written_file_is_read_back_the_same(tmp_path: Path) -> None:
    sound = burst(0.5)
    path = write_wav(tmp_path / "a.wav", sound, RATE)
    assert probe(path) == AudioInfo("WAV", "PCM_16", 1, RATE, len(sound), len(sound) / RATE)
    samples, rate = read(path)
    assert (samples.dtype, rate) == (np.float32, RATE)
    np.testing.assert_allclose(samples, sound / 32768.0, atol=1e-7)
    assert [file.name for file in tmp_path.iterdir()] == ["a.wav"]


@pytest.mark.parametrize("name", ["a.wav", "a.mp3", "a.g722", "unpadded.wav", "streamed.wav"])
def test_bytes_that_were_read_already_give_the_same_as_the_file(tmp_path: Path, name: str) -> None:
    path, sound = tmp_path / name, burst(0.5)
    if path.suffix == ".wav":
        write_wav(path, sound, RATE)
    else:
        encode(path, sound, 16000, *{".mp3": ("libmp3lame", "mp3"), ".g722": ("g722", "g722")}[path.suffix])
    data = path.read_bytes()
    if name == "unpadded.wav":
        data = data[:12] + b"junk" + struct.pack("<I", 3) + b"abc" + data[12:]
    elif name == "streamed.wav":
        data = data[:4] + b"\xff" * 4 + data[8:40] + b"\xff" * 4 + data[44:]
    path.write_bytes(data)
    expected = decode(path, RATE)
    outcomes = [_outcome(work, path) for work in (probe, read)]
    path.unlink()
    np.testing.assert_array_equal(decode(path, RATE, data), expected)
    assert [_outcome(work, path, data) for work in (probe, read)] == outcomes


def _outcome(work: Callable[..., object], *arguments: object) -> str:
    try:
        return repr(work(*arguments))
    except AudioError as error:
        return str(error)


@pytest.mark.parametrize("data", [b"", LFS_POINTER, b"RIFF"])
def test_faulty_bytes_are_told_as_those_of_a_file(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(data)
    outcomes = [_outcome(work, path) for work in (probe, read)]
    path.unlink()
    assert [_outcome(work, path, data) for work in (probe, read)] == outcomes


@pytest.mark.parametrize("samples", [np.zeros(9, np.float32), np.zeros((9, 2), np.int16)])
def test_only_mono_int16_is_written(tmp_path: Path, samples: np.ndarray) -> None:
    with pytest.raises(AudioError, match=r"a\.wav: samples must be int16 \[frames\]"):
        write_wav(tmp_path / "a.wav", samples, RATE)
    assert list(tmp_path.iterdir()) == []


def test_probe_names_channels_and_encoding(tmp_path: Path) -> None:
    stereo = np.stack([np.full(100, 0.5), np.full(100, -0.25)], axis=1)
    soundfile.write(tmp_path / "s.wav", stereo, 16000, subtype="PCM_24")
    info = probe(tmp_path / "s.wav")
    assert (info.channels, info.sample_rate, info.subtype, info.frames) == (2, 16000, "PCM_24", 100)
    samples, _ = read(tmp_path / "s.wav")
    np.testing.assert_allclose(samples, np.full(100, 0.125), atol=1e-6)


def test_mp3_data_in_a_wav_file_is_not_probed_as_wav(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.wav", burst(0.5), RATE, "libmp3lame", "mp3")
    assert probe(path).format != "WAV"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty: 0 bytes"),
        (b"RIFF\x04\0\0\0WAVE", "truncated: 12 bytes and no data chunk"),
        (b"just some text, no audio at all" * 10, "not audio that can be read"),
        (b"\0" * 1000, "not audio that can be read"),
    ],
)
def test_a_file_that_is_not_audio_is_an_error(tmp_path: Path, data: bytes, message: str) -> None:
    (tmp_path / "a.wav").write_bytes(data)
    for use in (probe, read):
        with pytest.raises(AudioError, match=rf"a\.wav: {message}"):
            use(tmp_path / "a.wav")


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    for use in (probe, read, lambda path: decode(path, RATE)):
        with pytest.raises(AudioError, match=r"a\.wav: no such file"):
            use(tmp_path / "a.wav")


@pytest.mark.parametrize("lost", [1, 2, 1000])
def test_a_truncated_file_is_an_error(tmp_path: Path, lost: int) -> None:
    path = write_wav(tmp_path / "a.wav", burst(0.5), RATE)
    whole = path.read_bytes()
    length = len(whole) - 44
    path.write_bytes(whole[:-lost])
    with pytest.raises(AudioError, match=rf"truncated: its 'data' chunk should have {length} bytes and has {length - lost}"):
        probe(path)


def test_a_file_truncated_in_its_header_is_an_error(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", burst(0.5), RATE)
    for length in (13, 20, 30, 40, 43):
        path.write_bytes(path.read_bytes()[:length])
        with pytest.raises(AudioError, match="truncated"):
            probe(path)
        write_wav(path, burst(0.5), RATE)


def test_a_header_without_samples_is_an_error(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", np.zeros(0, np.int16), RATE)
    with pytest.raises(AudioError, match="empty: a header and no samples"):
        probe(path)


def test_other_chunks_before_and_after_the_data_are_allowed(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", burst(0.1), RATE)
    data = path.read_bytes()
    note = b"LIST" + struct.pack("<I", 3) + b"abc\0"
    body = data[12:36] + note + data[36:] + note
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body) + 4) + b"WAVE" + body)
    assert probe(path).frames == len(burst(0.1))


@pytest.mark.parametrize(
    ("codec", "form", "name", "rate"),
    [
        ("g722", "g722", "a.g722", 16000),
        ("flac", "flac", "a.flac", 44100),
        ("libmp3lame", "mp3", "a.mp3", 22050),
        ("pcm_s16le", "wav", "a.wav", 8000),
    ],
)
def test_decoding_keeps_length_and_pitch(tmp_path: Path, codec: str, form: str, name: str, rate: int) -> None:
    sound = burst(1.0, rate=rate)
    samples = decode(encode(tmp_path / name, sound, rate, codec, form), RATE)
    assert (samples.dtype, samples.ndim) == (np.int16, 1)
    assert len(samples) == pytest.approx(RATE, rel=0.08 if form == "mp3" else 0.001)
    spectrum = np.abs(np.fft.rfft(samples[: RATE // 2].astype(float)))
    assert spectrum.argmax() * 2 == pytest.approx(200, abs=4)
    assert samples.std() == pytest.approx(sound.std(), rel=0.1)


def test_resampling_adds_no_alias(tmp_path: Path) -> None:
    """A 10 kHz tone at 48 kHz is above the Nyquist frequency of 16 kHz: its residue is under -60 dB."""
    tone = (0.5 * np.sin(2 * np.pi * 10000 * np.arange(48000) / 48000) * 32767).astype(np.int16)
    samples = decode(write_wav(tmp_path / "a.wav", tone, 48000), 16000)
    middle = samples[1000:-1000].astype(float) / 32768
    assert np.sqrt(np.mean(middle**2)) < 0.5 / np.sqrt(2) * 10 ** (-60 / 20)


def test_decoding_at_the_same_rate_is_bit_exact(tmp_path: Path) -> None:
    sound = burst(0.3)
    sound[:2] = (-32768, 32767)
    np.testing.assert_array_equal(decode(write_wav(tmp_path / "a.wav", sound, RATE), RATE), sound)


@pytest.mark.parametrize(("name", "data"), [("a.g722", b""), ("a.mp3", b"no audio here"), ("a.wav", b"RIFF")])
def test_a_file_that_cannot_be_decoded_is_an_error(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(AudioError, match=name):
        decode(tmp_path / name, RATE)


@pytest.mark.parametrize("name", ["a.wav", "a.mp3", "a.sln"])
def test_a_file_that_git_lfs_did_not_fetch_is_named_so(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 52944\n")
    with pytest.raises(AudioError, match=r"a Git-LFS pointer, not the audio; run `git lfs pull`"):
        decode(path, 22050)
    with pytest.raises(AudioError, match="a Git-LFS pointer"):
        probe(path)
