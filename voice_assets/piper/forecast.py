"""What a whole training will cost, from the mini-training: time, memory and disk; and later, what it did cost.

Belongs here: arithmetic. Does not belong here: measuring (``piper.training``) and words for people (``reports.forecast``).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

MILESTONES = (50, 100, 200, 500)
"""Epochs whose time is foretold, beside the voice's ``max_epochs``."""


@dataclass(frozen=True)
class Costs:
    """The costs of a training, foretold or measured. Bytes; NaN or None where nobody knows.

    Attributes:
        epochs: how many epochs the costs are of.
        steps: training steps per epoch.
        seconds_per_epoch: of an epoch after the first one.
        warm_up_s: how much longer the first epoch takes: caches fill, kernels are compiled.
        peak_memory: the most memory of one process, on its device; of the machine when it trains on the CPU.
        checkpoint: one checkpoint.
        checkpoints: how many checkpoints stay on disk.
        cache: the prepared clips.
    """

    epochs: int
    steps: int
    seconds_per_epoch: float
    warm_up_s: float
    peak_memory: int | None
    checkpoint: int
    checkpoints: int
    cache: int

    def hours_to(self, epochs: int) -> float:
        """Hours from the first epoch of the mini-training to the end of so many epochs."""
        return (self.warm_up_s + epochs * self.seconds_per_epoch) / 3600

    @property
    def disk(self) -> int:
        """Bytes of the checkpoints that stay and of the cache. While one is written, there is one checkpoint more."""
        return self.checkpoint * self.checkpoints + self.cache

    def record(self) -> dict[str, Any]:
        """Plain values for JSON; see ``from_record``."""
        return asdict(self)

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Costs":
        """The costs that ``record`` gave. Unknown keys are an error: the record is of another version of this program."""
        return cls(**record)


def forecast(
    epochs: pd.DataFrame,
    *,
    steps: int,
    peak_memory: int | None,
    checkpoint: int,
    checkpoints: int,
    cache: int,
    max_epochs: int,
) -> Costs:
    """The costs of ``max_epochs`` epochs, from the ``EPOCHS`` of a mini-training with the same settings.

    Args:
        epochs: at least one epoch; their ``seconds`` count.
        steps: training steps per epoch.
        peak_memory: see `Costs`.
        checkpoint: bytes of one checkpoint.
        cache: bytes of the cache.
        checkpoints: the most checkpoints on disk (``piper.retention.projected``).
        max_epochs: the most epochs of the whole training.

    Raises:
        ValueError: the mini-training has no epoch.
    """
    typical, warm_up = _seconds(epochs)
    return Costs(max_epochs, steps, typical, warm_up, peak_memory, checkpoint, checkpoints, cache)


def _seconds(epochs: pd.DataFrame) -> tuple[float, float]:
    """Seconds of a usual epoch, and how much longer the first one took. A single epoch counts as usual: at most too long."""
    rows = epochs.drop_duplicates("epoch", keep="last").sort_values("epoch")
    seconds = [float(value) for value in rows["seconds"] if math.isfinite(value)]
    if not seconds:
        raise ValueError("a forecast needs the seconds of at least one epoch; the mini-training has none")
    later = seconds[1:] or seconds
    typical = float(pd.Series(later).median())
    return typical, max(0.0, seconds[0] - typical)


def happened(
    epochs: pd.DataFrame, *, steps: int, peak_memory: int | None, checkpoint: int, checkpoints: int, cache: int
) -> Costs:
    """The costs that a training really had, from its ``EPOCHS`` and what was measured (see `Costs`)."""
    typical, warm_up = _seconds(epochs)
    return Costs(epochs["epoch"].nunique(), steps, typical, warm_up, peak_memory, checkpoint, checkpoints, cache)


@dataclass(frozen=True)
class Comparison:
    """One cost, foretold and measured. ``ratio``: measured / foretold; None where one is not known or the forecast is 0."""

    cost: str
    forecast: float | None
    happened: float | None

    @property
    def ratio(self) -> float | None:
        """Over 1: the training cost more than was foretold."""
        if self.forecast is None or self.happened is None or self.forecast == 0:
            return None
        return self.happened / self.forecast


def compare(foretold: Costs, measured: Costs) -> list[Comparison]:
    """A training's forecast against what happened. The forecast counts for as many epochs as the training had.

    The number of checkpoints is foretold for all planned epochs, so it is compared as it is.
    """
    hours = (foretold.hours_to(measured.epochs), measured.hours_to(measured.epochs))
    return [
        Comparison("seconds_per_epoch", foretold.seconds_per_epoch, measured.seconds_per_epoch),
        Comparison("hours", *hours),
        Comparison("steps", foretold.steps, measured.steps),
        Comparison("peak_memory", foretold.peak_memory, measured.peak_memory),
        Comparison("checkpoint", foretold.checkpoint, measured.checkpoint),
        Comparison("checkpoints", foretold.checkpoints, measured.checkpoints),
        Comparison("cache", foretold.cache, measured.cache),
        Comparison("disk", foretold.disk, measured.disk),
    ]


def milestones(costs: Costs) -> Sequence[tuple[int, float]]:
    """(epochs, hours) for ``MILESTONES`` under the most epochs, and for the most epochs."""
    return [(epochs, costs.hours_to(epochs)) for epochs in (*(one for one in MILESTONES if one < costs.epochs), costs.epochs)]
