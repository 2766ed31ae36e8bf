"""What ``voice-assets watch`` shows of a training: the last epochs, small curves of the losses, whether they are level."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from voice_assets.cli import figures
from voice_assets.runtime.plain_text import plain
from voice_assets.runtime.running import Running

LAST = 5
"""How many epochs the table shows."""
CURVE = 40
"""How many epochs the small curves show: so many fit into 80 columns."""
COLUMNS = {
    "epoch": "epoch",
    "loss": "loss",
    "validation_loss": "validation",
    "loss_mel": "mel",
    "validation_mel": "validation mel",
    "loss_disc": "discriminator",
    "seconds": "time",
}
CURVES = {"loss": "loss", "validation_loss": "validation", "loss_mel": "mel", "validation_mel": "validation mel"}
_BLOCKS = "▁▂▃▄▅▆▇█"


def training(state: Running) -> RenderableType | None:
    """The epochs of one running training; None before its first epoch has ended."""
    rows = [row for row in state.curve if isinstance(row, Mapping)]
    if not rows:
        return None
    parts: list[RenderableType] = [_table(rows[-LAST:], state.asset), _curves(rows[-CURVE:])]
    if state.level:
        parts.append(Text(f"Convergence: {plain(state.level)}", style="green" if state.level.startswith("level") else "yellow"))
    return Group(*parts)


def _table(rows: Sequence[Mapping[str, Any]], asset: str) -> Table:
    table = Table(title=f"{plain(asset)}: last epochs", title_justify="left", title_style="bold")
    for heading in COLUMNS.values():
        table.add_column(heading, justify="right", overflow="fold")
    for row in rows:
        table.add_row(*(_cell(name, row.get(name)) for name in COLUMNS))
    return table


def _cell(name: str, value: object) -> str:
    """A figure of one epoch; a dash for an epoch that was not validated."""
    found = _number(value)
    if found is None:
        return "–"
    if name == "epoch":
        return figures.number(found, 0)
    return figures.clock(found) if name == "seconds" else figures.three_digits(found)


def _number(value: object) -> float | None:
    """A finite number; None for everything else, a NaN too."""
    real = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if real and math.isfinite(value) else None  # type: ignore[arg-type]


def _curves(rows: Sequence[Mapping[str, Any]]) -> Table:
    """A line per loss: its curve over the epochs that are known, its first, lowest and newest value."""
    grid = Table(box=None, pad_edge=False)
    for heading in ("", f"epochs {_cell('epoch', rows[0].get('epoch'))} to {_cell('epoch', rows[-1].get('epoch'))}", "lowest"):
        grid.add_column(heading, overflow="fold")
    for name, heading in CURVES.items():
        values = [_number(row.get(name)) for row in rows]
        known = [(value, place) for place, value in enumerate(values) if value is not None]
        if known:
            lowest, place = min(known)
            note = f"{figures.three_digits(lowest)} in epoch {_cell('epoch', rows[place].get('epoch'))}"
            grid.add_row(heading, sparkline(values), note)
    return grid


def sparkline(values: Sequence[float | None]) -> str:
    """Values as blocks of eight heights, lowest to highest; a space where there is no value."""
    known = [value for value in values if value is not None]
    low, high = min(known, default=0.0), max(known, default=0.0)
    scale = (len(_BLOCKS) - 1) / (high - low) if high > low else 0.0
    return "".join(" " if value is None else _BLOCKS[round((value - low) * scale)] for value in values)
