"""A new version of a data set from decisions about its suspects. The data set itself is never written to.

Belongs here: whether the decisions can be carried out, the new folder, and what it says of its making. What does not:
reading the decisions (``curation.decisions``), and which version a voice uses (``voice_file``).

The wavs of the new version are hard links where the disk has them: a second name for the same bytes, so that a version
costs no space. That is safe because nothing here ever writes into a wav: importers write new files and rename them. Who
edits a wav in place in one version changes it in the other too; ``copy`` makes copies instead.
"""

import os
import re
import shutil
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from voice_assets.curation.decisions import (
    DECISIONS,
    RECORD,
    RECORD_COLUMNS,
    Decision,
    one_line,
    read_decisions,
    read_record,
    write_record,
)
from voice_assets.dataset import espeak
from voice_assets.dataset.clips import METADATA, fingerprint, read_clips, read_config
from voice_assets.dataset.config import inside
from voice_assets.dataset.faults import Limits, text_facts, text_faults, warnings
from voice_assets.dataset.rows import Row, parse_rows
from voice_assets.importers.errors import RecordingsError
from voice_assets.importers.output import sweep
from voice_assets.runtime.files import sha256, write_text
from voice_assets.runtime.stamps import stamped, utc_text
from voice_assets.runtime.tsv import read_table

INFO = "FIX_INFO.txt"
MAGIC = "A new version of a data set, made by voice-assets fix, format 1"
MOST_PROBLEMS = 50
SUSPECT_TABLES = ("low_similarity.tsv", "suspects.tsv")

Tell = Callable[[int, int], None]
Phonemes = Callable[[Sequence[str]], list[list[str]]]
"""Texts -> for each the phonemes that the voice has no id for."""


class FixError(RecordingsError):
    """Decisions that cannot be carried out, or a version that cannot be written. Names file, row, clip and decision."""


@dataclass(frozen=True)
class Change:
    """One decision that can be carried out: on which row, and what the text becomes (the same for `keep` and `drop`).

    ``audio_sha256`` is that of the clip's audio, empty where it has none.
    """

    decision: Decision
    row: Row
    new_text: str
    audio_sha256: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Version:
    """What was made: the folder, how many clips it has, the changes, and how many wavs are links or copies."""

    out: Path
    clips: int
    changes: Sequence[Change]
    linked: int
    copied: int
    left_behind: Sequence[str] = field(default=())

    def __str__(self) -> str:
        return f"{self.out}: {self.clips} clips; {counts(self.changes)}"


def counts(changes: Sequence[Change]) -> str:
    """How often each decision was carried out, in words."""
    found = Counter(change.decision.word for change in changes)
    return ", ".join(f"{word} {found[word]}" for word in DECISIONS if found[word])


def next_version(dataset: Path) -> Path:
    """Where the next version of ``dataset`` goes: ``x-v2`` beside ``x``, then ``x-v3``: one more than those there."""
    stem = re.sub(r"-v\d+$", "", dataset.name)
    names = [path.name for path in dataset.parent.iterdir()] if dataset.parent.is_dir() else []
    taken = [int(found[1]) for name in names if (found := re.fullmatch(re.escape(stem) + r"-v(\d+)", name))]
    return dataset.with_name(f"{stem}-v{max([1, *taken]) + 1}")


def newest_report(reports_dir: Path) -> Path | None:
    """The folder of the newest Whisper validation, or None."""
    return next(reversed(stamped(reports_dir, "validation_whisper_sharded_")), None)


def suspect_files(report: Path | None) -> list[Path]:
    """The tables of suspects of a report, for a person to fill in.

    Raises:
        FixError: there is no report.
    """
    if report is None:
        raise FixError("there is no Whisper validation to take decisions from; name a file with --decisions")
    return [file for name in SUSPECT_TABLES if (file := report / name).is_file()]


@dataclass(frozen=True)
class Heard:
    """What a report says was heard of a clip, and of which audio."""

    hypothesis: str
    audio_sha256: str


def heard(report: Path | None) -> dict[str, Heard]:
    """What was heard of the suspects of a report, by clip id."""
    if report is None:
        return {}
    tables = [read_table(file, ("clip_id", "hypothesis")) for file in suspect_files(report)]
    return {row["clip_id"]: Heard(row["hypothesis"], row.get("audio_sha256", "")) for table in tables for _, row in table}


def overlooked(reports_dir: Path) -> list[Path]:
    """Tables of older validations into which somebody wrote decisions: only those of the newest are taken by themselves."""
    older = stamped(reports_dir, "validation_whisper_sharded_")[:-1]
    return [file for report in older for file in suspect_files(report) if read_decisions(file)]


