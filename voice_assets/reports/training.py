"""The report on a training: ``training_<ts>/`` with ``training_report.md``, ``.html``, pictures of the curves, ``epochs.tsv``.

Belongs here: the files and the texts of the report. Does not belong here: training (``piper.training``), the facts
(``piper.curves``, ``piper.convergence``), the PNG pictures (``reports.training_pictures``) and judging (the suites).
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from markupsafe import Markup

from voice_assets.dataset.tables import EPOCHS
from voice_assets.piper.convergence import Gap, Level
from voice_assets.piper.forecast import Costs
from voice_assets.reports import forecast, html, plots
from voice_assets.reports.folder import new_report
from voice_assets.reports.markdown import escape, table
from voice_assets.reports.training_pictures import CURVES, best_epoch, curve_picture, points, step_picture, wants_log
from voice_assets.reports.tsv import write_tsv
from voice_assets.reports.verdicts import RULE_HEADINGS, Verdict, rule_rows, word
from voice_assets.runtime.files import replacing, write_text

HEADINGS = {
    "epoch": "Epoch",
    "loss": "Loss",
    "validation_loss": "Validation loss",
    "loss_mel": "Mel",
    "validation_mel": "Validation mel",
    "loss_disc": "Discriminator",
    "seconds": "Seconds",
}
STEPS_PNG = "step_curves.png"
MOST_ROWS = 60
"""With more epochs, the report shows evenly chosen ones, the best and the last; ``epochs.tsv`` has them all."""
LAST_ROWS = 10


@dataclass(frozen=True)
class Details:
    """What a report has besides the losses; what is None or empty is left out.

    Attributes:
        level: whether the validation loss is level.
        gap: validation against training.
        kept: the epochs whose checkpoints are still there; None when the report does not say.
        removed: the epochs whose checkpoints were removed to save space.
        foretold: the forecast, made by the mini-training.
        measured: the costs that the training had.
        steps: the losses of the steps (``steps.parquet``).
    """

    level: Level | None = None
    gap: Gap | None = None
    kept: Sequence[int] | None = None
    removed: Sequence[int] = ()
    foretold: Costs | None = None
    measured: Costs | None = None
    steps: pd.DataFrame | None = None


NOTHING = Details()


def write(
    reports_dir: Path,
    title: str,
    curve: pd.DataFrame,
    verdicts: Sequence[Verdict] | None,
    version: int,
    details: Details = NOTHING,
) -> Path:
    """Write the report on one training. Returns its new folder ``<reports_dir>/training_<ts>``. An error leaves no folder.

    Args:
        reports_dir: the folder of the reports on this data set.
        title: the voice's name for people.
        curve: EPOCHS, by epoch.
        verdicts: one mapping per rule (``reports.verdicts.Verdict``); None when not judged.
        version: the training's number.
        details: what the report has besides.
    """
    name = f"{title}, training {version}"
    with new_report(reports_dir, "training") as report:
        write_tsv(report.building / "epochs.tsv", curve, list(EPOCHS))
        drawn = {"loss_curve.png": curve_picture(curve, name, details.level)}
        if details.steps is not None:
            drawn[STEPS_PNG] = step_picture(details.steps, f"{name}, every step")
        pictures = {file: png for file, png in drawn.items() if png is not None}
        for file, png in pictures.items():
            with replacing(report.building / file) as temporary:
                temporary.write_bytes(png)
        text = markdown(title, curve, verdicts, version, report.made, pictures, details)
        write_text(report.building / "training_report.md", text)
        html_page = page(title, curve, verdicts, version, report.made, details, steps_png=STEPS_PNG in pictures)
        write_text(report.building / "training_report.html", html_page)
    return report.final


def _lead(curve: pd.DataFrame, version: int) -> str:
    if not len(curve):
        return f"Training {version}: no epoch was finished."
    held_out = [value for _, value in points(curve, "validation_loss")]
    validated = f"on held-out clips {held_out[0]:.2f} to {held_out[-1]:.2f}" if held_out else "no epoch was validated"
    minutes = float(curve["seconds"].sum()) / 60
    took = f"{minutes:.1f} minutes" if minutes < 120 else f"{minutes / 60:.1f} hours"
    best = best_epoch(curve)
    return (
        f"Training {version}: {len(curve)} epochs in {took}; loss {curve['loss'].iloc[0]:.2f} to {curve['loss'].iloc[-1]:.2f}, "
        f"{validated}" + (f"; lowest validation mel loss {best[1]:.4f}, in epoch {best[0]}." if best else ".")
    )


def _rows(curve: pd.DataFrame) -> list[dict[str, object]]:
    """The rows of the table of epochs; of many epochs a part, see ``MOST_ROWS``."""
    chosen = set(range(len(curve)))
    if len(curve) > MOST_ROWS:
        chosen = set(range(0, len(curve), math.ceil(len(curve) / (MOST_ROWS - LAST_ROWS))))
        chosen |= set(range(len(curve) - LAST_ROWS, len(curve)))
        best = best_epoch(curve)
        chosen |= {place for place, epoch in enumerate(curve["epoch"]) if best and epoch == best[0]}
    rows = curve.iloc[sorted(chosen)].to_dict("records")
    return [{name: row[name] if name == "epoch" else _loss(row[name]) for name in HEADINGS} for row in rows]


def _loss(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.4f}"


def _epochs_note(curve: pd.DataFrame) -> str:
    shown = len(_rows(curve))
    return "" if shown == len(curve) else f"{shown} of {len(curve)} epochs; epochs.tsv has them all."


def ranges(numbers: Iterable[int]) -> str:
    """Numbers as ``0 to 3, 49, 99``; ``none`` for none."""
    parts: list[list[int]] = []
    for number in sorted(set(numbers)):
        if parts and number == parts[-1][-1] + 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    words = [str(one[0]) if len(one) == 1 else f"{one[0]} {'to' if len(one) > 2 else 'and'} {one[-1]}" for one in parts]
    return ", ".join(words) or "none"


def _findings(details: Details) -> list[str]:
    """The arithmetic of the level loss and of the gap, and which checkpoints are there: a sentence each."""
    found = [] if details.level is None else [f"{one.reason}." for one in details.level.curves]
    if details.gap is not None:
        found.append(f"Gap between training and validation: {details.gap.reason}.")
    if details.kept is not None:
        found.append(f"Checkpoints that are there: epochs {ranges(details.kept)}.")
        found.append(f"Checkpoints that were removed to save space: epochs {ranges(details.removed)}.")
    return found


def _costs(details: Details) -> tuple[list[dict[str, str]], dict[str, str]] | None:
    """The forecast, or the forecast against what happened: rows and headings; None without a forecast."""
    if details.foretold is None:
        return None
    if details.measured is None:
        return forecast.rows(details.foretold), forecast.HEADINGS
    return forecast.compared(details.foretold, details.measured), forecast.COMPARED


def markdown(
    title: str,
    curve: pd.DataFrame,
    verdicts: Sequence[Verdict] | None,
    version: int,
    made: str,
    pictures: Iterable[str] = (),
    details: Details = NOTHING,
) -> str:
    """The text of ``training_report.md``. ``pictures``: file names of the pictures in the same folder."""
    costs, findings = _costs(details), _findings(details)
    parts = [
        f"# Training: {escape(title)}\n",
        f"**{word(verdicts)}**\n",
        f"{_lead(curve, version)} Written {made}.\n",
        *(f"![{'Losses of the steps' if 'step' in name else 'Loss curves'}]({name})\n" for name in pictures),
        *(["## Convergence\n", *(f"- {escape(one)}" for one in findings), ""] if findings else []),
        "## Rules\n",
        *table(rule_rows(verdicts), RULE_HEADINGS),
        *(["## Costs\n", *table(*costs)] if costs else []),
        "## Epochs\n",
        *([f"{note}\n"] if (note := _epochs_note(curve)) else []),
        *table(_rows(curve), HEADINGS),
    ]
    return "\n".join(parts)


def page(
    title: str,
    curve: pd.DataFrame,
    verdicts: Sequence[Verdict] | None,
    version: int,
    made: str,
    details: Details = NOTHING,
    *,
    steps_png: bool = False,
) -> str:
    """The text of ``training_report.html``. ``steps_png``: whether the picture of the steps is in the same folder."""
    costs, findings = _costs(details), _findings(details)
    picture = Markup('<img src="{}" alt="{}" style="max-width: 100%">').format(STEPS_PNG, "Losses of the steps")
    body = html.join(
        [
            html.verdict_badge(word(verdicts)),
            html.section("Curves", html.figures(*_cards(curve, details.level))),
            *([html.section("Losses of the steps", picture)] if steps_png else []),
            *([html.section("Convergence", *(html.paragraph(one, "soft") for one in findings))] if findings else []),
            html.section("Rules", html.rule_table(verdicts)),
            *([html.section("Costs", html.table(*costs))] if costs else []),
            html.section("Epochs", html.paragraph(_epochs_note(curve), "soft"), html.table(_rows(curve), HEADINGS)),
        ]
    )
    return html.page(f"Training: {title}", body, f"{_lead(curve, version)} Written {made}.")


def _cards(curve: pd.DataFrame, level: Level | None) -> list[str]:
    """A card for each of ``CURVES`` that has a finite value."""
    cards: list[str] = []
    best = best_epoch(curve)
    for name, columns, note in CURVES:
        series = {label: found for label, column in columns.items() if (found := points(curve, column))}
        if not series:
            continue
        logarithmic = wants_log([value for one in series.values() for _, value in one])
        validated = "validation" in series
        band = None
        if level is not None and level.since is not None and validated:
            band = plots.Band(level.since, float(curve["epoch"].max()), f"level from epoch {level.since}")
        markers = {f"lowest: {best[0]}": float(best[0])} if best and "validation_mel" in columns.values() else {}
        units = ("epoch", "loss, log scale" if logarithmic else "loss")
        drawing = plots.lines(series, units, logarithmic=logarithmic, band=band, markers=markers)
        cards.append(html.figure(name, drawing, note))
    return cards
