"""A new version of a voice's data set from people's decisions.

Belongs here: the choice of the tables to read. Does not belong here: carrying decisions out (``curation.apply_decisions``), and
which version a voice uses (``curation.voice_file``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from voice_assets.curation import apply_decisions, suspect_tables
from voice_assets.curation.apply_decisions import OnProgress
from voice_assets.curation.decisions import read_decisions
from voice_assets.curation.errors import FixError
from voice_assets.curation.fix_info import Version
from voice_assets.dataset.faults import Limits
from voice_assets.voices import Voice


@dataclass(frozen=True)
class FixedVoice:
    """The new version, and the tables with decisions that were not read because a newer report exists."""

    version: Version
    not_read: Sequence[Path]


def fix_voice(
    voice: Voice,
    tables: Sequence[Path] = (),
    out: Path | None = None,
    *,
    by: str = "",
    copy: bool = False,
    on_progress: OnProgress | None = None,
) -> FixedVoice:
    """Make a new version of the data set of ``voice``. The data set and the voice file stay as they are.

    Args:
        voice: the voice.
        tables: TSV files with decisions; when empty, the tables of suspects of the newest Whisper validation.
        out: the new folder; when None, the next free name beside the data set.
        by: the person who decided.
        copy: copy the wavs instead of linking them.
        on_progress: gets (wavs done, wavs in all).

    Raises:
        FixError: the data set is on a store; or there are no decisions, one cannot be carried out, or ``out`` exists or cannot
            be written.
        DatasetError: the data set cannot be read.
        TsvError: a table cannot be read.
    """
    if voice.dataset_url:
        raise FixError(
            f"{voice.file}: dataset: {voice.dataset_url} is on a store, and a new version is made of a folder; copy the data "
            "set into a folder, name the folder as `dataset`, validate, and fix there"
        )
    report = suspect_tables.newest_report(voice.reports_dir)
    sources = list(tables) or suspect_tables.suspect_files(report)
    version = apply_decisions.fix(
        voice.dataset,
        [decision for file in sources for decision in read_decisions(file)],
        Limits.of(voice),
        out,
        known=suspect_tables.reported_hypotheses(report),
        by=by,
        copy=copy,
        sources=[str(file) for file in sources],
        on_progress=on_progress,
    )
    return FixedVoice(version, [] if tables else suspect_tables.older_decisions(voice.reports_dir))
