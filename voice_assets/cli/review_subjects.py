"""What the review page shows and records, read from the instance: clips of the newest quality report, samples of an epoch.

Belongs here: which materialisation a subject is, and that its audio is exactly what was recorded. Does not belong here: the
page (``review``) and how a verdict is recorded (``orchestration.listening``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import dagster as dg

from voice_assets.audio import recordings
from voice_assets.audio.signals import samples_sha256
from voice_assets.dataset.mirror import Mirror
from voice_assets.dataset.shards import shard_keys
from voice_assets.orchestration import tables
from voice_assets.orchestration.history import History
from voice_assets.orchestration.links import QUALITY_KEY
from voice_assets.orchestration.listening import ListeningVerdict, record_listening, verdict_on
from voice_assets.orchestration.partitions import parse_epoch_key
from voice_assets.orchestration.records import TABLE, Materialisation
from voice_assets.quality import sampling
from voice_assets.review.items import Item, clip_items, spoken_items
from voice_assets.review.subjects import NoSubjectError, OtherDataError, Standing, Subject, Verdict, voice_named
from voice_assets.runtime import files
from voice_assets.runtime.storage import StoreError, project_store
from voice_assets.voices import Voice

if TYPE_CHECKING:
    import pandas as pd

REPORT, SAMPLES, TRANSCRIPTS = "quality_report", "voice_samples", "whisper_shard"


@dataclass(frozen=True)
class _Source:
    """The materialisation that a subject is, and the transcripts of today's shards."""

    voice: Voice
    heard: Materialisation
    transcripts: Sequence[Materialisation]

    @property
    def identity(self) -> tuple[object, ...]:
        """Equal when the items are."""
        shards = tuple(one.storage_id for one in self.transcripts)
        return (self.heard.storage_id, self.voice.dataset, self.voice.quality, shards)


class RecordedSubjects:
    """The subjects of every voice of the project. Implements ``review.subjects.Subjects``.

    Args:
        instance: where materialisations and verdicts are recorded.
    """

    def __init__(self, instance: dg.DagsterInstance):
        self._instance = instance
        self._items: dict[tuple[str, str], tuple[tuple[object, ...], tuple[Item, ...]]] = {}

    def keys(self, voice: str) -> Sequence[str]:
        """``quality`` where there is a quality report, then the spoken epochs, the newest first."""
        found = voice_named(voice)
        if found.listening == "off":
            return []
        report = History(self._instance).latest(dg.AssetKey([voice, REPORT]))
        spoken = self._instance.get_materialized_partitions(dg.AssetKey([voice, SAMPLES]))
        return [*([QUALITY_KEY] if report else []), *sorted(spoken, key=parse_epoch_key, reverse=True)]

    def subject(self, voice: str, key: str) -> Subject:
        """The newest content of one subject; see ``review.subjects.Subjects``."""
        source = self._source(voice, key)
        return Subject(
            voice=voice,
            key=key,
            title=f"{source.voice.title}: " + ("the data set" if key == QUALITY_KEY else f"epoch {key}"),
            data_version=source.heard.data_version,
            language=source.voice.language,
            items=self._items_of(source, voice, key),
            standing=_standing(verdict_on(History(self._instance), source.heard)),
        )

    def decide(self, subject: Subject, verdict: Verdict, by: str, comment: str, marks: Sequence[Mapping[str, object]]) -> None:
        """Record a verdict; see ``review.subjects.Subjects``."""
        source = self._source(subject.voice, subject.key)
        if source.heard.data_version != subject.data_version:
            raise OtherDataError(f"{source.heard.key.to_user_string()} was made again: reload the page and listen again")
        try:
            _items(source)  # once more, so that no file was changed since it was played
        except NoSubjectError as error:
            raise OtherDataError(str(error)) from error
        record_listening(self._instance, source.heard, verdict, by, comment, marks)

    def _source(self, voice: str, key: str) -> _Source:
        found, history = voice_named(voice), History(self._instance)
        if found.listening == "off":
            raise NoSubjectError(f"{found.file}: `listening: off`: this voice asks nobody to listen")
        if key == QUALITY_KEY:
            heard = _newest(history, dg.AssetKey([voice, REPORT]), None)
            shards = (history.latest(dg.AssetKey([voice, TRANSCRIPTS]), shard) for shard in shard_keys(found.shards))
            return _Source(found, heard, [one for one in shards if one is not None and TABLE in one.artifacts])
        try:
            parse_epoch_key(key)
        except ValueError as error:
            raise NoSubjectError(f"{error}; listen to an epoch, or to {QUALITY_KEY!r}") from error
        return _Source(found, _newest(history, dg.AssetKey([voice, SAMPLES]), key), [])

    def _items_of(self, source: _Source, voice: str, key: str) -> tuple[Item, ...]:
        """The items, made once for each content."""
        known = self._items.get((voice, key))
        if known is not None and known[0] == source.identity:
            return known[1]
        items = _items(source)
        self._items[voice, key] = (source.identity, items)
        return items


