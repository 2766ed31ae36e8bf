"""When a training has converged: whether the validation loss is level, and how far validation is from training.

The definition of "level for N epochs" is a test of equivalence (Schuirmann 1987), and not the lack of a visible trend: the
loss is level when the whole 95 % confidence interval of its slope (``piper.trend``) lies within ±``TOLERANCE`` of the loss per
N epochs. So noise can hide neither a slow fall nor a rise: noise makes the interval wider, and a wide interval is not level.
When N epochs are too noisy to tell, windows of 2N, 3N ... epochs are tried, whose intervals are narrower; the halves of such
a window and its last N epochs must not contradict. The common "no new minimum for N epochs" (Prechelt 1998, "Early stopping
- but when?", compares such criteria) was tried on the same simulated curves: with 2 % noise, one lucky epoch stopped 57 of 60
trainings that still fell by 2 % in 20 epochs. This definition stopped none, and all that had converged. An overfitting training
may end some epochs after its turning point, where falling and rising cancel.

What must be level: the mel part, which levels out early and rises when a training overfits or diverges; the KL part and the
duration part, which tell how well the text is learnt (where the table has them); and the sum, ``validation_loss``, which must
not fall any more. The sum may rise as long as those three parts are level: the rest are the adversarial parts, which are
measured against a discriminator that gets better from epoch to epoch. They rise in healthy trainings too (jaywalnut310/vits
issues 14 and 189, kan-bayashi/ParallelWaveGAN issue 313), so a rise of them alone says nothing. In a table without the KL and
the duration part, nobody can tell why the sum rises, and then it may not.

Does not belong here: stopping a training (``piper.training``) and judging it (the suite ``training``).
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from voice_assets.piper.trend import LEAST_POINTS, Trend, trend

COLUMNS = ("validation_loss", "validation_mel")
PARTS = ("validation_kl", "validation_dur")
"""The other parts of the sum without an opponent. They are small and can be 0, so their changes count as shares of the sum."""
TOLERANCE = 0.01
"""A loss that changes by less than this share of itself within N epochs is level. With N = 20, a fall at the limit would need
some 1400 epochs to halve the loss; the epochs before the level part of a training fall by 2 % and more."""
MOST_WINDOWS = 10
"""The longest window is this many times N epochs: noise beyond that is better met by more validation clips."""
LEVEL = "is level"
_FEW = "has too few validations"
_SPIKE = 3.0
"""The last values may be this many deviations of the noise away from the line."""


@dataclass(frozen=True)
class Yardstick:
    """What the changes of a column are compared with.

    ``scale``: the value whose shares they are; ``of``: its name, empty for the column's own median; ``may_rise``: whether the
    column may rise.
    """

    scale: float
    of: str = ""
    may_rise: bool = False

    def outside(self, one: Trend, window: int) -> bool:
        """Whether the slope is surely over the limit."""
        limit = TOLERANCE * self.scale / window
        return (one.low > limit and not self.may_rise) or one.high < -limit

    def inside(self, one: Trend, window: int) -> bool:
        """Whether the slope is surely within the limit."""
        limit = TOLERANCE * self.scale / window
        return -limit <= one.low and (one.high <= limit or (self.may_rise and math.isfinite(one.high)))


@dataclass(frozen=True)
class Curve:
    """The verdict on one column: whether it is level, the trend that decided, and the arithmetic in words.

    ``since``: the first epoch of the longest level window; None when not level. ``trend``: None when there are too few epochs.
    ``state``: the verdict in few words.
    """

    column: str
    level: bool
    state: str
    since: int | None
    trend: Trend | None
    reason: str


@dataclass(frozen=True)
class Level:
    """Whether the validation loss is level for ``window`` epochs.

    Attributes:
        level: whether every curve is level.
        reason: the arithmetic of every column: numbers, limits and the comparison.
        since: the first epoch from which on all columns are level; None when not level.
        window: N, in epochs.
        curves: the verdict on each column.
    """

    level: bool
    reason: str
    since: int | None
    window: int
    curves: tuple[Curve, ...]

    @property
    def state(self) -> str:
        """The verdict in few words: ``level from epoch 100 on``, or the first column that is not level and why."""
        other = next((curve for curve in self.curves if not curve.level), None)
        return f"level from epoch {self.since} on" if other is None else f"not level: {other.column} {other.state}"


def validations(epochs: pd.DataFrame) -> pd.DataFrame:
    """The rows of ``EPOCHS`` of the validated epochs, ascending; of an epoch that is there twice, the later row.

    The column ``validated`` says which epochs these are; in a table without it, an epoch with a value in one of ``COLUMNS`` was
    validated.
    """
    rows = epochs.drop_duplicates("epoch", keep="last").sort_values("epoch")
    return rows[_validated(rows)].reset_index(drop=True)


def _validated(epochs: pd.DataFrame) -> pd.Series:
    if "validated" in epochs.columns:
        return epochs["validated"].astype(bool)
    return epochs[list(COLUMNS)].notna().any(axis=1)


def level(epochs: pd.DataFrame, window: int) -> Level:
    """Whether the validation loss is level for ``window`` epochs at the end of ``epochs`` (``EPOCHS``).

    Only validated epochs count; the window is measured in epochs, whatever the number of validations in it.
    """
    found = validations(epochs)
    parts = [column for column in PARTS if column in found.columns]
    newest = found[found["epoch"] > found["epoch"].max() - window] if len(found) else found
    scales = {column: abs(float(newest[column].median())) for column in COLUMNS}
    yardsticks = {
        "validation_loss": Yardstick(scales["validation_loss"], may_rise=bool(parts)),
        "validation_mel": Yardstick(scales["validation_mel"]),
        **{column: Yardstick(scales["validation_loss"], of="validation_loss") for column in parts},
    }
    curves = tuple(_judge(found[["epoch", column]], one, window) for column, one in yardsticks.items())
    reached = all(curve.level for curve in curves)
    since = max(curve.since for curve in curves if curve.since is not None) if reached else None
    return Level(reached, "; ".join(curve.reason for curve in curves), since, window, curves)


def _judge(table: pd.DataFrame, yardstick: Yardstick, window: int) -> Curve:
    """The verdict on the second column of ``table``, at the epochs of the first."""
    column, at = str(table.columns[1]), table["epoch"].to_numpy()
    values = table[column].to_numpy(float)
    newest = at[at > at[-1] - window] if len(at) else at
    bad = newest[~np.isfinite(values[len(at) - len(newest) :])]
    if len(bad):
        state = f"is not a finite number in epoch {int(bad[0])}"
        return Curve(column, False, state, None, None, f"{column} is not level: it {state}")
    short = _too_short(at[np.isfinite(values)], window)
    if short:
        return Curve(column, False, _FEW, None, None, f"{column} is not level: {short}")
    at, values = at[np.isfinite(values)], values[np.isfinite(values)]
    tried = list(_trends(at, values, window, yardstick))
    reached = [_level(one, at, values, yardstick, window) for one in tried]
    if True not in reached:
        sure = [one for one in tried if yardstick.outside(one, window) or yardstick.inside(one, window)]
        decisive = sure[0] if sure else tried[-1]
        state = _state(decisive, yardstick, window)
        return Curve(column, False, state, None, decisive, _words(column, decisive, yardstick, window, state))
    start = reached.index(True)
    end = reached.index(False, start) if False in reached[start:] else len(reached)
    words = _words(column, tried[start], yardstick, window, LEVEL)
    return Curve(column, True, LEVEL, tried[end - 1].first, tried[start], words)


def _trends(at: np.ndarray, values: np.ndarray, window: int, yardstick: Yardstick) -> Iterator[Trend]:
    """The trends of the last N, 2N, 3N ... epochs, up to one that is surely not level: what is before does not count."""
    for count in range(1, 1 + min(MOST_WINDOWS, math.ceil(_span(at) / window))):
        chosen = at > at[-1] - count * window
        if chosen.sum() >= LEAST_POINTS:
            found = trend(at[chosen], values[chosen])
            yield found
            if yardstick.outside(found, window):
                return


def _span(at: np.ndarray) -> int:
    return int(at[-1] - at[0]) + 1


def _too_short(at: np.ndarray, window: int) -> str:
    """Why the validations ``at`` these epochs are too few to judge; empty when there are enough."""
    have = _span(at) if len(at) else 0
    if have < window:
        which = f", epochs {int(at[0])} to {int(at[-1])}" if have else ""
        return f"validated are {have} epochs{which}, the rule needs {window}; {window - have} are missing"
    used = at[at > at[-1] - MOST_WINDOWS * window]
    if len(used) < LEAST_POINTS:
        return f"epochs {int(used[0])} to {int(used[-1])} have {len(used)} validations, the rule needs {LEAST_POINTS}"
    return ""


def _level(one: Trend, at: np.ndarray, values: np.ndarray, yardstick: Yardstick, window: int) -> bool:
    """Whether a window is level: the interval inside the limits, no part against it, the last values on the line."""
    if not yardstick.inside(one, window) or abs(one.end) > _SPIKE * one.noise + TOLERANCE * yardstick.scale:
        return False
    middle = (one.first + one.last + 1) / 2
    parts = [(at >= one.first) & (at < middle), at >= middle, at > one.last - window]
    shapes = [trend(at[part], values[part]) for part in parts if part.sum() >= LEAST_POINTS]
    return not any(yardstick.outside(shape, window) for shape in shapes)


def _state(one: Trend, yardstick: Yardstick, window: int) -> str:
    """Why a curve is not level, in few words."""
    if yardstick.outside(one, window):
        return "still falls" if one.slope < 0 else "rises"
    return "has a part or last values off the line" if yardstick.inside(one, window) else "is too uncertain to tell"


def _words(column: str, one: Trend, yardstick: Yardstick, window: int, state: str) -> str:
    """The arithmetic of a verdict: the change per window with its interval, the limit, the noise, and what follows."""
    scale = yardstick.scale or 1.0

    def share(value: float) -> str:
        return f"{100 * value / scale:+.2f} %"

    low, high = share(one.low * window), share(one.high * window)
    of = f" of {yardstick.of}" if yardstick.of else ""
    limit = f"{'no more down than -' if yardstick.may_rise else '±'}{100 * TOLERANCE:.2f} %"
    uncertain = ": more epochs or more validation clips narrow the interval" if "uncertain" in state else ""
    return (
        f"{column} is {'' if state == LEVEL else 'not '}level: in epochs {one.first} to {one.last} ({one.points} validations, "
        f"median {one.middle:.4g}, noise {share(one.noise).lstrip('+')}{of}) it changes by {share(one.slope * window)}{of} per "
        f"{window} epochs, with 95 % confidence {low} to {high}; the limit is {limit}: the loss {state}{uncertain}"
    )


@dataclass(frozen=True)
class Gap:
    """How far the validation mel loss is above the training mel loss.

    Attributes:
        share: median of validation / training - 1 over the last epochs; negative when validation is lower; NaN without any.
        training, validation: the medians of both losses.
        reason: the arithmetic in words.
    """

    share: float
    training: float
    validation: float
    reason: str


def gap(epochs: pd.DataFrame, window: int) -> Gap:
    """The gap over the validated epochs among the last ``window`` epochs. Medians, so that single epochs do not decide."""
    found = validations(epochs)
    last = found[found["epoch"] > found["epoch"].max() - window]
    last = last[np.isfinite(last["loss_mel"]) & np.isfinite(last["validation_mel"]) & (last["loss_mel"] > 0)]
    if last.empty:
        return Gap(math.nan, math.nan, math.nan, f"no validated epoch among the last {window} has both mel losses")
    share = float((last["validation_mel"] / last["loss_mel"] - 1).median())
    training, validation = float(last["loss_mel"].median()), float(last["validation_mel"].median())
    reason = (
        f"median over {len(last)} validated epochs, {int(last['epoch'].min())} to {int(last['epoch'].max())}: validation mel "
        f"{validation:.4f}, training mel {training:.4f}; the median of validation / training - 1 is {share:+.3f}"
    )
    return Gap(share, training, validation, reason)


def training_facts(epochs: pd.DataFrame, planned: int, ended: str, window: int) -> dict[str, float | int | str]:
    """The facts of a whole training (``EPOCHS``) for the suite ``training``.

    Args:
        epochs: every epoch from 0 on.
        planned: the number of epochs that the training may have.
        ended: how the training says it ended, for people; the facts are computed from ``epochs`` alone.
        window: for how many epochs the validation loss must be level.

    Returns:
        ``epochs_planned``; ``epochs_done``: how many epochs from 0 to ``planned - 1`` are there; ``complete``: 1 when none of
        the epochs up to the last one is missing, and the last one is the last planned or the loss is level; ``ending``: this in
        words; ``level`` (1 or 0) and ``level_reason``; ``gap`` and ``gap_reason``; ``not_finite``: how many losses are NaN or
        infinite, and ``not_finite_where``. The validation losses of an epoch that was not validated do not count.
    """
    done = {int(epoch) for epoch in epochs["epoch"]} & set(range(planned))
    now, apart, bad = level(epochs, window), gap(epochs, window), _not_finite(epochs)
    missing = sorted(set(range(max(done, default=-1) + 1)) - done)
    complete = not missing and bool(done) and (len(done) == planned or now.level)
    return {
        "epochs_planned": planned,
        "epochs_done": len(done),
        "complete": int(complete),
        "ending": _ending(len(done), planned, missing, ended, now),
        "level": int(now.level),
        "level_reason": now.reason,
        "gap": apart.share,
        "gap_reason": apart.reason,
        "not_finite": len(bad),
        "not_finite_where": ", ".join(bad[:5]) + (f" and {len(bad) - 5} more" if len(bad) > 5 else ""),
    }


def _ending(done: int, planned: int, missing: Sequence[int], ended: str, now: Level) -> str:
    parts = [f"{done} of {planned} epochs are done", f"the training says that it ended by: {ended}"]
    parts += [f"epoch {missing[0]} is missing" + (f", and {len(missing) - 1} more" if missing[1:] else "")] if missing else []
    parts += [] if done == planned else [f"before the last epoch a training may end only with a level loss: {now.reason}"]
    return "; ".join(parts)


def _not_finite(epochs: pd.DataFrame) -> list[str]:
    """The losses that are NaN or infinite, as ``loss of epoch 3``."""
    found = []
    for row, validated in zip(epochs.to_dict("records"), _validated(epochs), strict=True):
        kinds = ("loss", "validation_") if validated else ("loss",)
        losses = [str(name) for name in row if str(name).startswith(kinds)]
        found += [f"{name} of epoch {int(row['epoch'])}" for name in losses if not math.isfinite(row[name])]
    return found


def evidence(epochs: pd.DataFrame, facts: dict[str, float | int | str]) -> dict[str, pd.DataFrame]:
    """The tables that the suite ``training`` judges: ``epochs``, ``validations`` (validated epochs only) and ``facts``."""
    return {"epochs": epochs, "validations": validations(epochs), "facts": pd.DataFrame([facts])}
