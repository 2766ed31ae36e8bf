"""The record of how a new version of a data set was made: ``FIX_INFO.txt`` for people, and lines for ``fix_decisions.tsv``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from voice_assets.curation.changes import Change, counts
from voice_assets.curation.decisions import RECORD_COLUMNS
from voice_assets.runtime.stamps import utc_text

INFO = "FIX_INFO.txt"
MAGIC = "A new version of a data set, made by voice-assets fix, format 1"


@dataclass(frozen=True)
class Version:
    """A new version: its folder, the number of clips, the changes, and the numbers of wavs that are hard links and copies.

    ``left_behind``: folders of the source that are not in the version. ``by``: the person who decided; may be empty.
    """

    out: Path
    clips: int
    changes: Sequence[Change]
    linked: int
    copied: int
    left_behind: Sequence[str]
    by: str = ""

    def __str__(self) -> str:
        return f"{self.out}: {self.clips} clips; {counts(self.changes)}"


def record_lines(version: Version) -> list[Mapping[str, str]]:
    """The version's changes as lines of ``fix_decisions.tsv`` (``RECORD_COLUMNS``)."""
    lines: list[Mapping[str, str]] = []
    for change in version.changes:
        values = (
            version.out.name,
            str(change.row.number),
            change.row.clip_id,
            change.decision.action,
            change.row.text,
            "" if change.drops else change.new_text,
            change.audio_sha256,
            version.by,
        )
        lines.append(dict(zip(RECORD_COLUMNS, values, strict=True)))
    return lines


def info(source: Path, version: Version, fingerprint: str, sources: Sequence[str], former: str) -> str:
    """The text of ``FIX_INFO.txt``.

    Args:
        source: the data set that the version was made from.
        version: the new version.
        fingerprint: the fingerprint of the source.
        sources: the files that the decisions come from.
        former: the source's own ``FIX_INFO.txt``, empty where it has none.
    """
    before = version.clips + sum(change.drops for change in version.changes)
    lines = [
        MAGIC,
        f"Source: {source.absolute()}",
        f"Source fingerprint: {fingerprint}",
        f"Made: {utc_text()}",
        f"Decisions: {', '.join(sources)}",
        f"Decided by: {version.by or 'not recorded'}",
        f"Clips: {before} in the source, {version.clips} here",
        f"Changes: {counts(version.changes)}",
        f"Wavs: {version.linked} hard links to the source's files, {version.copied} copies",
        f"Left behind: {', '.join(version.left_behind) or 'nothing'}",
        "",
        "A hard link is a second name for the same bytes. voice-assets never writes into a wav. An editor that writes into a",
        "wav here changes the source as well: copy the file first. Earlier decisions are in fix_decisions.tsv, with the texts",
        "before and after, and the SHA-256 of the audio that was judged.",
        "",
        "Changes, by row of the source",
        "=============================",
    ]
    for change in version.changes:
        lines += _change_lines(change)
    if former:
        lines += ["", "How the source was made", "=======================", former]
    return "\n".join(lines).rstrip("\n") + "\n"


def _change_lines(change: Change) -> list[str]:
    lines = [f"row {change.row.number}, {change.row.clip_id}: {change.decision.action}"]
    if change.new_text != change.row.text:
        lines += [f"    was: {change.row.text}", f"    now: {change.new_text}"]
    elif change.decision.action != "keep":
        lines.append(f"    was: {change.row.text}" + ("" if change.drops else " (the same)"))
    return lines + [f"    warning: {warning}" for warning in change.warnings]
