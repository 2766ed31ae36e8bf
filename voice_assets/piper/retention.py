"""Which epochs of a training are validated, have a checkpoint, and keep it (``training.keep``). Pure: reads and writes no file.

Not here: the checkpoints on disk (``piper.checkpoints``) and the free space of a disk (``piper.disk``).
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from voice_assets.voice_training import Keep, Training

if TYPE_CHECKING:
    import pandas as pd

SETTING = "training.keep"


def validated(epoch: int, training: Training, epochs: int) -> bool:
    """Whether the held-out clips are tried after ``epoch``, of ``epochs`` in all.

    The epochs of the mini-training always are: its rules compare them.
    """
    return epoch < training.epochs or epoch % training.validate_every == 0 or epoch == epochs - 1


def saved(epoch: int, training: Training, epochs: int) -> bool:
    """Whether ``epoch``, of ``epochs`` in all, has a checkpoint. The epoch that ends a training early has one besides."""
    return epoch % training.checkpoint_every == 0 or epoch == epochs - 1


def firsts(epochs: Iterable[int], every: int) -> set[int]:
    """The first of ``epochs`` from ``every``, from twice ``every`` and so on, whatever ``training.checkpoint_every`` left."""
    return set({epoch // every: epoch for epoch in sorted(epochs, reverse=True) if epoch >= every}.values())


def unwanted(table: "pd.DataFrame", present: Iterable[int], keep: Keep) -> dict[int, str]:
    """The epochs whose checkpoints may go, each with the reason.

    An epoch stays when it is among the last ``keep.last``, when its validation mel loss is among the lowest ``keep.best`` of
    those on disk (of equal losses the earlier epoch counts), or when it is the first on disk from 50, from 100 and so on, for
    ``keep.every`` 50. An epoch that was not validated is no best epoch.

    Args:
        table: ``EPOCHS``, of all epochs in ``present``.
        present: the epochs whose checkpoints are on disk.
        keep: the voice's setting.
    """
    epochs = sorted(present)
    mel = {int(epoch): float(value) for epoch, value in zip(table["epoch"], table["validation_mel"], strict=True)}
    scored = sorted((value, epoch) for epoch in epochs if math.isfinite(value := mel.get(epoch, math.nan)))
    best = scored[: keep.best]
    kept = {*epochs[-keep.last :], *(epoch for _, epoch in best), *(firsts(epochs, keep.every) if keep.every else ())}
    return {epoch: _reason(mel.get(epoch, math.nan), best, keep) for epoch in epochs if epoch not in kept}


def by_setting(reason: str) -> bool:
    """Whether ``reason`` is one of ``unwanted``: the file was not wanted any more. Other files were lost or damaged."""
    return reason.startswith(f"{SETTING}: ")


def _reason(mel: float, best: list[tuple[float, int]], keep: Keep) -> str:
    newest = f"not one of the last {keep.last}"
    lowest = f"the {keep.best} lowest go up to {best[-1][0]:.4f}" if best else "none is kept for its loss"
    value = f"{mel:.4f}" if math.isfinite(mel) else "not known"
    every = f"not the first from a multiple of {keep.every}" if keep.every else "none is kept every so many epochs"
    return f"{SETTING}: {newest}; its validation mel loss is {value}, {lowest}; {every}"


@dataclass(frozen=True)
class Projection:
    """How many checkpoints a training will have on disk at most, and why."""

    last: int
    best: int
    every: int
    writing: int = 1

    @property
    def total(self) -> int:
        """All of them, with the one that is written before an older one goes."""
        return self.last + self.best + self.every + self.writing

    def __str__(self) -> str:
        """The arithmetic in words."""
        return f"{self.last} last + {self.best} best + {self.every} kept by `every` + {self.writing} while it is written"


def projected(training: Training, epochs: int) -> Projection:
    """The checkpoints of a training of ``epochs`` epochs. A mini-training keeps all of them."""
    written = sum(saved(epoch, training, epochs) for epoch in range(epochs))
    if epochs <= training.epochs:
        return Projection(written, 0, 0, 0)
    keep = training.keep
    every = len({epoch // keep.every for epoch in range(keep.every, epochs)}) if keep.every else 0
    last = min(keep.last, written)
    best = min(keep.best, written - last)
    every = min(every, written - last - best)
    return Projection(last, best, every, int(last + best + every < written))
