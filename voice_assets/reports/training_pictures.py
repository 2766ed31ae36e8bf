"""The curves of a training as PNG pictures, for the report and for the metadata while it runs.

Belongs here: drawing. Does not belong here: the report's texts (``reports.training``), its SVG curves (``reports.plots``) and
the definition of a level loss (``piper.convergence``).
"""

import base64
import io
import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from voice_assets.piper.convergence import Level
from voice_assets.reports.markdown import escape
from voice_assets.reports.plots import log_factors

CURVES: tuple[tuple[str, Mapping[str, str], str], ...] = (
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
STEP_CURVES = {
    "loss": "generator, all parts",
    "loss_mel": "mel",
    "loss_kl": "KL",
    "loss_dur": "duration",
    "loss_fm": "feature matching",
    "loss_gen": "adversarial",
    "loss_disc": "discriminator",
    "learning_rate": "learning rate",
}
LOG_FROM = 2.5
"""From this ratio of the highest to the lowest value on, an axis is logarithmic: else the first epochs flatten all others."""
_DOTTED = 40
_SMOOTH = 60
_MOST_POINTS = 2000
_COLOURS = {"training": "#8a8f98", "validation": "#1f6feb"}
_LEVEL, _BEST = "#2da44e", "#cf222e"


def points(curve: pd.DataFrame, column: str, at: str = "epoch") -> list[tuple[float, float]]:
    """The finite (epoch, value) points of a column. The table and the rules show the values that are not finite."""
    pairs = zip(curve[at], curve[column], strict=True)
    return [(float(x), float(value)) for x, value in pairs if math.isfinite(value)]


def best_epoch(curve: pd.DataFrame) -> tuple[int, float] | None:
    """The epoch with the lowest validation mel loss, and this loss; None without a validation."""
    found = points(curve, "validation_mel")
    epoch, value = min(found, key=lambda point: point[1]) if found else (0.0, math.nan)
    return (int(epoch), value) if found else None


def wants_log(values: list[float]) -> bool:
    """Whether values are better drawn on a logarithmic axis."""
    return bool(values) and min(values) > 0 and max(values) / min(values) >= LOG_FROM


def curve_picture(curve: pd.DataFrame, title: str, level: Level | None = None) -> bytes | None:
    """The losses over the epochs (``EPOCHS``) as a PNG; None when no loss is a finite number.

    ``level``: shades the epochs in which the validation loss is level.
    """
    if not any(points(curve, column) for _, columns, _ in CURVES for column in columns.values()):
        return None
    figure = _figure(title, (12, 3.8))
    for axes, (name, columns, _) in zip(figure.subplots(1, len(CURVES)), CURVES, strict=True):
        _epoch_curves(axes, curve, name, columns)
        if level is not None and level.since is not None and len(columns) > 1:
            last = max(curve["epoch"])
            axes.axvspan(level.since, last, color=_LEVEL, alpha=0.12, lw=0, label=f"level from epoch {level.since}")
        best = best_epoch(curve)
        if best is not None and "validation_mel" in columns.values():
            axes.plot(*best, "o", color=_BEST, ms=7, mfc="none", mew=1.8, label=f"lowest: epoch {best[0]}, {best[1]:.4f}")
        _finish(axes)
    return _png(figure)


def _epoch_curves(axes: Any, curve: pd.DataFrame, name: str, columns: Mapping[str, str]) -> None:
    drawn: list[float] = []
    for label, column in columns.items():
        found = points(curve, column)
        drawn += [value for _, value in found]
        _line(axes, found, label, _COLOURS[label])
    logarithmic = wants_log(drawn)
    axes.set(title=name, xlabel="epoch", ylabel="loss (log scale)" if logarithmic else "loss")
    if logarithmic:
        axes.set_yscale("log")
    else:
        axes.ticklabel_format(useOffset=False)
    _plain_ticks(axes)
    axes.xaxis.get_major_locator().set_params(integer=True)


def _plain_ticks(axes: Any) -> None:
    """Plain numbers beside a logarithmic axis, and enough of them: ``30`` instead of ``3 x 10^1``."""
    if axes.get_yscale() != "log":
        return
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    axes.yaxis.set_major_locator(LogLocator(subs=log_factors(*axes.get_ylim())))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_locator(NullLocator())


def _line(axes: Any, found: list[tuple[float, float]], label: str, colour: str) -> None:
    """One curve: with dots when the epochs are few; pale under its running median when they are many."""
    if not found:
        return
    across, values = [x for x, _ in found], [y for _, y in found]
    if len(found) < _SMOOTH:
        axes.plot(across, values, color=colour, marker="o" if len(found) < _DOTTED else "", ms=3.5, lw=1.6, label=label)
        return
    window = max(5, len(found) // 40)
    axes.plot(across, values, color=colour, lw=0.7, alpha=0.45)
    middle = pd.Series(values).rolling(window, center=True, min_periods=1).median()
    axes.plot(across, middle, color=colour, lw=1.8, label=label)


def step_picture(steps: pd.DataFrame, title: str) -> bytes | None:
    """Every part of the loss over the steps (``global_step``) as a PNG; None when there is no step.

    Columns of ``STEP_CURVES`` that the table lacks are left out. Of many steps, evenly chosen ones are drawn.
    """
    names = [name for name in STEP_CURVES if name in steps.columns and points(steps, name, "global_step")]
    if not names:
        return None
    chosen = steps.iloc[:: max(1, math.ceil(len(steps) / _MOST_POINTS))]
    height = math.ceil(len(names) / 4)
    figure = _figure(title, (13, 0.6 + 2.7 * height))
    grid = figure.subplots(height, min(4, len(names)), squeeze=False).flat
    for axes, name in zip(grid, names, strict=False):
        found = points(chosen, name, "global_step")
        _line(axes, found, STEP_CURVES[name], _COLOURS["validation"])
        if wants_log([value for _, value in found]):
            axes.set_yscale("log")
            _plain_ticks(axes)
        else:
            axes.ticklabel_format(axis="y", useOffset=False)
        axes.set(title=STEP_CURVES[name], xlabel="step", ylabel="log scale" if axes.get_yscale() == "log" else "")
        axes.grid(alpha=0.25)
    for axes in list(grid):
        axes.set_visible(False)
    return _png(figure)


def _figure(title: str, size: tuple[float, float]) -> Any:
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    figure.suptitle(title)
    return figure


def _finish(axes: Any) -> None:
    axes.grid(alpha=0.25)
    axes.legend(fontsize=8, framealpha=0.85)


def _png(figure: Any) -> bytes:
    """A figure as a PNG of few colours: under half the size, since the metadata of every run keeps its picture."""
    from PIL import Image

    drawn, file = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png", dpi=90)
    few = Image.open(drawn).convert("RGB").quantize(256, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    few.save(file, format="png", optimize=True)
    return file.getvalue()


def markdown_picture(png: bytes, words: str) -> str:
    """A picture as Markdown that holds the picture itself. The Dagster UI shows it in the metadata; no file is needed."""
    return f"![{escape(words)}](data:image/png;base64,{base64.b64encode(png).decode('ascii')})"