def _wanted(decision: Decision, row: Row, audio_sha256: str, known: Mapping[str, Heard]) -> str:
    """The text that the decision asks for.

    Raises:
        FixError: it does not say which.
    """
    if decision.word == "replace":
        if not decision.new_text:
            raise FixError(f"{decision.place}: new_text is empty; write the text there, or decide `drop`")
        return decision.new_text
    if decision.word == "use_hypothesis":
        hypothesis = decision.hypothesis
        if hypothesis is None and decision.clip_id in known:
            _expect_audio(decision, known[decision.clip_id].audio_sha256, audio_sha256)
            hypothesis = known[decision.clip_id].hypothesis
        if hypothesis is None:
            raise FixError(f"{decision.place}: what was heard is not known; use the report's file, or `replace` with a text")
        if not one_line(hypothesis):
            raise FixError(f"{decision.place}: nothing was heard; decide `drop`, or `replace` with a text")
        return one_line(hypothesis)
    return row.text


def _expect_audio(decision: Decision, judged: str | None, now: str) -> None:
    """Raise `FixError` where the audio is no longer the one that was judged."""
    if judged and judged != now:
        is_now = f"{now[:12]}…" if now else "gone"
        raise FixError(f"{decision.place}: was made about the audio {judged[:12]}…, now it is {is_now}; validate again first")


def _check_decision(decision: Decision, by_id: Mapping[str, list[Row]], seen: dict[str, Decision]) -> Row:
    """The row that a decision is about.

    Raises:
        FixError: unknown decision or clip, one clip twice, or a text that is no longer the one that was judged.
    """
    if decision.word not in DECISIONS:
        raise FixError(f"{decision.place}: there is no such decision; there are {', '.join(DECISIONS)}")
    rows = by_id.get(decision.clip_id, [])
    if not rows:
        raise FixError(f"{decision.place}: {METADATA} has no such clip")
    if len(rows) > 1:
        raise FixError(f"{decision.place}: {METADATA} has this clip in {len(rows)} rows; base validation must pass first")
    first = seen.setdefault(decision.clip_id, decision)
    if first is not decision:
        raise FixError(f"{decision.place}: decided before, {first.word!r} in row {first.line} of {first.file}")
    row = rows[0]
    if decision.reference is not None and one_line(decision.reference) != one_line(row.text):
        raise FixError(
            f"{decision.place}: was made about the text {decision.reference!r}, now it is {row.text!r}; validate again first"
        )
    return row


def _text_problems(row: Row, text: str, unknown: Sequence[str], limits: Limits) -> tuple[list[str], list[str]]:
    """What base validation refuses in ``text``, and what it warns of."""
    (parsed,) = parse_rows(f"{row.clip_id}|{text}\n")
    if parsed.structure:
        return [parsed.message], []
    clip = {
        **text_facts(text, limits.language),
        "text": text,
        "structure": "",
        "unknown_phonemes": " ".join("U+0020" if phoneme == " " else phoneme for phoneme in unknown),
    }
    return [fault.finding for fault in text_faults(clip, limits)], [fault.finding for fault in warnings(clip)]


def plan_changes(
    rows: Sequence[Row],
    decisions: Sequence[Decision],
    known: Mapping[str, Heard],
    limits: Limits,
    phonemes: Phonemes,
    audio: Callable[[Row], str],
) -> list[Change]:
    """The decisions as changes, in the order of the rows. Opens no file.

    Args:
        rows: of the metadata.
        decisions: at most one a clip.
        known: clip id -> what was heard, for decisions that do not say it.
        limits: what a text must be.
        phonemes: looks up the phonemes of new texts.
        audio: the SHA-256 of a row's audio, empty where it has none.

    Raises:
        FixError: some cannot be carried out; every one of them is named, a line each.
    """
    by_id: dict[str, list[Row]] = {}
    for row in rows:
        by_id.setdefault(row.clip_id, []).append(row)
    found: list[tuple[Decision, Row, str, str]] = []
    problems: list[str] = []
    seen: dict[str, Decision] = {}
    for decision in decisions:
        try:
            row = _check_decision(decision, by_id, seen)
            now = audio(row)
            _expect_audio(decision, decision.audio_sha256, now)
            found.append((decision, row, now, _wanted(decision, row, now, known)))
        except FixError as error:
            problems.append(str(error))
    changes = []
    texts = [text if text != row.text else "" for _, row, _, text in found]
    for (decision, row, now, text), unknown in zip(found, phonemes(texts), strict=True):
        refused, warned = _text_problems(row, text, unknown, limits) if text != row.text else ([], [])
        problems += [f"{decision.place}: base validation would refuse {text!r}: {'; '.join(refused)}"] if refused else []
        changes.append(Change(decision, row, text, now, tuple(warned)))
    if problems:
        more = [f"and {len(problems) - MOST_PROBLEMS} more"] if len(problems) > MOST_PROBLEMS else []
        raise FixError("\n".join([*problems[:MOST_PROBLEMS], *more]))
    return sorted(changes, key=lambda change: change.row.number)


