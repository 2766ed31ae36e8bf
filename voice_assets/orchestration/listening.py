"""Listening verdicts: a person heard the samples of a data set or of an epoch, and approved or rejected them.

Every verdict is one materialisation of the external asset ``listening_verdict`` that no run made, in the partition of its
subject. The newest verdict of a subject counts, and only for the data version that was heard.

Not here: the page on which people listen (``review``), and what a verdict opens (``gates``).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import dagster as dg

from voice_assets.orchestration.history import History
from voice_assets.orchestration.records import Materialisation

LISTENING = "listening_verdict"
HEARD = "voice_assets/heard"
"""The metadata entry of an asset that people's verdicts gate: the names of the assets upstream whose samples people must have
approved, and whether they must (``required``) or only should (``advisory``)."""
QUALITY = "quality_report"
VERDICT = "verdict"
Word = Literal["approved", "rejected"]


@dataclass(frozen=True)
class ListeningVerdict:
    """One verdict: the word, the data version that was heard, who said so and when, and the comment."""

    word: Word
    data_version: str
    by: str
    comment: str
    time: float


def subjects(voice_name: str) -> dg.DynamicPartitionsDefinition:
    """The subjects of a voice that somebody has judged."""
    return dg.DynamicPartitionsDefinition(name=f"{voice_name}_subjects")


def subject_key(heard: Materialisation) -> str:
    """The subject that a materialisation is: ``quality-<data version>`` for a quality report, the epoch key for samples."""
    return heard.partition if heard.partition is not None else f"quality-{heard.data_version[:16]}"


def verdict_on(history: History, heard: Materialisation) -> ListeningVerdict | None:
    """The newest verdict on exactly the data of ``heard``, or None."""
    newest = history.latest(dg.AssetKey([heard.key.path[0], LISTENING]), subject_key(heard))
    if newest is None or newest.run_id or newest.metadata.get("data_version") != heard.data_version:
        return None
    said = newest.metadata
    return ListeningVerdict(said[VERDICT], said["data_version"], said["by"], said.get("comment", ""), newest.time)


def verdicts_on(
    history: History, ancestors: Sequence[Materialisation], names: Sequence[str]
) -> Iterator[tuple[Materialisation, ListeningVerdict | None]]:
    """The newest materialisations of the assets ``names`` among ``ancestors``, each with what people said about its samples."""
    newest = {one.key.path[-1]: one for one in sorted(ancestors, key=lambda one: one.storage_id)}
    for heard in (newest[name] for name in names if name in newest):
        yield heard, verdict_on(history, heard)


def unapproved(
    history: History, ancestors: Sequence[Materialisation], names: Sequence[str]
) -> Iterator[tuple[Materialisation, str]]:
    """Those of ``verdicts_on`` that nobody approved, each with the reason."""
    for heard, verdict in verdicts_on(history, ancestors, names):
        if verdict is None:
            epoch = "" if heard.partition is None else f" --epoch {heard.partition}"
            command = f"voice-assets review {heard.key.path[0]}{epoch}"
            yield heard, f"nobody has heard the samples of this data version: listen and decide with `{command}`"
        elif verdict.word != "approved":
            yield heard, f"rejected by {verdict.by}, who heard the samples: {verdict.comment or 'no comment'}"


def record_listening(
    instance: dg.DagsterInstance, heard: Materialisation, word: Word, by: str, comment: str, marks: Sequence[Mapping[str, Any]]
) -> None:
    """Record the verdict of a person on ``heard``.

    Args:
        instance: where to.
        heard: the materialisation of ``quality_report`` or ``voice_samples`` whose samples were heard.
        word: the verdict.
        by: who listened.
        comment: in the person's words; may be empty.
        marks: one mapping per marked sample: ``clip``, ``mark``, ``by``, ``comment``.
    """
    voice = heard.key.path[0]
    subject = subject_key(heard)
    instance.add_dynamic_partitions(subjects(voice).name or "", [subject])
    metadata = {
        VERDICT: word,
        "by": by,
        "comment": comment,
        "asset": heard.key.to_user_string(),
        "data_version": heard.data_version,
        "heard": len(marks),
        "bad": sum(one["mark"] == "bad" for one in marks),
        "marks": dg.MetadataValue.json([dict(one) for one in marks]),
    }
    instance.report_runless_asset_event(
        dg.AssetMaterialization(
            dg.AssetKey([voice, LISTENING]),
            partition=subject,
            description=f"{word} by {by}. {comment}".strip(),
            metadata=metadata,
        )
    )
