"""Audio files: their format, reading, decoding, writing WAV and FLAC. soundfile for WAV, libav for other formats.

The libraries are imported inside functions: whoever needs a suffix or an error from here needs none of them.

Not here: measuring the samples (``audio.signals``), data sets (``dataset``).
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from voice_assets.audio.riff import examine, opened, repaired
from voice_assets.runtime.files import LFS_POINTER, replacing

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import soundfile

RAW_FORMATS: dict[str, tuple[str, dict[str, str]]] = {
    ".g722": ("g722", {}),
    ".sln": ("s16le", {"sample_rate": "8000"}),
    **{f".sln{rate}": ("s16le", {"sample_rate": f"{rate}000"}) for rate in (12, 16, 24, 32, 48, 96)},
    ".sln44": ("s16le", {"sample_rate": "44100"}),
    ".sln192": ("s16le", {"sample_rate": "192000"}),
}
"""Raw streams have no header; only the suffix gives libav's format and its options."""

SUFFIXES = (
    *(
        ".wav",
        ".wave",
        ".flac",
        ".w64",
        ".rf64",
        ".bw64",
        ".aif",
        ".aiff",
        ".aifc",
        ".au",
        ".snd",
        ".caf",
        ".wv",
        ".tta",
        ".tak",
    ),
    *(
        ".shn",
        ".ape",
        ".voc",
        ".sph",
        ".nist",
        ".avr",
        ".paf",
        ".pvf",
        ".htk",
        ".sln192",
        ".sln96",
        ".sln48",
        ".sln44",
        ".sln32",
    ),
    *(".sln24", ".sln16", ".sln12", ".g722", ".sln", ".wav49", ".gsm", ".opus", ".ogg", ".oga", ".m4a", ".m4b", ".mp4", ".aac"),
    *(".webm", ".mka", ".wma", ".mp3", ".mp2", ".mpc", ".spx", ".ac3", ".amr", ".awb", ".3gp"),
)
"""The suffixes of audio files, the best quality first: of one recording in several formats, the first counts."""


class AudioError(ValueError):
    """An audio file that is empty, truncated or cannot be decoded. The message names the file."""


@dataclass(frozen=True)
class AudioInfo:
    """The format of an audio file: libsndfile's names (``WAV``, ``PCM_16``), rate in Hz, ``frames`` per channel."""

    format: str
    subtype: str
    channels: int
    sample_rate: int
    frames: int
    duration_s: float


def _expect_file(path: Path, data: bytes | None) -> None:
    """Raise AudioError when the file is missing or empty, or stands for a file that was not fetched."""
    if data is None and not path.is_file():
        raise AudioError(f"{path}: no such file")
    with opened(path, data) as file:
        head = file.read(len(LFS_POINTER))
    if not head:
        raise AudioError(f"{path}: empty: 0 bytes")
    if head == LFS_POINTER:
        raise AudioError(f"{path}: a Git-LFS pointer, not the audio; run `git lfs pull` where the recordings come from")


def _expect_sound_riff(path: Path, data: bytes | None) -> None:
    """Raise AudioError for a WAV file that libsndfile reads wrong or not at all; it gives no reason that a person can use."""
    riff = examine(path, data)
    if riff is None:
        return
    if riff.unpadded:
        name, length, _ = riff.unpadded[0]
        raise AudioError(
            f"{path}: its {name!r} chunk has {length} bytes, an odd number, and lacks the padding byte that must follow: "
            "programs do not find the samples after it; write the file again, or use `voice-assets import`"
        )
    if riff.truncated:
        raise AudioError(f"{path}: truncated: {riff.truncated}")
    if riff.sizeless:
        raise AudioError(
            f"{path}: its header gives no size (the file was streamed): the data chunk says 0 bytes and {riff.data_bytes} "
            "follow, and Piper reads none of them; write the file again, or import the recordings with `voice-assets import`"
        )


def _reason(error: soundfile.SoundFileError) -> str:
    """What is wrong, without the name of the file."""
    import soundfile

    return error.error_string if isinstance(error, soundfile.LibsndfileError) else str(error)


def _source(path: Path, data: bytes | None) -> str | BytesIO:
    return str(path) if data is None else BytesIO(data)


def probe(path: Path, data: bytes | None = None) -> AudioInfo:
    """The format of the file, from its header. ``data``: the bytes of the file, where they were read already.

    Raises:
        AudioError: the file is missing, empty, truncated (a RIFF chunk is longer than the rest of the file), without
            samples, in a format that libsndfile cannot read, or a WAV whose header hides the samples from libsndfile.
    """
    import soundfile

    _expect_file(path, data)
    _expect_sound_riff(path, data)
    try:
        info = soundfile.info(_source(path, data))
    except soundfile.SoundFileError as error:
        raise AudioError(f"{path}: not audio that can be read: {_reason(error)}") from error
    if info.frames < 1:
        raise AudioError(f"{path}: empty: a header and no samples")
    return AudioInfo(info.format, info.subtype, info.channels, info.samplerate, info.frames, info.frames / info.samplerate)


