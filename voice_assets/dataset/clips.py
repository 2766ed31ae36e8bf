"""Reads a data set in Piper's format: every clip with its text, its audio file and its faults.

Opens no file outside the data set's folder. The column ``findings`` describes faults in words; the suite gives the
verdict. Reads the format of the audio only; ``quality.clip_stats`` measures the samples.
"""

import hashlib
import json
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from voice_assets.audio import recordings
from voice_assets.dataset.config import inside, read_config
from voice_assets.dataset.faults import TEXT_JUDGED, Limits, faults, text_facts
from voice_assets.dataset.locator import Locator
from voice_assets.dataset.readings import NOT_JUDGED, spoken_facts
from voice_assets.dataset.rows import MetadataError, Row, read_rows, unsafe
from voice_assets.dataset.shards import parse_shard_key, shard_keys, shard_of
from voice_assets.dataset.tables import CLIPS, frame
from voice_assets.dataset.wavs import ListedWavs, Wavs
from voice_assets.runtime.files import sha256, shown
from voice_assets.runtime.hash_memory import sha256s

if TYPE_CHECKING:
    import pandas as pd

    from voice_assets.dataset.mirror import Mirror

METADATA = "metadata_2col.csv"
THREADS = 4


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


def _locate(dataset: Path, row: Row, wavs: Wavs, locator: Locator) -> Clip:
    """Find a row's file where Piper looks: ``wavs/<name>``, then ``wavs/<name>.wav``. The name may begin with ``wavs/``.

    What Piper would not find is a fault; the message says what is nearly there.
    """
    if not row.clip_id.strip():
        return Clip(row, "")
    if row.structure and unsafe(row.clip_id):
        return Clip(_with_near(row, locator) if row.structure == "unsafe_path" else row, "")
    places = [f"wavs/{row.clip_id}", f"wavs/{row.clip_id}.wav"]
    if row.clip_id.startswith("wavs/"):
        places += [row.clip_id, f"{row.clip_id}.wav"]
    found = next(filter(wavs.has, places), None)
    if found is not None and wavs.may_read(found):
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


def _extra(dataset: Path, clips: list[Clip], wavs: Wavs, locator: Locator) -> Iterator[Clip]:
    """A clip for every wav under ``wavs/`` that no row names. The message says which row nearly names the wav.

    The path is empty where the wav is a link out of the data set, or its name is not UTF-8.
    """
    lost = [clip.row for clip in clips if clip.row.structure in ("missing_wav", "unsafe_path")]
    nearly = {locator.locate(row.clip_id).path: row for row in lost}
    named = set(_named(dataset, clips, wavs))
    for path in wavs.files:
        if not path.lower().endswith(".wav") or path in named:
            continue
        clean = shown(path)
        why = "" if clean == path else ", and no row can name it: the name is not UTF-8; rename the file"
        if (near := nearly.get(path)) is not None:
            why = f"; row {near.number} means this file and writes {near.clip_id!r}"
        message = f"{clean}: no row of {METADATA} names this file{why}"
        row = Row(0, clean.removeprefix("wavs/"), "", "extra_wav", message)
        yield Clip(row, path if clean == path and wavs.may_read(path) else "")


def _named(dataset: Path, clips: list[Clip], wavs: Wavs) -> Iterator[str]:
    """The files that rows name, in the spelling of the walk. Of a link, the link and what it leads to."""
    for clip in clips:
        if wavs.is_plain(clip.named):
            yield clip.named
        elif clip.named:
            yield os.path.normpath(clip.named)
            yield os.path.relpath(os.path.realpath(dataset / clip.named), os.path.realpath(dataset))


def _check(dataset: Path) -> None:
    if not dataset.is_dir():
        raise DatasetError(f"{dataset}: no such folder; it must hold config.json, {METADATA} and wavs/")
    if not (dataset / METADATA).is_file():
        raise DatasetError(f"{dataset / METADATA}: no such file; it must list the clips, one `name|text` a line")
    if not inside(dataset, dataset / METADATA):
        raise DatasetError(f"{dataset / METADATA}: a link that leads out of the data set; copy the file into it")


def read_clips(dataset: Path, listed: Collection[str] | None = None) -> list[Clip]:
    """Every row of the metadata in order, then every wav that no row names. Opens no audio.

    ``listed``: the files of a data set on a store, of which ``dataset`` holds config and metadata.

    Raises:
        DatasetError: the folder or the metadata is missing, empty or not UTF-8.
    """
    _check(dataset)
    try:
        rows = read_rows(dataset / METADATA)
    except MetadataError as error:
        raise DatasetError(str(error)) from error
    wavs, locator = Wavs(dataset) if listed is None else ListedWavs(listed), Locator(dataset, listed=listed)
    clips = [_locate(dataset, row, wavs, locator) for row in rows]
    return clips + list(_extra(dataset, clips, wavs, locator))


def _hashes(dataset: Path, clips: list[Clip], *, every_byte: bool = False) -> list[str]:
    """SHA-256 of each clip's file; empty when there is no file, or reading the file is not allowed."""
    files = [f"{dataset}/{clip.path}" if clip.path else "" for clip in clips]
    known = sha256s(filter(None, files), every_byte=every_byte)
    return [known.get(file, "") for file in files]


_NO_AUDIO: dict[str, object] = {"format": "", "subtype": "", "channels": 0, "sample_rate": 0, "frames": 0, "duration_s": 0.0}


