"""Drawings as inline SVG: bars of a histogram, the density of two figures, curves over epochs.

The SVG is written by hand: a page needs the colours of its own style (light and dark), tooltips without a script, and no
megabyte of matplotlib output. Does not belong here: counting (``quality.histogram``) and parts of pages (``reports.html``).
Every function takes numbers and returns ``Markup``. A number that is not finite raises ValueError.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from voice_assets.quality.histogram import Bin

WIDTH, HEIGHT = 560, 230
GRID_COLUMNS, GRID_ROWS = 48, 24
COLOURS = ("mark", "mark2")
"""Variables of the page's style (``reports.html``): the colours of two curves, for the light and the dark style."""

_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 12, 14, 34
_TEXT = Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>')
_LINE = Markup(
    '<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" stroke="var(--{})" stroke-width="{}" stroke-dasharray="{}"/>'
)
_BAR = Markup(
    '<rect x="{:.2f}" y="{:.2f}" width="{:.2f}" height="{:.2f}" rx="1.5" fill="var(--mark)">'
    "<title>{} to {} {}: {} clips</title></rect>"
)
_CELL = Markup('<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" rx="1.5" fill="var(--mark)" fill-opacity="{:.2f}"/>')
_RING = Markup(
    '<circle cx="{:.1f}" cy="{:.1f}" r="4" fill="none" stroke="var(--mark2)" stroke-width="1.8"><title>{}</title></circle>'
)
_BAND = Markup(
    '<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill="var(--good)" fill-opacity="0.13"><title>{}</title></rect>'
)
_CURVE = Markup('<polyline points="{}" fill="none" stroke="var(--{})" stroke-width="2"/>')
_DOT = Markup('<circle cx="{:.1f}" cy="{:.1f}" r="3" fill="var(--{})" fill-opacity="{}"><title>{}: {} {}, {}</title></circle>')
_POINT = Markup('<circle cx="{:.1f}" cy="{:.1f}" r="3.5" fill="var(--mark)"><title>{}: {} {}</title></circle>')
_LEGEND = Markup('<text x="{:.1f}" y="9" text-anchor="end" style="fill:var(--{})">{}</text>')


