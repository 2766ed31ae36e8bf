"""Measures every clip of a table: reads the audio and computes the figures of ``CLIP_STATS``. Does not judge them."""

import hashlib
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd

from voice_assets.audio import recordings, signals, trimming
from voice_assets.dataset import tables
from voice_assets.text.normalisation import normalise

THREADS = 4
"""Files read at the same time."""


class ChangedAudioError(RuntimeError):
    """An audio file differs from the one that the table of clips describes."""


class NoAudioError(ValueError):
    """A row of clips without an audio file; base validation reports such rows."""


def _same_bytes(clip_id: str, path: Path, expected: str) -> bytes:
    """The bytes of the file, which have the SHA-256 ``expected``."""
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise ChangedAudioError(f"clip {clip_id}: {path} no longer exists; materialise clips again") from error
    found = hashlib.sha256(data).hexdigest()
    if found != expected:
        change = f"its SHA-256 was {expected}, now it is {found}"
        raise ChangedAudioError(f"clip {clip_id}: {path} has changed since clips was made: {change}; materialise clips again")
    return data


def _measure_clip(dataset: Path, clip: Mapping[Hashable, object], language: str) -> dict[str, object]:
    clip_id, text, path = str(clip["clip_id"]), str(clip["text"]), dataset / str(clip["path"])
    if not clip["path"]:
        raise NoAudioError(f"clip {clip_id}, row {clip['row']}: no audio file to read; base validation must pass first")
    samples, rate = recordings.read(path, _same_bytes(clip_id, path, str(clip["audio_sha256"])))
    try:
        measured = signals.measure(samples, rate)
    except signals.SignalError as error:
        raise signals.SignalError(f"clip {clip_id}: {path}: {error}") from error
    duration_s = len(samples) / rate
    speech_s = duration_s - float(measured["leading_silence_s"]) - float(measured["trailing_silence_s"])
    return {
        "clip_id": clip_id,
        "path": clip["path"],
        "text": text,
        "normalised_text": normalise(text, language),
        "text_length": len(text),
        "duration_s": duration_s,
        "chars_per_s": signals.chars_per_s(text, speech_s),
        **measured,
        **vars(trimming.trimmed(samples, rate)),
    }


def measure_clips(
    dataset: Path, clips: pd.DataFrame, language: str, on_progress: Callable[[int, int], None] | None = None
) -> pd.DataFrame:
    """Measure every clip of ``clips``, in its order.

    Args:
        dataset: the data set's folder; ``clips.path`` is relative to it.
        clips: the columns of ``dataset.tables.CLIPS``; every row has an audio file (base validation has passed).
        language: two letters, for the normalised text.
        on_progress: called with (clips done, all clips) after each clip, in the calling thread.

    Returns:
        The columns of ``dataset.tables.CLIP_STATS``, one row per row of ``clips``.

    Raises:
        NoAudioError: a row has no path.
        ChangedAudioError: a file no longer exists, or its bytes differ from those that ``clips`` describes.
        AudioError: a file cannot be decoded.
        SignalError: the samples of a file cannot be measured.
    """
    rows: list[dict[str, object]] = []
    with ThreadPoolExecutor(THREADS) as pool:
        jobs = [pool.submit(_measure_clip, dataset, clip, language) for clip in clips.to_dict("records")]
        try:
            for done, job in enumerate(jobs, start=1):
                rows.append(job.result())
                if on_progress:
                    on_progress(done, len(jobs))
        finally:
            pool.shutdown(cancel_futures=True)
    return tables.frame(rows, tables.CLIP_STATS)