def changed_metadata(content: str, changes: Sequence[Change]) -> str:
    """The metadata with the changes made. Every other line stays as it is, byte for byte, with its line end.

    Raises:
        FixError: no clip would be left.
    """
    by_row = {change.row.number: change for change in changes}
    lines = []
    for number, line in enumerate(re.findall(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+\Z", content), start=1):
        change = by_row.get(number)
        if change is None or (change.new_text == change.row.text and change.decision.word != "drop"):
            lines.append(line)
        elif change.decision.word != "drop":
            end = line[len(line.rstrip("\r\n")) :]
            lines.append(f"{change.row.clip_id}|{change.new_text}{end}")
    if not "".join(lines).strip():
        raise FixError("no clip would be left: every one is dropped")
    return "".join(lines)


def _place(source: Path, target: Path, *, link: bool) -> bool:
    """``source`` under the name ``target``: a hard link where it can be, else a copy. Returns whether it is a link."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if link:
        try:
            os.link(os.path.realpath(source), target)
        except OSError:  # another disk, or one without hard links
            pass
        else:
            return True
    shutil.copy2(source, target)
    return False


def _dropped_files(dataset: Path, changes: Sequence[Change]) -> set[Path]:
    """The wavs that no row is going to name any more."""
    gone = {change.row.number for change in changes if change.decision.word == "drop"}
    clips = [clip for clip in read_clips(dataset) if clip.row.number and clip.path]
    left = {dataset / clip.path for clip in clips if clip.row.number not in gone}
    return {dataset / clip.path for clip in clips if clip.row.number in gone} - left


def _take_wavs(dataset: Path, folder: Path, dropped: set[Path], copy: bool, on_progress: Tell | None) -> tuple[int, int]:
    """Every file under ``wavs/`` but the dropped ones. Returns how many were linked and how many copied."""
    # What rows name may lie in a linked folder, which rglob leaves out.
    named = {dataset / clip.path for clip in read_clips(dataset) if clip.path}
    found = named | {path for path in (dataset / "wavs").rglob("*") if path.is_file()}
    wavs = sorted(found - dropped)
    (folder / "wavs").mkdir()
    linked = 0
    for done, path in enumerate(wavs, start=1):
        if not inside(dataset, path):
            raise FixError(f"{path}: a link that leads out of the data set; base validation must pass first")
        linked += _place(path, folder / path.relative_to(dataset), link=not copy)
        if on_progress is not None:
            on_progress(done, len(wavs))
    return linked, len(wavs) - linked


def _take_rest(dataset: Path, folder: Path) -> list[str]:
    """Copy config, licences and whatever else lies beside the metadata. Returns the folders that stay behind."""
    own = {METADATA, RECORD, INFO}
    for path in sorted(dataset.iterdir()):
        if path.is_file() and path.name not in own and not path.name.startswith("."):
            _place(path, folder / path.name, link=False)
    return sorted(path.name for path in dataset.iterdir() if path.is_dir() and path.name != "wavs")


def _record(dataset: Path, out: Path, changes: Sequence[Change]) -> list[Mapping[str, str]]:
    """The lines of ``fix_decisions.tsv``: what the source remembers, then these decisions."""
    lines: list[Mapping[str, str]] = [*read_record(dataset)]
    for change in changes:
        values = (
            out.name,
            str(change.row.number),
            change.row.clip_id,
            change.decision.word,
            change.row.text,
            "" if change.decision.word == "drop" else change.new_text,
            change.audio_sha256,
        )
        lines.append(dict(zip(RECORD_COLUMNS, values, strict=True)))
    return lines


def _info(dataset: Path, version: Version, digest: str, sources: Sequence[str]) -> str:
    before = version.clips + sum(change.decision.word == "drop" for change in version.changes)
    lines = [
        MAGIC,
        f"Source: {dataset.absolute()}",
        f"Source fingerprint: {digest}",
        f"Made: {utc_text()}",
        f"Decisions: {', '.join(sources)}",
        f"Clips: {before} in the source, {version.clips} here",
        f"Changes: {counts(version.changes)}",
        f"Wavs: {version.linked} hard links to the source's files, {version.copied} copies",
        f"Left behind: {', '.join(version.left_behind) or 'nothing'}",
        "",
        "A hard link is a second name for the same bytes. voice-assets never writes into a wav; whoever edits one in place",
        "changes it in the source as well: copy it first. Earlier decisions are in fix_decisions.tsv, with the texts before",
        "and after and the SHA-256 of the audio that was judged.",
        "",
        "Changes, by row of the source",
        "=============================",
    ]
    for change in version.changes:
        lines.append(f"row {change.row.number}, {change.row.clip_id}: {change.decision.word}")
        if change.new_text != change.row.text:
            lines += [f"    was: {change.row.text}", f"    now: {change.new_text}"]
        elif change.decision.word != "keep":
            lines.append(f"    was: {change.row.text}" + ("" if change.decision.word == "drop" else " (the same)"))
        lines += [f"    warning: {warning}" for warning in change.warnings]
    former = dataset / INFO
    if former.is_file():
        lines += ["", "How the source was made", "=======================", former.read_text(encoding="utf-8")]
    return "\n".join(lines).rstrip("\n") + "\n"


def _check_places(dataset: Path, out: Path) -> None:
    if os.path.lexists(out):
        raise FixError(f"{out}: is there already; a version is never overwritten, choose another name")
    if out.is_relative_to(dataset) or dataset.is_relative_to(out):
        raise FixError(f"{out}: one of this folder and the data set {dataset} lies in the other; choose another place")


def fix(
    dataset: Path,
    decisions: Sequence[Decision],
    limits: Limits,
    out: Path | None = None,
    *,
    known: Mapping[str, Heard] | None = None,
    copy: bool = False,
    sources: Sequence[str] = (),
    on_progress: Tell | None = None,
) -> Version:
    """Make a new version of ``dataset``: complete under its name, or not at all.

    Args:
        dataset: the data set; read only.
        decisions: from ``curation.decisions.read_decisions``.
        limits: what the voice's base validation asks of a text.
        out: the new folder; by default ``next_version``.
        known: clip id -> what was heard, for decisions that do not say it.
        copy: copy the wavs instead of linking them.
        sources: the files that the decisions come from, for `FIX_INFO.txt`.
        on_progress: gets (wavs done, wavs in all).

    Raises:
        FixError: a decision cannot be carried out, or ``out`` is there already or cannot be written.
        DatasetError: the data set cannot be read.
        TsvError: the data set's own record of decisions cannot be read.
    """
    if not decisions:
        read = f" in {', '.join(sources)}" if sources else ""
        raise FixError(f"no decision{read}: write drop, use_hypothesis, replace or keep into the column `decision`")
    dataset = dataset.resolve()
    out = out or next_version(dataset)
    out = Path(os.path.realpath(out.parent)) / out.name  # not through `out` itself: a link there is something that is there
    _check_places(dataset, out)
    clips = read_clips(dataset)
    content = (dataset / METADATA).read_bytes().decode("utf-8")
    paths = {clip.row.number: clip.path for clip in clips}
    ids = read_config(dataset, limits.sample_rate, limits.espeak_voice).id_map
    changes = plan_changes(
        [clip.row for clip in clips if clip.row.number],
        decisions,
        known or {},
        limits,
        lambda texts: espeak.unknown_phonemes_of(list(texts), limits.espeak_voice, ids),
        lambda row: sha256(dataset / path) if (path := paths[row.number]) else "",
    )
    metadata = changed_metadata(content, changes)
    folder = out.with_name(f".{out.name}.building-{os.getpid()}")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        sweep(out)
        folder.mkdir()
        linked, copied = _take_wavs(dataset, folder, _dropped_files(dataset, changes), copy, on_progress)
        behind = _take_rest(dataset, folder)
        version = Version(out, len(parse_rows(metadata)), changes, linked, copied, behind)
        _write_texts(dataset, folder, version, metadata, sources)
        os.rename(folder, out)  # fails where somebody made `out` meanwhile and put something into it
    except OSError as error:
        raise FixError(f"{out}: cannot be written: {error}") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return version


def _write_texts(dataset: Path, folder: Path, version: Version, metadata: str, sources: Sequence[str]) -> None:
    """The metadata, the record of decisions and what the version says of its making."""
    digest = fingerprint(dataset, 1)["0-of-1"]
    write_text(folder / METADATA, metadata)
    write_record(folder / RECORD, _record(dataset, version.out, version.changes))
    write_text(folder / INFO, _info(dataset, version, digest, sources))