def read(path: Path, data: bytes | None = None) -> tuple[npt.NDArray[np.float32], int]:
    """The samples, float32 ``[frames]`` within -1 to 1, and the rate in Hz. Channels are averaged, as Piper's loader does.

    ``data``: as in `probe`.

    Raises:
        AudioError: as `probe`.
    """
    import numpy as np
    import soundfile

    probe(path, data)
    try:
        samples, rate = soundfile.read(_source(path, data), dtype="float32", always_2d=True)
    except soundfile.SoundFileError as error:
        raise AudioError(f"{path}: not audio that can be read: {_reason(error)}") from error
    return np.ascontiguousarray(samples.mean(axis=1, dtype=np.float32)), int(rate)


def _decode_frames(path: Path, source: str | BytesIO) -> tuple[npt.NDArray[np.float32], int]:
    """All frames of the first audio stream of ``source``, mono float32, at the stream's own rate. ``path`` is for messages."""
    import av
    import numpy as np

    form, options = RAW_FORMATS.get(path.suffix.lower(), (None, {}))
    with av.open(source, "r", format=form, options=options) as container:
        if not container.streams.audio:
            raise AudioError(f"{path}: the file has no audio stream")
        resampler = av.AudioResampler(format="flt", layout="mono")
        blocks: list[npt.NDArray[np.float32]] = []
        rate = 0
        for frame in [*container.decode(container.streams.audio[0]), None]:
            rate = frame.sample_rate if frame is not None else rate
            if rate:
                blocks += [block.to_ndarray().reshape(-1).astype(np.float32) for block in resampler.resample(frame)]
    if not blocks or not rate:
        raise AudioError(f"{path}: the file has no samples")
    return np.concatenate(blocks), rate


def _decoded(path: Path, data: bytes | None) -> tuple[npt.NDArray[np.float32], int]:
    """All samples, mono float32, and their rate: with libav, or with libsndfile where libav does not know the format."""
    import av
    import numpy as np
    import soundfile

    riff = None if path.suffix.lower() in RAW_FORMATS else examine(path, data)
    if riff is not None and riff.truncated:
        raise AudioError(f"{path}: truncated: {riff.truncated}")
    whole = repaired(data or path.read_bytes(), riff) if riff is not None and riff.unpadded else data
    try:
        return _decode_frames(path, _source(path, whole))
    except av.FFmpegError as error:
        try:
            samples, rate = soundfile.read(_source(path, data), dtype="float32", always_2d=True)
        except (soundfile.SoundFileError, TypeError):  # TypeError: for a suffix that libsndfile takes for raw samples
            raise AudioError(f"{path}: cannot be decoded: {str(error).replace(f': {str(path)!r}', '')}") from error
        return samples.mean(axis=1, dtype=np.float32), int(rate)


def decode(path: Path, sample_rate: int, data: bytes | None = None) -> npt.NDArray[np.int16]:
    """Decode any format that libav or libsndfile knows to mono int16 ``[frames]`` at ``sample_rate`` Hz.

    Resamples with soxr "VHQ" and clips at full scale. The suffix gives the format of a file without a header (`RAW_FORMATS`).
    A WAV file whose header gives no size is read to the end of the file. ``data``: as in `probe`.

    Raises:
        AudioError: the file is missing, empty, truncated, without samples, or in a format that cannot be decoded.
    """
    import numpy as np
    import soxr

    _expect_file(path, data)
    samples, rate = _decoded(path, data)
    if rate != sample_rate:
        samples = soxr.resample(samples, rate, sample_rate, quality="VHQ")
    return np.clip(np.rint(samples * 32768.0), -32768, 32767).astype(np.int16)


def write_wav(path: Path, samples: npt.NDArray[np.int16], sample_rate: int) -> Path:
    """Write int16 ``[frames]`` as a mono PCM16 WAV file, atomically. Returns ``path``.

    Raises:
        AudioError: the samples are not int16, or not one channel.
    """
    import numpy as np
    import soundfile

    if samples.dtype != np.int16 or samples.ndim != 1:
        raise AudioError(f"{path}: samples must be int16 [frames], not {samples.dtype} {list(samples.shape)}")
    with replacing(path) as temporary:
        soundfile.write(str(temporary), samples, sample_rate, format="WAV", subtype="PCM_16")
    return path


def write_flac(source: Path, path: Path) -> Path:
    """Write the PCM16 file ``source`` as FLAC, with exactly the same samples, atomically. Returns ``path``.

    Raises:
        AudioError: ``source`` is no audio, or not PCM16.
    """
    import soundfile

    info = probe(source)
    if info.subtype != "PCM_16":
        raise AudioError(f"{source}: is {info.subtype}, must be PCM_16 to keep every sample")
    samples, sample_rate = soundfile.read(str(source), dtype="int16")
    with replacing(path) as temporary:
        soundfile.write(str(temporary), samples, sample_rate, format="FLAC", subtype="PCM_16")
    return path
