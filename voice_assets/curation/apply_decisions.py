"""Makes a new version of a data set from decisions about its clips. The data set itself is never written to.

Belongs here: the new folder and its files. Does not belong here: reading the decisions (``curation.decisions``), checking them
(``curation.changes``), and which version a voice uses (``curation.voice_file``).

The wavs of the new version are hard links where the disk supports them: a second name for the same bytes, so that a version
takes no space. Hard links are safe because this package never writes into a wav: importers write new files and rename them.
An editor that changes a wav in place changes the wav in both versions. ``copy`` makes copies instead.
"""

import os
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from voice_assets.curation.changes import Change, changed_metadata, plan_changes
from voice_assets.curation.decisions import RECORD, Decision, one_line, read_record, write_record
from voice_assets.curation.errors import FixError
from voice_assets.curation.fix_info import INFO, Version, info, record_lines
from voice_assets.curation.suspect_tables import Hypotheses
from voice_assets.dataset.clips import METADATA, fingerprint, read_clips
from voice_assets.dataset.config import inside, read_config
from voice_assets.dataset.faults import Limits
from voice_assets.dataset.readings import spoken_facts
from voice_assets.dataset.rows import parse_rows
from voice_assets.runtime.building import beside
from voice_assets.runtime.files import sha256, write_text

OnProgress = Callable[[int, int], None]
"""Gets (wavs done, wavs in all)."""


def next_version(dataset: Path) -> Path:
    """The folder for the next version of ``dataset``: ``x-v2`` beside ``x``. The number is the highest existing one plus 1."""
    stem = re.sub(r"-v\d+$", "", dataset.name)
    names = [path.name for path in dataset.parent.iterdir()] if dataset.parent.is_dir() else []
    taken = [int(found[1]) for name in names if (found := re.fullmatch(re.escape(stem) + r"-v(\d+)", name))]
    return dataset.with_name(f"{stem}-v{max([1, *taken]) + 1}")


def _link_or_copy(source: Path, target: Path, *, link: bool) -> bool:
    """Give ``source`` the name ``target`` too: a hard link where possible, else a copy. Returns True for a link."""
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
    """The wavs that no row of the new version names."""
    gone = {change.row.number for change in changes if change.drops}
    clips = [clip for clip in read_clips(dataset) if clip.row.number and clip.path]
    left = {dataset / clip.path for clip in clips if clip.row.number not in gone}
    return {dataset / clip.path for clip in clips if clip.row.number in gone} - left


def _take_wavs(dataset: Path, folder: Path, dropped: set[Path], copy: bool, on_progress: OnProgress | None) -> tuple[int, int]:
    """Link or copy every file under ``wavs/`` that is not dropped. Returns the numbers of links and of copies."""
    # A row may name a file in a linked folder, which rglob does not find.
    named = {dataset / clip.path for clip in read_clips(dataset) if clip.path}
    found = named | {path for path in (dataset / "wavs").rglob("*") if path.is_file()}
    wavs = sorted(found - dropped)
    (folder / "wavs").mkdir()
    linked = 0
    for done, path in enumerate(wavs, start=1):
        if not inside(dataset, path):
            raise FixError(f"{path}: a link that leads out of the data set; base validation must pass first")
        linked += _link_or_copy(path, folder / path.relative_to(dataset), link=not copy)
        if on_progress is not None:
            on_progress(done, len(wavs))
    return linked, len(wavs) - linked


def _take_rest(dataset: Path, folder: Path) -> list[str]:
    """Copy the configuration, licences and all other files beside the metadata. Returns the folders that stay behind."""
    own = {METADATA, RECORD, INFO}
    for path in sorted(dataset.iterdir()):
        if path.is_file() and path.name not in own and not path.name.startswith("."):
            _link_or_copy(path, folder / path.name, link=False)
    return sorted(path.name for path in dataset.iterdir() if path.is_dir() and path.name != "wavs")


