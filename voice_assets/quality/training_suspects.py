"""Clips that a trained model has not learned: suspects from the loss of every clip (CLIP_LOSSES), with the reasons in words.

Belongs here: which clips stand out among the clips of one training. Does not belong here: computing the losses
(``piper.clip_losses``), suspects before training (``quality.suspects``).

A loss depends on the length of the clip, so each loss is compared with clips of about the same length. A loss also depends on
the split, because the model has not seen the validation clips: the median difference of each split is subtracted. Then the
robust z-score is that of ``quality.suspects``. A split with few clips has an uncertain median, and a single clip none: its
difference is subtracted whole.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from voice_assets.quality.suspects import MAX_Z, OUTLIER_Z

COLUMNS = (
    "clip_id", "path", "suspicion", "reasons", "text", "split", "duration_s", "mel", "kl", "text_margin", "duration",
    "frames_per_id", "audio_sha256",
)  # fmt: skip

NO_ALIGNMENT_SCORE = 100.0
"""The suspicion of a clip with fewer frames than phoneme ids: over ``MAX_Z``, because this is certain."""

NEIGHBOURS = 101
"""A loss is compared with this many clips of about the same length."""

Floats = npt.NDArray[np.float64]


class UnusableLossesError(ValueError):
    """A table of losses in which nothing can be compared."""


@dataclass(frozen=True)
class Term:
    """A figure that can stand out: its column, name and format, and what too low and too high mean (empty: harmless).

    ``least_spread``: the estimate of the standard deviation is at least this, so that a very even training has no outliers
    that mean nothing; in the unit of the column.
    """

    column: str
    name: str
    form: str
    least_spread: float
    low: str
    high: str


TERMS = (
    Term(
        "mel", "mel loss", "{:.2f}", 0.03, "", "the model cannot speak it: another speaker, noise or another recording set-up"
    ),
    Term("text_margin", "KL margin over other texts", "{:.2f}", 0.1, "its text fits no better than others: a wrong text", ""),
    Term("other_kl", "KL with other texts", "{:.2f}", 0.1, "", "its sound is unlike that of the other clips: another speaker"),
    Term("duration", "duration loss", "{:.2f}", 0.05, "", "its rhythm does not fit its text: a wrong text or pauses"),
    Term(
        "frames_per_id",
        "frames per phoneme id",
        "{:.1f}",
        0.3,
        "too short for its text: words are missing in the audio",
        "too long for its text: words are missing in the text",
    ),
)


def with_margin(losses: pd.DataFrame) -> pd.DataFrame:
    """``losses`` with the column ``text_margin``: by how much its own text fits a clip better than other texts do.

    The difference ``other_kl - kl``. NaN where one of the two is.
    """
    return losses.assign(text_margin=losses["other_kl"] - losses["kl"])


def _rolling_median(values: Floats, order: npt.NDArray[np.intp]) -> Floats:
    """For each value the median of the ``NEIGHBOURS`` around it in ``order`` without NaN; NaN stays NaN."""
    medians = pd.Series(values[order]).rolling(NEIGHBOURS, center=True, min_periods=1).median()
    result = np.empty(len(values))
    result[order] = medians.to_numpy()
    return result


def usual(losses: pd.DataFrame, column: str, least_spread: float) -> tuple[Floats, Floats]:
    """For each clip the median of a column for its length and split, and the standard deviation by the MAD."""
    values = losses[column].to_numpy(dtype=np.float64)
    order = np.argsort(losses["frames"].to_numpy(), kind="stable")
    median = _rolling_median(values, order)
    median = median + pd.Series(values - median).groupby(losses["split"].to_numpy()).transform("median").to_numpy()
    spread = np.maximum(_rolling_median(np.abs(values - median), order) / 0.6745, least_spread)
    return median, spread


def _judge(losses: pd.DataFrame, term: Term) -> tuple[Floats, list[str]]:
    """|z| of each clip on the harmful side, 0 where there is no value, and the reason (empty where it does not stand out)."""
    median, spread = usual(losses, term.column, term.least_spread)
    values = losses[term.column].to_numpy(dtype=np.float64)
    z = np.nan_to_num(np.clip((values - median) / spread, -MAX_Z, MAX_Z))
    z = np.where((z < 0) & (not term.low), 0.0, np.where((z > 0) & (not term.high), 0.0, z))
    reasons = []
    for value, middle, width, score in zip(values, median, spread, z, strict=True):
        figures = f"{term.name} {term.form}, clips of its length have {term.form} ± {term.form}".format(value, middle, width)
        reasons.append(f"{figures}: {term.high if score > 0 else term.low}" if abs(score) >= OUTLIER_Z else "")
    return np.abs(z), reasons


def rank(losses: pd.DataFrame, top: int) -> pd.DataFrame:
    """The clips that the model has not learned, at most ``top`` of them, the most suspicious first.

    ``suspicion`` is the clip's highest |robust z| on a harmful side (3.5 to 50), or 100 for a clip that is too short for its
    text. A clip without a reason is no suspect, so there can be fewer rows than ``top``.

    Args:
        losses: CLIP_LOSSES of all clips of one training under one checkpoint.
        top: the most rows to return.

    Returns:
        ``COLUMNS``; ``reasons`` are the value, the usual value and the meaning of each outlier, joined by ``; ``.

    Raises:
        UnusableLossesError: no clips, or a mel loss that is not a number.
    """
    if losses.empty or losses["mel"].isna().any():
        raise UnusableLossesError(f"{len(losses)} clips, {int(losses['mel'].isna().sum())} of them without a mel loss")
    losses = with_margin(losses)
    unaligned = (losses["frames"] < losses["phoneme_ids"]).to_numpy()
    suspicion = np.where(unaligned, NO_ALIGNMENT_SCORE, 0.0)
    reasons: list[list[str]] = [
        [f"{frames} frames for {ids} phoneme ids: too short for its text"] if short else []
        for frames, ids, short in zip(losses["frames"], losses["phoneme_ids"], unaligned, strict=True)
    ]
    for term in TERMS:
        z, words = _judge(losses, term)
        suspicion = np.maximum(suspicion, np.where(z >= OUTLIER_Z, z, 0.0))
        for index, word in enumerate(words):
            if word:
                reasons[index].append(word)
    table = losses.assign(suspicion=suspicion.round(2), reasons=["; ".join(words) for words in reasons])
    order = [int(index) for index in np.argsort(-suspicion, kind="stable") if suspicion[index] > 0]
    return table.iloc[order[:top]].loc[:, list(COLUMNS)].reset_index(drop=True)