def _standing(verdict: ListeningVerdict | None) -> Standing | None:
    return None if verdict is None else Standing(verdict.word, verdict.by, verdict.comment, verdict.time)


def _newest(history: History, key: dg.AssetKey, partition: str | None) -> Materialisation:
    """The newest materialisation. Raises NoSubjectError when there is none that a run made."""
    found = history.latest(key, partition)
    name = f"{key.to_user_string()}{f'[{partition}]' if partition else ''}"
    if found is None:
        raise NoSubjectError(f"{name} was never materialised: `voice-assets run {key.path[0]}` makes it")
    if not found.run_id:
        raise NoSubjectError(f"{name} was reported from outside, by no run: materialise it again")
    return found


def _items(source: _Source) -> tuple[Item, ...]:
    """The clips of a subject, whose audio is exactly what was recorded.

    Raises:
        NoSubjectError: a file is gone or was changed.
    """
    try:
        return _clips(source) if source.heard.partition is None else _spoken(source.heard)
    except (StoreError, recordings.AudioError) as error:
        raise NoSubjectError(str(error)) from error


def _clips(source: _Source) -> tuple[Item, ...]:
    """The listening sample of the quality report: drawn again by the same seed, from the same recorded table."""
    chosen, dataset = source.voice.quality, source.voice.dataset
    stats = tables.read(project_store(), source.heard.evidence["stats"])
    drawn = sampling.sample(stats, chosen.sample_count, chosen.seed)
    if (mirror := Mirror.of(source.voice)) is not None:
        mirror.bring_some(drawn["path"])
    for row in drawn.to_dict("records"):
        samples, _ = recordings.read(dataset / str(row["path"]))
        if samples_sha256(samples) != row["samples_sha256"]:
            raise NoSubjectError(f"{dataset / str(row['path'])}: changed since the quality report; run the report again")
    return clip_items(drawn, dataset, _hypotheses(source, drawn))


def _hypotheses(source: _Source, drawn: "pd.DataFrame") -> dict[str, str]:
    """The newest hypothesis by clip id, where the recogniser heard exactly this audio and compared it with this text."""
    texts = dict(zip(drawn["clip_id"], drawn["text"], strict=True))
    hashes = {row["clip_id"]: files.sha256(source.voice.dataset / str(row["path"])) for row in drawn.to_dict("records")}
    found = {}
    for one in source.transcripts:
        transcripts = tables.read(project_store(), one.artifact(TABLE))
        for row in transcripts[transcripts["clip_id"].isin(texts)].to_dict("records"):
            clip = row["clip_id"]
            if row["reference"] == texts[clip] and row["audio_sha256"] == hashes[clip]:
                found[clip] = str(row["hypothesis"])
    return found


def _spoken(heard: Materialisation) -> tuple[Item, ...]:
    """The sentences that an epoch spoke."""
    store = project_store()
    return spoken_items(tables.read(store, heard.evidence["samples"]), store.open(heard.artifact("folder")))
