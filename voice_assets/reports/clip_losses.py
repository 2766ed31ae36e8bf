"""The report on the loss of every clip: ``clip_losses_<ts>/``, for a person to read, to listen to and to fill in.

The files: ``clip_losses.html`` (figures, distributions, the suspects with players), ``training_suspects.tsv`` (the suspects;
`voice-assets fix --decisions` reads its columns ``decision`` and ``new_text``), ``clip_losses.tsv`` (every clip).

Belongs here: the files of the report. Does not belong here: computing the losses (``piper.clip_losses``) and choosing the
suspects (``quality.training_suspects``).
"""

from pathlib import Path

import pandas as pd
from markupsafe import Markup

from voice_assets.dataset.tables import CLIP_LOSSES
from voice_assets.quality.training_suspects import with_margin
from voice_assets.reports import html, plots
from voice_assets.reports.folder import new_report
from voice_assets.reports.quality_layout import chart_bins
from voice_assets.reports.tsv import write_tsv
from voice_assets.runtime.files import write_text

PAGE, SUSPECTS, EVERY = "clip_losses.html", "training_suspects.tsv", "clip_losses.tsv"

# `voice-assets fix` reads decision and new_text; reference and audio_sha256 say what a person judged.
SUSPECT_COLUMNS = (
    "clip_id", "suspicion", "reasons", "decision", "new_text", "reference", "split", "duration_s", "mel", "kl", "text_margin",
    "duration", "frames_per_id", "path", "audio_sha256",
)  # fmt: skip

MOST_PLAYERS = 500
"""Most suspects with a player on the page. A page with more is slow to open; the TSV file has all suspects."""

HISTOGRAMS = (
    ("mel", 0.02, "mel loss", "Mel loss", "Mean L1 of the mel spectrogram of each whole clip. A bar far right: not learned."),
    ("kl", 0.1, "KL loss", "KL loss", "How far the sound of each clip is from what the model expects of its text."),
    (
        "text_margin",
        0.1,
        "margin",
        "Margin of the own text",
        "KL with other texts minus KL with the own text, in deviations of other texts. Near 0: a wrong text.",
    ),
    ("duration", 0.05, "duration loss", "Duration loss", "How unexpected the durations of the phonemes are, per phoneme id."),
)
"""Column, width of a bar, unit, title, explanation."""

_HEADINGS = {
    "clip": "Clip", "listen": "Listen", "why": "Why", "text": "Text", "split": "Split", "s": "Seconds", "mel": "Mel",
    "kl": "KL", "margin": "Margin", "suspicion": "Suspicion",
}  # fmt: skip


def write(
    reports_dir: Path, title: str, epoch: str, losses: pd.DataFrame, suspects: pd.DataFrame, dataset: Path, place: str = ""
) -> Path:
    """Write one report and return its new folder ``<reports_dir>/clip_losses_<ts>``. An error leaves no folder behind.

    Args:
        reports_dir: the folder of the reports on this data set.
        title: the voice's name for people.
        epoch: the epoch key of the checkpoint, such as ``v0-e0120``.
        losses: CLIP_LOSSES, at least one row.
        suspects: from ``quality.training_suspects.rank``.
        dataset: the data set's folder, for the players.
        place: where the data set is, for people; by default its folder.
    """
    with new_report(reports_dir, "clip_losses") as report:
        filled_in = suspects.rename(columns={"text": "reference"}).assign(decision="", new_text="")
        write_tsv(report.building / SUSPECTS, filled_in, SUSPECT_COLUMNS)
        write_tsv(report.building / EVERY, losses, list(CLIP_LOSSES))
        page = html.page(
            f"Loss of every clip: {title}, {epoch}",
            html.join([_tiles(losses, suspects), _distributions(losses), _suspects(suspects, dataset, report.final)]),
            f"How well epoch {epoch} has learned each clip of its training set {place or dataset}. Written {report.made}.",
        )
        write_text(report.building / PAGE, page)
    return report.final


def _tiles(losses: pd.DataFrame, suspects: pd.DataFrame) -> Markup:
    figures = [
        ("Clips", html.number(len(losses), 0), f"{html.number(float(losses['duration_s'].sum()) / 3600)} hours"),
        ("Suspects", html.number(len(suspects), 0), f"{len(suspects) / len(losses):.1%} of the clips"),
    ]
    for name, column in (("Mel loss", "mel"), ("KL loss", "kl")):
        train, held_out = (float(losses.loc[losses["split"] == split, column].median()) for split in ("train", "validation"))
        figures.append((name, html.number(train), f"median; {html.number(held_out)} on the validation clips"))
    return html.tiles(figures)


def _distributions(losses: pd.DataFrame) -> Markup:
    cards = []
    for column, width, unit, name, note in HISTOGRAMS:
        known = with_margin(losses).dropna(subset=[column])
        if len(known):
            median = float(known[column].median())
            drawing = plots.histogram(chart_bins(known, column, width), unit, {f"median {median:.3g}": median})
            cards.append(html.figure(name, drawing, note))
    return html.section("Distributions", html.figures(*cards))


def _suspects(suspects: pd.DataFrame, dataset: Path, folder: Path) -> Markup:
    rows: list[dict[str, object]] = [
        {
            "clip": Markup("<code>{}</code>").format(one["clip_id"]),
            "listen": html.audio(html.relative_url(dataset / str(one["path"]), folder)),
            "why": html.reasons(str(one["reasons"])),
            "text": one["text"],
            "split": one["split"],
            "s": one["duration_s"],
            "mel": one["mel"],
            "kl": one["kl"],
            "margin": one["text_margin"],
            "suspicion": one["suspicion"],
        }
        for one in suspects.head(MOST_PLAYERS).to_dict("records")
    ]
    digits = {"s": 2, "mel": 2, "kl": 2, "margin": 2, "suspicion": 1}
    note = (
        f"Clips that the model has not learned, worst first. Suspicion: robust z-score among clips of like length, from 3. "
        f"{SUSPECTS} has all; voice-assets fix --decisions reads its column decision."
    )
    return html.section(f"Suspects ({len(suspects)})", html.paragraph(note, "soft"), html.table(rows, _HEADINGS, digits))