def _probe(dataset: Path, clip: Clip) -> tuple[Clip, dict[str, object]]:
    """The clip and the format of its file. A file that cannot be read changes the clip's ``structure``."""
    try:
        info = recordings.probe(dataset / clip.path)
    except (recordings.AudioError, OSError) as error:
        message = str(error).replace(f"{dataset}{os.sep}", "")
        return replace(clip, row=replace(clip.row, structure="unreadable_wav", message=message)), _NO_AUDIO
    return clip, vars(info)


def _record(dataset: Path, clip: Clip, digest: str, limits: Limits) -> dict[str, object]:
    """One row of ``CLIPS``, without the values that `_judge` adds. ``digest``: of the clip's file."""
    facts: dict[str, object] = _NO_AUDIO
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


@dataclass(frozen=True)
class Shard:
    """What was read of one shard.

    Attributes:
        clips: the table ``CLIPS``: the rows of the shard in file order, faulty rows too, then the wavs that no row names.
        version: the `fingerprint` of the shard, of exactly what the table was read from.
        config_sha256: SHA-256 of ``config.json``; empty when there is none.
    """

    clips: "pd.DataFrame"
    version: str
    config_sha256: str


def read_shard(
    dataset: Path,
    shard: str,
    limits: Limits,
    on_progress: Callable[[int, int], None] | None = None,
    mirror: "Mirror | None" = None,
) -> Shard:
    """Read one shard. Of audio that did not change since it was hashed, only the header is read.

    ``on_progress`` gets (clips done, clips in all). Without a usable ``config.json``, Piper's default ids decide which
    phonemes are unknown. ``mirror``: of a data set on a store; the audio of this shard is fetched, and no other.

    Raises:
        DatasetError: the folder or the metadata is missing, empty or not UTF-8, or a file of the store changed meanwhile.
        EspeakVoiceError: the voice's espeak voice does not exist.
        ShardError: ``shard`` is not a shard's key.
    """
    index, shards = parse_shard_key(shard)
    marks = None if mirror is None else mirror.refresh()
    clips = [clip for clip in read_clips(dataset, marks) if shard_of(clip.row.clip_id, shards) == index]
    fetched = (
        {} if mirror is None or marks is None else mirror.fetch({clip.path: marks[clip.path] for clip in clips if clip.path})
    )
    config = read_config(dataset, limits.sample_rate, limits.espeak_voice)
    digests = _hashes(dataset, clips)
    _expect_fetched(dataset, clips, digests, fetched)
    records = []
    with ThreadPoolExecutor(THREADS) as pool:  # reading waits for the disk
        for record in pool.map(lambda clip, digest: _record(dataset, clip, digest, limits), clips, digests):
            records.append(record)
            if on_progress is not None:
                on_progress(len(records), len(clips))
    _judge(records, limits, config.id_map)
    version = _version(config.sha256, zip(clips, digests if marks is None else _marks(clips, marks), strict=True))
    return Shard(frame(records, CLIPS), version, config.sha256)


def _expect_fetched(dataset: Path, clips: list[Clip], digests: list[str], fetched: Mapping[str, str]) -> None:
    """Raise DatasetError when a file is another than the fetched one: a run at the same time fetched a later version."""
    for clip, digest in zip(clips, digests, strict=True):
        if fetched.get(clip.path, digest) != digest:
            raise DatasetError(f"{dataset / clip.path}: changed while the data set was read; run again")


def _marks(clips: list[Clip], marks: Mapping[str, str]) -> list[str]:
    """What the store says of each clip's file; empty when there is no file."""
    return [marks.get(clip.path, "") for clip in clips]


def _version(config: str, clips: Iterable[tuple[Clip, str]]) -> str:
    """SHA-256 over the hash of the config, and each clip with the hash or mark of its file. Their order does not matter."""
    parts = [[clip.row.clip_id, clip.row.text, clip.row.structure, clip.path, digest] for clip, digest in clips]
    return hashlib.sha256(json.dumps([config, sorted(parts)]).encode("utf-8")).hexdigest()


def fingerprint(dataset: Path, shards: int, *, every_byte: bool = False, mirror: "Mirror | None" = None) -> dict[str, str]:
    """Shard key -> SHA-256 over the content of that shard: config, names, texts, structure and bytes of the audio.

    Wavs that no row names count; row numbers and row order do not. A missing file or config counts as missing, so a broken
    data set has a fingerprint too, and this differs from the sound data set's. Audio that did not change since it was hashed
    is read again only for ``every_byte``. Of a data set on a store (``mirror``), no audio is fetched: the store's marks count.

    Raises:
        DatasetError: the folder or the metadata is missing, empty or not UTF-8.
        ShardError: ``shards`` is under 1.
    """
    keys = shard_keys(shards)
    marks = None if mirror is None else mirror.refresh(tidy=True, every_byte=every_byte)
    clips = read_clips(dataset, marks)
    parts: list[list[tuple[Clip, str]]] = [[] for _ in keys]
    digests = _hashes(dataset, clips, every_byte=every_byte) if marks is None else _marks(clips, marks)
    for clip, digest in zip(clips, digests, strict=True):
        parts[shard_of(clip.row.clip_id, shards)].append((clip, digest))
    config = dataset / "config.json"
    head = sha256(config) if config.is_file() and inside(dataset, config) else ""
    return {key: _version(head, part) for key, part in zip(keys, parts, strict=True)}
