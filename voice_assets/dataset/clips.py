"""Reads a data set in Piper's format: every clip with its text, its audio file and its faults.

Opens no file outside the data set's folder. The column ``findings`` describes faults in words; the suite gives the
verdict. Reads the format of the audio only; ``quality.clip_stats`` measures the samples.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from voice_assets.audio import recordings
from voice_assets.dataset.config import inside, read_config
from voice_assets.dataset.faults import TEXT_JUDGED, Limits, faults, text_facts
from voice_assets.dataset.locator import Locator
from voice_assets.dataset.readings import NOT_JUDGED, spoken_facts
from voice_assets.dataset.rows import MetadataError, Row, read_rows, unsafe
from voice_assets.dataset.shards import parse_shard_key, shard_keys, shard_of
from voice_assets.dataset.tables import CLIPS, frame
from voice_assets.runtime.files import sha256, shown

if TYPE_CHECKING:
    import pandas as pd

METADATA = "metadata_2col.csv"
THREADS = 4

Result = TypeVar("Result")


class DatasetError(ValueError):
    """A data set that cannot be read. The message names the file or folder that is missing or broken."""


@dataclass(frozen=True)
class Clip:
    """A row and the audio file that it names.

    ``path`` is relative to the data set. Where ``path`` is empty, ``row.structure`` gives the reason. ``named`` is the file as
    the row names it, even when reading the file is not allowed.
    """

    row: Row
    path: str
    named: str = ""


def _locate(dataset: Path, row: Row, locator: Locator) -> Clip:
    """Find a row's file where Piper looks: ``wavs/<name>``, then ``wavs/<name>.wav``. The name may begin with ``wavs/``.

    What Piper would not find is a fault; the message says what is nearly there.
    """
    if not row.clip_id.strip():
        return Clip(row, "")
    if unsafe(row.clip_id):
        return Clip(_with_near(row, locator) if row.structure == "unsafe_path" else row, "")
    places = [f"wavs/{row.clip_id}", f"wavs/{row.clip_id}.wav"]
    if row.clip_id.startswith("wavs/"):
        places += [row.clip_id, f"{row.clip_id}.wav"]
    found = next((place for place in places if os.path.isfile(dataset / place)), None)
    if found is not None and inside(dataset, dataset / found):
        return Clip(row, os.path.normpath(found), found)
    if row.structure:
        return Clip(row, "", found or "")
    if found is None:
        missing = replace(row, structure="missing_wav", message=f"no file {places[0]} and no file {places[1]}")
        return Clip(_with_near(missing, locator), "")
    target = os.path.realpath(dataset / found)
    message = f"{found} is a link that leads out of the data set, to {shown(target)}; copy the file into the data set"
    return Clip(replace(row, structure="unsafe_path", message=message), "", found)


def _with_near(row: Row, locator: Locator) -> Row:
    """The row, whose message also says which file is nearly the named one."""
    near = locator.nearly(row.clip_id)
    return replace(row, message=f"{row.message}; {near}") if near else row


def _extra(dataset: Path, clips: list[Clip], locator: Locator) -> Iterator[Clip]:
    """A clip for every wav under ``wavs/`` that no row names, sorted. The message says which row nearly names the wav.

    The path is empty where the wav is a link out of the data set, or its name is not UTF-8.
    """
    lost = [clip.row for clip in clips if clip.row.structure in ("missing_wav", "unsafe_path")]
    nearly = {locator.locate(row.clip_id).path: row for row in lost}
    paths = [dataset / clip.named for clip in clips if clip.named]
    named = {os.path.abspath(path) for path in paths} | {os.path.realpath(path) for path in paths}
    root = dataset / "wavs"
    for folder, folders, files in os.walk(root):
        folders.sort()
        for file in sorted(files):
            path = os.path.join(folder, file)
            if file.lower().endswith(".wav") and os.path.abspath(path) not in named:
                name = os.path.relpath(path, root)
                clean = shown(name)
                readable = clean == name and os.path.isfile(path) and inside(dataset, Path(path))
                why = "" if clean == name else ", and no row can name it: the name is not UTF-8; rename the file"
                if (near := nearly.get(f"wavs/{name}")) is not None:
                    why = f"; row {near.number} means this file and writes {near.clip_id!r}"
                row = Row(0, clean, "", "extra_wav", f"wavs/{clean}: no row of {METADATA} names this file{why}")
                yield Clip(row, f"wavs/{name}" if readable else "")


def _check(dataset: Path) -> None:
    if not dataset.is_dir():
        raise DatasetError(f"{dataset}: no such folder; it must hold config.json, {METADATA} and wavs/")
    if not (dataset / METADATA).is_file():
        raise DatasetError(f"{dataset / METADATA}: no such file; it must list the clips, one `name|text` a line")
    if not inside(dataset, dataset / METADATA):
        raise DatasetError(f"{dataset / METADATA}: a link that leads out of the data set; copy the file into it")


def read_clips(dataset: Path) -> list[Clip]:
    """Every row of the metadata in order, then every wav that no row names. Opens no audio.

    Raises:
        DatasetError: the folder or the metadata is missing, empty or not UTF-8.
    """
    _check(dataset)
    try:
        rows = read_rows(dataset / METADATA)
    except MetadataError as error:
        raise DatasetError(str(error)) from error
    locator = Locator(dataset)
    clips = [_locate(dataset, row, locator) for row in rows]
    return clips + list(_extra(dataset, clips, locator))


def _for_each(
    clips: list[Clip], work: Callable[[Clip], Result], on_progress: Callable[[int, int], None] | None = None
) -> list[Result]:
    """Call ``work`` for every clip, in threads (hashing and reading wait for the disk). Results in the order of the clips."""
    results = []
    with ThreadPoolExecutor(THREADS) as pool:
        for done, result in enumerate(pool.map(work, clips), start=1):
            results.append(result)
            if on_progress is not None:
                on_progress(done, len(clips))
    return results


def _hash(dataset: Path, clip: Clip) -> str:
    """SHA-256 of the clip's file; empty when there is no file, or reading the file is not allowed."""
    try:
        return sha256(dataset / clip.path) if clip.path else ""
    except OSError:
        return ""


