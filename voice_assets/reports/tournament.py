"""The report on a tournament: ``best_epoch_<ts>/`` with the page, the Markdown, the tables and the samples.

Belongs here: the files of the report. Does not belong here: ranking (``tournament.ranking``), the blind page (``review``).
"""

import shutil
from pathlib import Path

import pandas as pd

from voice_assets.dataset.tables import PAIRS, RANKING
from voice_assets.reports import tournament_layout as layout
from voice_assets.reports.folder import new_report
from voice_assets.reports.markdown import Link, escape, table
from voice_assets.reports.tournament_page import page
from voice_assets.reports.tsv import write_tsv
from voice_assets.runtime import files
from voice_assets.tournament.candidates import TournamentError

NAME = "best_epoch"
VOTE_COLUMNS = ("time", "by", "text", "first", "second", "choice", "first_sha256", "second_sha256")


def write(reports_dir: Path, contents: layout.Contents) -> Path:
    """Write the report. Returns its new folder ``<reports_dir>/best_epoch_<ts>``. An error leaves no folder behind.

    The samples are copied, so the folder is complete by itself.

    Raises:
        TournamentError: a sample is gone, or has other bytes than those that were ranked.
    """
    ranking = contents.ranking
    with new_report(reports_dir, NAME) as report:
        _copy_samples(contents, report.building)
        write_tsv(report.building / "ranking.tsv", ranking.table, list(RANKING))
        write_tsv(report.building / "pairs.tsv", ranking.pairs, list(PAIRS))
        samples = _samples(contents)
        write_tsv(report.building / "samples.tsv", samples, list(map(str, samples)))
        write_tsv(report.building / "votes.tsv", _votes(contents), VOTE_COLUMNS)
        files.write_text(report.building / f"{NAME}.md", markdown(contents, report.made))
        files.write_text(report.building / f"{NAME}.html", page(contents, report.made))
    return report.final


def _copy_samples(contents: layout.Contents, folder: Path) -> None:
    for one in contents.candidates:
        for name in one.samples["sample"]:
            source, target = contents.folders[one.epoch_key] / name, folder / layout.sample_path(one.epoch_key, name)
            if Path(name).name != name:
                raise TournamentError(f"{one.epoch_key}: {name!r} is not the name of a file")
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                shutil.copyfile(source, target)
            except OSError as error:
                again = f"make voice_samples[{one.epoch_key}] again"
                raise TournamentError(f"{source}: cannot be copied: {error.strerror}; {again}") from error
            if (found := files.sha256(target)) != one.hashes[name]:
                again = f"make voice_samples[{one.epoch_key}] again"
                raise TournamentError(f"{source}: its SHA-256 is {found}, ranked was {one.hashes[name]}; {again}")


def _samples(contents: layout.Contents) -> pd.DataFrame:
    tables = [one.samples.assign(epoch_key=one.epoch_key) for one in contents.ranked]
    joined = pd.concat(tables, ignore_index=True)
    return joined[["epoch_key", *(name for name in joined if name != "epoch_key")]]


def _votes(contents: layout.Contents) -> list[dict[str, object]]:
    return [
        {
            "time": vote.time,
            "by": vote.by,
            "text": vote.text,
            "first": vote.first.epoch_key,
            "second": vote.second.epoch_key,
            "choice": vote.choice,
            "first_sha256": vote.first.sha256,
            "second_sha256": vote.second.sha256,
        }
        for vote in contents.ranking.votes
    ]


def markdown(contents: layout.Contents, made: str) -> str:
    """The text of ``best_epoch.md``."""
    ranking = contents.ranking
    parts = [
        f"# Best epoch: {escape(contents.title)}\n",
        f"**{escape(ranking.headline)}**\n",
        f"Written {made}.\n",
        "## Ranking\n",
        *table(layout.ranking_rows(contents), layout.RANKING_HEADINGS),
        f"{layout.RANKING_NOTE}\n",
        "## Reasons\n",
        f"{layout.ORDER_NOTE}\n",
        *table(layout.reason_rows(ranking), layout.REASON_HEADINGS),
        "## Pairs\n",
        *table(layout.pair_rows(ranking), layout.PAIR_HEADINGS),
        f"{layout.PAIR_NOTE}\n",
        "## Parts of the score\n",
        *table(layout.part_rows(ranking), layout.PART_HEADINGS),
        f"{layout.PART_NOTE}\n",
        "## Samples\n",
        *_sample_lines(contents),
    ]
    return "\n".join(parts)


def _sample_lines(contents: layout.Contents) -> list[str]:
    rows = []
    for sides in layout.sample_rows(contents):
        links = {
            one.epoch_key: Link(str(row["sample"]), layout.sample_path(one.epoch_key, str(row["sample"]))) for one, row in sides
        }
        rows.append({"text": str(sides[0][1]["text"]), **links})
    return table(rows, {"text": "Sentence", **{one.epoch_key: one.epoch_key for one in contents.ranked}})