@dataclass(frozen=True)
class Axis:
    """A linear scale from values to pixels. ``low`` < ``high``."""

    low: float
    high: float
    start_px: float
    end_px: float

    def px(self, value: float) -> float:
        """The position of ``value``, in pixels."""
        return self.start_px + (value - self.low) / (self.high - self.low) * (self.end_px - self.start_px)

    def ticks(self) -> list[float]:
        """About five round values inside the axis (steps of 1, 2 or 5 times a power of ten)."""
        rough = (self.high - self.low) / 5
        power = 10.0 ** math.floor(math.log10(rough))
        step = power * next(factor for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
        first = math.ceil(self.low / step - 1e-9)
        return [index * step for index in range(first, math.floor(self.high / step + 1e-9) + 1)]


@dataclass(frozen=True)
class LogAxis(Axis):
    """A logarithmic scale. 0 < ``low`` < ``high``."""

    def px(self, value: float) -> float:
        """The position of ``value``, in pixels."""
        share = math.log(value / self.low) / math.log(self.high / self.low)
        return self.start_px + share * (self.end_px - self.start_px)

    def ticks(self) -> list[float]:
        """Round values inside the axis: 1, 2 and 5 times the powers of ten, and more of them on a short axis."""
        powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        factors = log_factors(self.low, self.high)
        return [tick for power in powers for factor in factors if self.low <= (tick := factor * 10.0**power) <= self.high]


def log_factors(low: float, high: float) -> tuple[float, ...]:
    """The factors of the powers of ten that are ticks of a logarithmic axis from ``low`` to ``high``."""
    return (1, 2, 5) if high / low > 12 else (1, 1.5, 2, 3, 4, 5, 7)


def _axis(values: Sequence[float], start_px: float, end_px: float) -> Axis:
    if not values or not all(math.isfinite(value) for value in values):
        raise ValueError(f"a drawing needs finite numbers, it got {list(values)[:5]}")
    low, high = min(values), max(values)
    margin = 0.0 if high > low else max(abs(high) * 0.1, 1.0)
    return Axis(low - margin, high + margin, start_px, end_px)


def _label(value: float) -> str:
    return f"{value:.10g}"


def _svg(parts: Sequence[str], label: str) -> Markup:
    frame = Markup('<svg viewBox="0 0 {} {}" role="img" aria-label="{}">\n{}\n</svg>')
    return frame.format(WIDTH, HEIGHT, label, Markup("\n").join(parts))


def _grid(across: Axis, up: Axis, x_unit: str, y_unit: str) -> list[Markup]:
    parts = []
    for tick in up.ticks():
        parts.append(_LINE.format(across.start_px, up.px(tick), across.end_px, up.px(tick), "line", 1, ""))
        parts.append(_TEXT.format(across.start_px - 6, up.px(tick) + 4, "end", _label(tick)))
    parts += [_TEXT.format(across.px(tick), up.start_px + 15, "middle", _label(tick)) for tick in across.ticks()]
    parts.append(_TEXT.format(across.end_px, up.start_px + 29, "end", x_unit))
    parts.append(_TEXT.format(across.start_px, 9, "start", y_unit))
    return parts


def _marker(across: Axis, up: Axis, value: float, name: str) -> list[Markup]:
    """A dashed vertical line with its name, on the side with more room."""
    x = across.px(value)
    left_half = x < (across.start_px + across.end_px) / 2
    return [
        _LINE.format(x, up.start_px, x, up.end_px - 4, "mark2", 1.5, "5 4"),
        _TEXT.format(x + (5 if left_half else -5), up.end_px + 5, "start" if left_half else "end", name),
    ]


def histogram(bins: Sequence[Bin], unit: str, markers: Mapping[str, float]) -> Markup:
    """Bars of equal width, one per bin, with a tooltip each.

    Args:
        bins: from ``quality.histogram.bins``; at least one.
        unit: the unit of the values, shown under the axis.
        markers: name -> value of vertical lines, such as a median or a limit; those outside the bins are left out.
    """
    across = _axis([edge for one in bins for edge in (one.start, one.end)], _LEFT, WIDTH - _RIGHT)
    up = _axis([0.0, max(one.count for one in bins) * 1.08], HEIGHT - _BOTTOM, _TOP)
    parts = _grid(across, up, unit, "clips")
    for one in bins:
        left, right, top = across.px(one.start), across.px(one.end), up.px(one.count)
        gap = min(1.0, (right - left) * 0.15)
        size = (left + gap / 2, top, right - left - gap, up.start_px - top)
        parts.append(_BAR.format(*size, _label(one.start), _label(one.end), unit, one.count))
    for name, value in markers.items():
        if across.low <= value <= across.high:
            parts += _marker(across, up, value, name)
    return _svg(parts, f"Histogram of {unit}")


def _cells(x: Sequence[float], y: Sequence[float], across: Axis, up: Axis) -> dict[tuple[int, int], int]:
    """The number of points in each cell (column, row from the bottom) of the grid."""
    counts: dict[tuple[int, int], int] = {}
    for one_x, one_y in zip(x, y, strict=True):
        column = min(int((one_x - across.low) / (across.high - across.low) * GRID_COLUMNS), GRID_COLUMNS - 1)
        row = min(int((one_y - up.low) / (up.high - up.low) * GRID_ROWS), GRID_ROWS - 1)
        counts[column, row] = counts.get((column, row), 0) + 1
    return counts


def density(
    x: Sequence[float],
    y: Sequence[float],
    units: tuple[str, str],
    rings: Sequence[tuple[float, float, str]],
) -> Markup:
    """How often two figures occur together: a grid of cells (stronger: more clips), and rings (x, y, name) on top.

    A grid and not a point per clip, so that 18,377 clips draw as fast as 300. Both axes start at zero.
    """
    across = _axis([0.0, *x], _LEFT, WIDTH - _RIGHT)
    up = _axis([0.0, *y], HEIGHT - _BOTTOM, _TOP)
    counts = _cells(x, y, across, up)
    width, height = (across.end_px - across.start_px) / GRID_COLUMNS, (up.start_px - up.end_px) / GRID_ROWS
    parts = _grid(across, up, units[0], units[1])
    for (column, row), count in sorted(counts.items()):
        strength = 0.25 + 0.75 * math.log1p(count) / math.log1p(max(counts.values()))
        corner = (_LEFT + column * width, up.start_px - (row + 1) * height)
        parts.append(_CELL.format(*corner, width - 0.6, height - 0.6, strength))
    parts += [_RING.format(across.px(ring_x), up.px(ring_y), name) for ring_x, ring_y, name in rings]
    return _svg(parts, f"{units[1]} against {units[0]}")


_MOST_DOTS = 60
"""With more points, the dots of a curve would hide it: they are invisible then and only carry the tooltips."""


@dataclass(frozen=True)
class Band:
    """A part of the horizontal axis that is shaded, with the text of its tooltip."""

    start: float
    end: float
    name: str


def lines(
    series: Mapping[str, Sequence[tuple[float, float]]],
    units: tuple[str, str],
    *,
    logarithmic: bool = False,
    band: Band | None = None,
    markers: Mapping[str, float] | None = None,
) -> Markup:
    """Curves, such as the losses over the epochs: name -> (x, y) points in order of x. One or two series, a colour each.

    Args:
        series: the curves.
        units: of x and of y.
        logarithmic: whether the vertical axis is logarithmic; for positive values only.
        band: a part of the horizontal axis to shade.
        markers: name -> x of vertical lines.

    Raises:
        ValueError: more series than colours, no points, a point that is not finite, or no logarithm of a point.
    """
    if len(series) > len(COLOURS):
        raise ValueError(f"{len(series)} curves in one drawing, there are {len(COLOURS)} colours")
    points = [point for one in series.values() for point in one]
    across = _axis([x for x, _ in points], _LEFT, WIDTH - _RIGHT)
    up = _axis([y for _, y in points], HEIGHT - _BOTTOM, _TOP)
    if logarithmic and up.low <= 0:
        raise ValueError(f"a logarithmic axis needs positive numbers, the lowest is {up.low}")
    up = LogAxis(up.low, up.high, up.start_px, up.end_px) if logarithmic else up
    parts = _grid(across, up, units[0], units[1])
    if band is not None:
        left, right = across.px(band.start), across.px(band.end)
        parts.append(_BAND.format(left, up.end_px, right - left, up.start_px - up.end_px, band.name))
    for index, ((name, one), colour) in enumerate(zip(series.items(), COLOURS, strict=False)):
        parts += _curve(name, one, colour, across, up, units[0])
        parts.append(_LEGEND.format(WIDTH - _RIGHT - 130 * index, colour, name))
    for name, value in (markers or {}).items():
        parts += _marker(across, up, value, name)
    return _svg(parts, ", ".join(series))


def _curve(
    name: str, points: Sequence[tuple[float, float]], colour: str, across: Axis, up: Axis, x_unit: str
) -> Iterator[Markup]:
    yield _CURVE.format(" ".join(f"{across.px(x):.1f},{up.px(y):.1f}" for x, y in points), colour)
    opacity = 1 if len(points) <= _MOST_DOTS else 0
    for x, y in points:
        yield _DOT.format(across.px(x), up.px(y), colour, opacity, name, x_unit, _label(x), _label(y))


_TINY_RANGE = 0.02
"""Least height of a history's axis, as a share of the possible range: tiny changes must not look large."""


def history(values: Sequence[float], names: Sequence[str], unit: str, bounds: tuple[float, float]) -> Markup:
    """One figure over time: a line through equally spaced points, oldest first, with a tooltip each.

    Args:
        values: at least one.
        names: the name of each point, such as its date; the first and the last are shown under the axis.
        unit: the unit of the values, shown over the axis.
        bounds: least and greatest possible value; the axis shows the part of this range with the values.
    """
    _axis(values, HEIGHT - _BOTTOM, _TOP)  # raises for values that are not finite
    low, high = min(values), max(values)
    margin = max((high - low) * 0.15, (bounds[1] - bounds[0]) * _TINY_RANGE / 2)
    up = Axis(max(low - margin, bounds[0]), min(high + margin, bounds[1]), HEIGHT - _BOTTOM, _TOP)
    across = Axis(0.0, max(len(values) - 1, 1), _LEFT, WIDTH - _RIGHT)
    parts = []
    for tick in up.ticks():
        parts.append(_LINE.format(across.start_px, up.px(tick), across.end_px, up.px(tick), "line", 1, ""))
        parts.append(_TEXT.format(across.start_px - 6, up.px(tick) + 4, "end", _label(tick)))
    parts.append(_TEXT.format(across.start_px, 9, "start", unit))
    for index, anchor in {0: "start", len(values) - 1: "end"}.items():
        parts.append(_TEXT.format(across.px(index), up.start_px + 15, anchor, names[index]))
    parts.append(_CURVE.format(" ".join(f"{across.px(x):.1f},{up.px(y):.1f}" for x, y in enumerate(values)), "mark"))
    for index, (value, name) in enumerate(zip(values, names, strict=True)):
        parts.append(_POINT.format(across.px(index), up.px(value), name, f"{value:.6g}", unit))
    return _svg(parts, f"{unit} over time")