_NO_AUDIO: dict[str, object] = {"format": "", "subtype": "", "channels": 0, "sample_rate": 0, "frames": 0, "duration_s": 0.0}


def _probe(dataset: Path, clip: Clip) -> tuple[Clip, dict[str, object]]:
    """The clip and the format of its file. A file that cannot be read changes the clip's ``structure``."""
    try:
        info = recordings.probe(dataset / clip.path)
    except (recordings.AudioError, OSError) as error:
        message = str(error).replace(f"{dataset}{os.sep}", "")
        return replace(clip, row=replace(clip.row, structure="unreadable_wav", message=message)), _NO_AUDIO
    return clip, vars(info)


def _record(dataset: Path, clip: Clip, limits: Limits) -> dict[str, object]:
    """One row of ``CLIPS``, without the values that `_judge` adds."""
    facts: dict[str, object] = _NO_AUDIO
    digest = _hash(dataset, clip)
    if not clip.row.structure:
        clip, facts = _probe(dataset, clip)
    row = clip.row
    return {
        "clip_id": row.clip_id,
        "row": row.number,
        "path": clip.path,
        "text": row.text,
        "structure": row.structure,
        **text_facts(row.text, limits.language),
        **NOT_JUDGED,
        "audio_sha256": digest,
        **facts,
        "findings": row.message,
    }


def _judge(records: list[dict[str, object]], limits: Limits, id_map: dict[str, list[int]]) -> None:
    """Add what espeak says and every fault in words to ``records``. Before, ``findings`` holds the row's own fault only."""
    judged = [record for record in records if record["structure"] in TEXT_JUDGED]
    spoken = spoken_facts([str(record["text"]) for record in judged], limits.language, limits.espeak_voice, id_map)
    for record, facts in zip(judged, spoken, strict=True):
        record |= facts
    for record in records:
        record["findings"] = "; ".join(fault.finding for fault in faults(record, limits))


def read_shard(
    dataset: Path, shard: str, limits: Limits, on_progress: Callable[[int, int], None] | None = None
) -> "pd.DataFrame":
    """The table ``CLIPS`` of one shard: the rows of the shard in file order, then the wavs that no row names.

    The table has faulty rows too. ``on_progress`` gets (clips done, clips in all). Without a usable ``config.json``, Piper's
    default ids decide which phonemes are unknown.

    Raises:
        DatasetError: the folder or the metadata is missing, empty or not UTF-8.
        EspeakVoiceError: the voice's espeak voice does not exist.
        ShardError: ``shard`` is not a shard's key.
    """
    index, shards = parse_shard_key(shard)
    clips = [clip for clip in read_clips(dataset) if shard_of(clip.row.clip_id, shards) == index]
    id_map = read_config(dataset, limits.sample_rate, limits.espeak_voice).id_map
    records = _for_each(clips, lambda clip: _record(dataset, clip, limits), on_progress)
    _judge(records, limits, id_map)
    return frame(records, CLIPS)


def _fingerprint(dataset: Path, clips: list[Clip]) -> str:
    """SHA-256 over the config and these clips. The order of the clips does not matter."""
    config = dataset / "config.json"
    head = sha256(config) if config.is_file() and inside(dataset, config) else ""
    digests = _for_each(clips, lambda clip: _hash(dataset, clip))
    parts = [
        [clip.row.clip_id, clip.row.text, clip.row.structure, clip.path, digest]
        for clip, digest in zip(clips, digests, strict=True)
    ]
    return hashlib.sha256(json.dumps([head, sorted(parts)]).encode("utf-8")).hexdigest()


def fingerprint(dataset: Path, shards: int) -> dict[str, str]:
    """Shard key -> SHA-256 over the content of that shard: config, names, texts, structure and bytes of the audio.

    Wavs that no row names count; row numbers and row order do not. A missing file or config counts as missing, so a broken
    data set has a fingerprint too, and this differs from the sound data set's. Reads every byte of audio.

    Raises:
        DatasetError: the folder or the metadata is missing, empty or not UTF-8.
        ShardError: ``shards`` is under 1.
    """
    keys = shard_keys(shards)
    parts: list[list[Clip]] = [[] for _ in keys]
    for clip in read_clips(dataset):
        parts[shard_of(clip.row.clip_id, shards)].append(clip)
    return {key: _fingerprint(dataset, part) for key, part in zip(keys, parts, strict=True)}


def fingerprint_shard(dataset: Path, shard: str) -> str:
    """The `fingerprint` of one shard. Reads the audio of that shard only.

    Raises:
        DatasetError: as `fingerprint`.
        ShardError: ``shard`` is not a shard's key.
    """
    index, shards = parse_shard_key(shard)
    return _fingerprint(dataset, [clip for clip in read_clips(dataset) if shard_of(clip.row.clip_id, shards) == index])
