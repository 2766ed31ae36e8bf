"""Audio files: their format, reading, decoding, writing WAV. soundfile for WAV, libav for other formats.

Not here: measuring the samples (``audio.signals``), data sets (``dataset``).
"""

import struct
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import soundfile

from voice_assets.runtime.files import replacing

# Raw streams have no header; only the suffix gives the format.
RAW_FORMATS = {".g722": "g722"}


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


def _check_riff(path: Path) -> None:
    """Raise AudioError when a RIFF chunk is longer than the rest of the file. libsndfile reads such files without a warning."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(12)
        if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
            return
        while True:
            chunk = file.read(8)
            if len(chunk) < 8:
                raise AudioError(f"{path}: truncated: {size} bytes and no data chunk")
            name, length = struct.unpack("<4sI", chunk)
            left = size - file.tell()
            if length > left:
                label = name.decode("ascii", "replace")
                raise AudioError(f"{path}: truncated: its {label!r} chunk should have {length} bytes and has {left}")
            if name == b"data":
                return
            file.seek(length + length % 2, 1)


def probe(path: Path) -> AudioInfo:
    """The format of the file, from its header.

    Raises:
        AudioError: the file is missing, empty, truncated (a RIFF chunk is longer than the rest of the file), without
            samples, or in a format that libsndfile cannot read.
    """
    if not path.is_file():
        raise AudioError(f"{path}: no such file")
    if path.stat().st_size == 0:
        raise AudioError(f"{path}: empty: 0 bytes")
    _check_riff(path)
    try:
        info = soundfile.info(str(path))
    except soundfile.SoundFileError as error:
        raise AudioError(f"{path}: not audio that can be read: {error}") from error
    if info.frames < 1:
        raise AudioError(f"{path}: empty: a header and no samples")
    return AudioInfo(info.format, info.subtype, info.channels, info.samplerate, info.frames, info.frames / info.samplerate)


def read(path: Path) -> tuple[npt.NDArray[np.float32], int]:
    """The samples, float32 ``[frames]`` within -1 to 1, and the rate in Hz. Channels are averaged, as Piper's loader does.

    Raises:
        AudioError: as `probe`.
    """
    probe(path)
    try:
        samples, rate = soundfile.read(str(path), dtype="float32", always_2d=True)
    except soundfile.SoundFileError as error:
        raise AudioError(f"{path}: not audio that can be read: {error}") from error
    return np.ascontiguousarray(samples.mean(axis=1, dtype=np.float32)), int(rate)


def _decode_frames(path: Path) -> tuple[npt.NDArray[np.float32], int]:
    """All frames of the first audio stream, mono float32, at the stream's own rate."""
    with av.open(str(path), format=RAW_FORMATS.get(path.suffix.lower())) as container:
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


def decode(path: Path, sample_rate: int) -> npt.NDArray[np.int16]:
    """Decode any format that libav knows to mono int16 ``[frames]`` at ``sample_rate`` Hz.

    Resamples with soxr "VHQ" and clips at full scale. The suffix gives the format of a file without a header (`RAW_FORMATS`).

    Raises:
        AudioError: the file is missing, empty, or in a format that libav cannot decode.
    """
    import soxr

    if not path.is_file():
        raise AudioError(f"{path}: no such file")
    if path.stat().st_size == 0:
        raise AudioError(f"{path}: empty: 0 bytes")
    try:
        samples, rate = _decode_frames(path)
    except av.FFmpegError as error:
        raise AudioError(f"{path}: cannot be decoded: {error}") from error
    if rate != sample_rate:
        samples = soxr.resample(samples, rate, sample_rate, quality="VHQ")
    return np.clip(np.rint(samples * 32768.0), -32768, 32767).astype(np.int16)


def write_wav(path: Path, samples: npt.NDArray[np.int16], sample_rate: int) -> Path:
    """Write int16 ``[frames]`` as a mono PCM16 WAV file, atomically. Returns ``path``.

    Raises:
        AudioError: the samples are not int16, or not one channel.
    """
    if samples.dtype != np.int16 or samples.ndim != 1:
        raise AudioError(f"{path}: samples must be int16 [frames], not {samples.dtype} {list(samples.shape)}")
    with replacing(path) as temporary:
        soundfile.write(str(temporary), samples, sample_rate, format="WAV", subtype="PCM_16")
    return path
