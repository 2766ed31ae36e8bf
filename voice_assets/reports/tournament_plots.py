"""Drawings of a tournament as inline SVG: scores and differences with their intervals, and curves with the candidates.

Not here: axes and curves without candidates (``reports.plots``). Every function takes numbers and returns ``Markup``.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from voice_assets.reports.plots import COLOURS, HEIGHT, WIDTH, Axis

_ROW, _TOP, _BOTTOM, _RIGHT = 30, 8, 22, 14
_LETTER = 7.2
_TEXT = Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>')
_LINE = Markup(
    '<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" stroke="var(--{})" stroke-width="{}" stroke-dasharray="{}"/>'
)
_DOT = Markup('<circle cx="{:.1f}" cy="{:.1f}" r="{}" fill="var(--{})"><title>{}</title></circle>')
_BAND = Markup(
    '<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{}" rx="4" fill="var(--{})" fill-opacity=".28"><title>{}</title></rect>'
)
_CURVE = Markup('<polyline points="{}" fill="none" stroke="var(--{})" stroke-width="2"/>')
_NAMED = Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}" style="fill:var(--{})">{}</text>')
_SVG = Markup('<svg viewBox="0 0 {} {}" role="img" aria-label="{}">\n{}\n</svg>')


@dataclass(frozen=True)
class Bar:
    """One candidate in a drawing of intervals: its name, the value with its interval, and whether it stands out."""

    name: str
    value: float
    low: float
    high: float
    marked: bool


def intervals(bars: Sequence[Bar], unit: str, zero: bool = False) -> Markup:
    """A row for each candidate: a dot at the value, and a band from the lower to the upper end of its interval.

    Args:
        bars: at least one, from the top down.
        unit: what the axis shows.
        zero: draw a line at 0, for differences.

    Raises:
        ValueError: a value is not finite.
    """
    values = [value for bar in bars for value in (bar.value, bar.low, bar.high)] + ([0.0] if zero else [])
    if not all(math.isfinite(value) for value in values):
        raise ValueError(f"a drawing needs finite numbers, it got {values[:5]}")
    low, high = min(values), max(values)
    margin = max((high - low) * 0.06, 0.005)
    left = 12 + _LETTER * max(len(bar.name) for bar in bars)
    across = Axis(low - margin, high + margin, left, WIDTH - _RIGHT)
    bottom = _TOP + _ROW * len(bars)
    parts = _ticks(across, _TOP, bottom)
    if zero:
        parts.append(_LINE.format(across.px(0), _TOP, across.px(0), bottom, "soft", 1.5, "4 3"))
    for number, bar in enumerate(bars):
        parts += _bar(bar, across, _TOP + _ROW * (number + 0.5))
    parts.append(_TEXT.format(across.end_px, bottom + 30, "end", unit))
    return _SVG.format(WIDTH, bottom + _BOTTOM + 14, unit, Markup("\n").join(parts))


def _ticks(across: Axis, top: float, bottom: float) -> list[Markup]:
    parts = []
    for tick in across.ticks():
        parts.append(_LINE.format(across.px(tick), top, across.px(tick), bottom, "line", 1, ""))
        parts.append(_TEXT.format(across.px(tick), bottom + 15, "middle", f"{tick:.10g}"))
    return parts


def _bar(bar: Bar, across: Axis, y: float) -> list[Markup]:
    colour = COLOURS[0] if bar.marked else "soft"
    said = f"{bar.name}: {bar.value:.3f}, 95 % CI {bar.low:.3f} to {bar.high:.3f}"
    start, width = across.px(bar.low), max(across.px(bar.high) - across.px(bar.low), 1.0)
    return [
        _TEXT.format(across.start_px - 8, y + 4, "end", bar.name),
        _BAND.format(start, y - 6, width, 12, colour, said),
        _DOT.format(across.px(bar.value), y, 5, colour, said),
    ]


@dataclass(frozen=True)
class Curve:
    """One curve over the epochs: its name and (epoch, value) points in order of the epoch; all values are finite."""

    name: str
    points: Sequence[tuple[float, float]]


def curves(found: Sequence[Curve], candidates: Sequence[tuple[int, str, bool]], unit: str) -> Markup:
    """One or two curves over the epochs, with a line at the epoch of each candidate.

    Args:
        found: one or two curves with a point at least.
        candidates: epoch, name, and whether the candidate stands out.
        unit: what the upward axis shows.

    Raises:
        ValueError: no point, a value that is not finite, or more curves than colours.
    """
    points = [point for curve in found for point in curve.points]
    if not points or len(found) > len(COLOURS) or not all(math.isfinite(value) for _, value in points):
        raise ValueError(f"a drawing needs one or two curves of finite numbers, it got {[one.name for one in found]}")
    up, down = HEIGHT - 34, 42
    across = _padded([x for x, _ in points] + [float(epoch) for epoch, *_ in candidates], 46, WIDTH - _RIGHT)
    rising = _padded([y for _, y in points], up, down)
    parts = _ticks(across, up, up)
    for tick in rising.ticks():
        parts.append(_LINE.format(across.start_px, rising.px(tick), across.end_px, rising.px(tick), "line", 1, ""))
        parts.append(_TEXT.format(across.start_px - 6, rising.px(tick) + 4, "end", f"{tick:.10g}"))
    for curve, colour in zip(found, COLOURS, strict=False):
        line = " ".join(f"{across.px(x):.1f},{rising.px(y):.1f}" for x, y in curve.points)
        parts += [_CURVE.format(line, colour)]
        parts += [
            _DOT.format(across.px(x), rising.px(y), 2, colour, f"{curve.name}, epoch {x:g}: {y:.4g}") for x, y in curve.points
        ]
    parts += _legend(found, unit) + _marks(candidates, across, up, down)
    return _SVG.format(WIDTH, HEIGHT, f"{unit} over the epochs", Markup("\n").join(parts))


def _padded(values: Sequence[float], start: float, end: float) -> Axis:
    low, high = min(values), max(values)
    margin = (high - low) * 0.04 if high > low else max(abs(high) * 0.1, 1.0)
    return Axis(low - margin, high + margin, start, end)


def _legend(found: Sequence[Curve], unit: str) -> list[Markup]:
    parts = [_TEXT.format(46, 9, "start", unit), _TEXT.format(WIDTH - _RIGHT, HEIGHT - 4, "end", "epoch")]
    for number, (curve, colour) in enumerate(zip(found, COLOURS, strict=False)):
        parts.append(_NAMED.format(WIDTH - _RIGHT - 130 * number, 9, "end", colour, curve.name))
    return parts


def _marks(candidates: Sequence[tuple[int, str, bool]], across: Axis, up: float, down: float) -> list[Markup]:
    """A line at each candidate's epoch. The names of candidates that are close together are on two levels."""
    parts, last = [], -math.inf
    level = 0
    for epoch, name, marked in sorted(candidates):
        x = across.px(epoch)
        level = 1 - level if x - last < _LETTER * len(name) else 0
        last = x
        colour = COLOURS[0] if marked else "soft"
        parts.append(_LINE.format(x, up, x, down, colour, 2 if marked else 1, "" if marked else "4 3"))
        anchor = "end" if x > across.end_px - 40 else "start" if x < across.start_px + 40 else "middle"
        parts.append(_NAMED.format(x, down - 3 - 11 * level, anchor, colour, name))
    return parts