def _target(dataset: Path, out: Path) -> Path:
    """The absolute path of the new folder.

    Raises:
        FixError: the folder exists already, lies in the data set, or the data set lies in it.
    """
    out = Path(os.path.realpath(out.parent)) / out.name  # a link at `out` itself is not followed: the name already exists
    if os.path.lexists(out):
        raise FixError(f"{out}: exists already; a version is never overwritten, choose another name")
    if out.is_relative_to(dataset) or dataset.is_relative_to(out):
        raise FixError(f"{out}: one of this folder and the data set {dataset} is inside the other; choose another folder")
    return out


def _plan(dataset: Path, decisions: Sequence[Decision], limits: Limits, known: Hypotheses) -> list[Change]:
    """Call ``plan_changes`` for the data set on disk."""
    clips = read_clips(dataset)
    paths = {clip.row.number: clip.path for clip in clips}
    ids = read_config(dataset, limits.sample_rate, limits.espeak_voice).id_map
    return plan_changes(
        [clip.row for clip in clips if clip.row.number],
        decisions,
        known,
        limits,
        lambda texts: spoken_facts(texts, limits.language, limits.espeak_voice, ids),
        lambda row: sha256(dataset / path) if (path := paths[row.number]) else "",
    )


def fix(
    dataset: Path,
    decisions: Sequence[Decision],
    limits: Limits,
    out: Path | None = None,
    *,
    known: Hypotheses | None = None,
    by: str = "",
    copy: bool = False,
    sources: Sequence[str] = (),
    on_progress: OnProgress | None = None,
) -> Version:
    """Make a new version of ``dataset``. An error leaves no folder behind.

    Args:
        dataset: the data set; it is not changed.
        decisions: from ``curation.decisions.read_decisions``.
        limits: the limits of the voice's base validation for a text.
        out: the new folder; by default ``next_version``.
        known: clip id -> the report's hypothesis, for decisions that name none.
        by: the person who decided, for the record of decisions.
        copy: copy the wavs instead of linking them.
        sources: the files that the decisions come from, for `FIX_INFO.txt`.
        on_progress: gets (wavs done, wavs in all).

    Raises:
        FixError: a decision cannot be carried out, or ``out`` exists already or cannot be written.
        DatasetError: the data set cannot be read.
        TsvError: the data set's record of decisions cannot be read.
    """
    if not decisions:
        read = f" in {', '.join(sources)}" if sources else ""
        raise FixError(f"no decision{read}: write drop, use_hypothesis, replace or keep into the column `decision`")
    dataset = dataset.resolve()
    out = _target(dataset, out or next_version(dataset))
    changes = _plan(dataset, decisions, limits, known or {})
    metadata = changed_metadata((dataset / METADATA).read_bytes().decode("utf-8"), changes)
    try:
        return _build(dataset, out, changes, metadata, sources, one_line(by), copy, on_progress)
    except OSError as error:
        raise FixError(f"{out}: cannot be written: {error}") from error


def _build(
    dataset: Path,
    out: Path,
    changes: list[Change],
    metadata: str,
    sources: Sequence[str],
    by: str,
    copy: bool,
    on_progress: OnProgress | None,
) -> Version:
    """Build the version in a hidden folder beside ``out``, then rename the folder to ``out``."""
    with beside(out) as folder:
        linked, copied = _take_wavs(dataset, folder, _dropped_files(dataset, changes), copy, on_progress)
        behind = _take_rest(dataset, folder)
        version = Version(out, len(parse_rows(metadata)), changes, linked, copied, behind, by)
        _write_texts(dataset, folder, version, metadata, sources)
        os.rename(folder, out)  # fails when another process has made `out` meanwhile and put files into it
    return version


def _write_texts(dataset: Path, folder: Path, version: Version, metadata: str, sources: Sequence[str]) -> None:
    """Write the metadata, the record of decisions and `FIX_INFO.txt`."""
    former = dataset / INFO
    text = former.read_text(encoding="utf-8") if former.is_file() else ""
    write_text(folder / METADATA, metadata)
    write_record(folder / RECORD, [*read_record(dataset), *record_lines(version)])
    write_text(folder / INFO, info(dataset, version, fingerprint(dataset, 1)["0-of-1"], sources, text))
