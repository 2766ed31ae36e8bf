"""Histograms with fixed bins, and spikes at their two ends. Does not belong here: drawing (``reports.plots``).

Bins are half open, ``(start, end]``, and start at multiples of their width. So clips that were cut at a limit that is such a
multiple (15 s) fall into the same bin as clips just under the limit, and a spike at the limit is one bar.
"""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

DURATION_BIN_S = 0.5
"""Width of a bin of the duration histogram, in seconds."""

LEAST_NEIGHBOUR_CLIPS = 2.0
LEAST_NEIGHBOUR_SHARE = 0.001
"""The neighbours of an edge bin count as at least 2 clips and at least 0.1 % of all clips (our choice). With a limit of 3, an
edge bin of up to 6 clips is never a spike, even with empty neighbours; with 18,377 clips, one of up to 55 clips (0.3 %)."""


@dataclass(frozen=True)
class Bin:
    """``count`` values are over ``start`` and at most ``end``. The bin that starts at zero also counts zeros."""

    start: float
    end: float
    count: int


class HistogramError(ValueError):
    """Values that are not finite, or a bin width that is not positive."""


def _index(value: float, width: float) -> int:
    # Rounded to a millionth of a bin, so that 15.000000001 s is 15 s. One sample at 22,050 Hz is about a hundred times longer.
    return math.ceil(round(value / width, 6)) - 1


def bins(values: Iterable[float], width: float) -> list[Bin]:
    """The histogram of ``values``, from the first bin with a value to the last; empty bins between them are kept.

    Args:
        values: finite numbers; no values give an empty list. A zero counts in the bin that starts at zero.
        width: the width of a bin, in the unit of the values.

    Raises:
        HistogramError: a value is not finite, or the width is not positive.
    """
    if not width > 0:
        raise HistogramError(f"bin width {width} is not positive")
    numbers = [float(value) for value in values]
    for position, value in enumerate(numbers):
        if not math.isfinite(value):
            raise HistogramError(f"value {position} of {len(numbers)} is {value}, it cannot be counted")
    counts = Counter(0 if value == 0 else _index(value, width) for value in numbers)
    if not counts:
        return []
    return [Bin(index * width, (index + 1) * width, counts[index]) for index in range(min(counts), max(counts) + 1)]


def edge_spikes(values: Iterable[float], bin_width: float = DURATION_BIN_S) -> tuple[float, float]:
    """The count of the first and the last bin relative to their neighbours: ``(first, last)``, ratios from 0.

    ratio = count of the edge bin / max(mean count of the (up to) two bins next to it, LEAST_NEIGHBOUR_CLIPS,
    LEAST_NEIGHBOUR_SHARE * number of values).

    The formula is ours: the plan asks for "no spikes at extremes". A slope gives about 1 to 2. Clips cut off at a limit, or
    fragments left by cutting, give far more. A single bin is compared with the greater LEAST_ value. No values give (0, 0).

    Raises:
        HistogramError: see ``bins``.
    """
    counts = [one.count for one in bins(values, bin_width)]
    if not counts:
        return 0.0, 0.0
    floor = max(LEAST_NEIGHBOUR_CLIPS, LEAST_NEIGHBOUR_SHARE * sum(counts))

    def ratio(edge: int, neighbours: list[int]) -> float:
        mean = sum(neighbours) / len(neighbours) if neighbours else 0.0
        return edge / max(mean, floor)

    return ratio(counts[0], counts[1:3]), ratio(counts[-1], counts[-3:-1])
