"""The report on a training: ``training_<ts>/`` with ``training_report.md`` and ``.html``, ``loss_curve.png``, ``epochs.tsv``.

Belongs here: the files of the report. Does not belong here: training (``piper.training``), the facts of the curve
(``piper.curves``) and judging them (the suite ``mini_training``).
"""

import math
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from voice_assets.dataset.tables import EPOCHS
from voice_assets.reports import html, plots
from voice_assets.reports.folder import new_report
from voice_assets.reports.markdown import escape, table
from voice_assets.reports.tsv import write_tsv
from voice_assets.reports.verdicts import RULE_HEADINGS, Verdict, rule_rows, word
from voice_assets.runtime.files import replacing, write_text

CURVES = (
    (
        "Generator loss",
        {"training": "loss", "validation": "validation_loss"},
        "The sum of all parts, which the optimizer lowers.",
    ),
    (
        "Mel loss",
        {"training": "loss_mel", "validation": "validation_mel"},
        "The error of the mel spectrum. The curve levels out early.",
    ),
    ("Discriminator loss", {"training": "loss_disc"}, "Should stay level: at zero, the generator learns nothing more."),
)
HEADINGS = {
    "epoch": "Epoch",
    "loss": "Loss",
    "validation_loss": "Validation loss",
    "loss_mel": "Mel",
    "validation_mel": "Validation mel",
    "loss_disc": "Discriminator",
    "seconds": "Seconds",
}


def write(reports_dir: Path, title: str, curve: pd.DataFrame, verdicts: Sequence[Verdict] | None, version: int) -> Path:
    """Write the report on one training. Returns its new folder ``<reports_dir>/training_<ts>``. An error leaves no folder.

    Args:
        reports_dir: the folder of the reports on this data set.
        title: the voice's name for people.
        curve: EPOCHS, by epoch.
        verdicts: one mapping per rule (``reports.verdicts.Verdict``); None when not judged.
        version: the training's number.
    """
    with new_report(reports_dir, "training") as report:
        write_tsv(report.building / "epochs.tsv", curve, list(EPOCHS))
        drawn = draw(curve, report.building / "loss_curve.png", f"{title}, training {version}")
        text = markdown(title, curve, verdicts, version, report.made, drawn=drawn)
        write_text(report.building / "training_report.md", text)
        write_text(report.building / "training_report.html", page(title, curve, verdicts, version, report.made))
    return report.final


def points(curve: pd.DataFrame, column: str) -> list[tuple[float, float]]:
    """The finite (epoch, value) points of a column. The table and the rules show the values that are not finite."""
    pairs = zip(curve["epoch"], curve[column], strict=True)
    return [(float(epoch), float(value)) for epoch, value in pairs if math.isfinite(value)]


def draw(curve: pd.DataFrame, path: Path, title: str) -> bool:
    """Draw the three curves as a PNG. Returns False, and draws nothing, when no point is finite."""
    if not any(points(curve, column) for _, columns, _ in CURVES for column in columns.values()):
        return False
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 3.6), layout="constrained")
    for axes, (name, columns, _) in zip(figure.subplots(1, len(CURVES)), CURVES, strict=True):
        for label, column in columns.items():
            found = points(curve, column)
            axes.plot([x for x, _ in found], [y for _, y in found], marker="o" if len(found) < 40 else "", label=label)
        axes.set(title=name, xlabel="epoch")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(alpha=0.3)
        axes.legend()
    figure.suptitle(title)
    with replacing(path) as temporary:
        figure.savefig(temporary, dpi=110)
    return True


def _lead(curve: pd.DataFrame, version: int) -> str:
    if not len(curve):
        return f"Training {version}: no epoch was finished."
    first, last = curve.iloc[0], curve.iloc[-1]
    return (
        f"Training {version}: {len(curve)} epochs in {curve['seconds'].sum() / 60:.1f} minutes; "
        f"loss {first['loss']:.2f} to {last['loss']:.2f}, on held-out clips {first['validation_loss']:.2f} to "
        f"{last['validation_loss']:.2f}."
    )


def _rows(curve: pd.DataFrame) -> list[dict[str, object]]:
    return [
        {name: row[name] if name == "epoch" else f"{row[name]:.4f}" for name in HEADINGS} for row in curve.to_dict("records")
    ]


def markdown(
    title: str, curve: pd.DataFrame, verdicts: Sequence[Verdict] | None, version: int, made: str, *, drawn: bool
) -> str:
    """The text of ``training_report.md``. ``drawn``: whether ``loss_curve.png`` is in the same folder."""
    parts = [
        f"# Training: {escape(title)}\n",
        f"**{word(verdicts)}**\n",
        f"{_lead(curve, version)} Written {made}.\n",
        *(["![Loss curves](loss_curve.png)\n"] if drawn else []),
        "## Rules\n",
        *table(rule_rows(verdicts), RULE_HEADINGS),
        "## Epochs\n",
        *table(_rows(curve), HEADINGS),
    ]
    return "\n".join(parts)


def page(title: str, curve: pd.DataFrame, verdicts: Sequence[Verdict] | None, version: int, made: str) -> str:
    """The text of ``training_report.html``."""
    cards = []
    for name, columns, note in CURVES:
        series = {label: found for label, column in columns.items() if (found := points(curve, column))}
        if series:
            cards.append(html.figure(name, plots.lines(series, ("epoch", "loss")), note))
    body = html.join(
        [
            html.verdict_badge(word(verdicts)),
            html.section("Curves", html.figures(*cards)),
            html.section("Rules", html.rule_table(verdicts)),
            html.section("Epochs", html.table(_rows(curve), HEADINGS)),
        ]
    )
    return html.page(f"Training: {title}", body, f"{_lead(curve, version)} Written {made}.")
