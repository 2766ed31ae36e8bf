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

LEAST_KL = 1e-3
"""The spread of the KL with other texts is at least this, so that equal texts give no infinite margin."""

Floats = npt.NDArray[np.float64]


class UnusableLossesError(ValueError):
    """A table of losses in which nothing can be compared."""


@dataclass(frozen=True)
class Term:
    """A figure that can stand out on one side.

    Attributes:
        column: of the table with margins (:func:`with_margin`).
        name: for people.
        form: of a value.
        side: 1 when high values are suspicious, -1 when low ones are.
        limit: the least robust z-score of a suspect.
        least_spread: the estimate of the standard deviation is at least this, so that a very even training has no outliers
            that mean nothing; in the unit of the column.
        meaning: what an outlier can be.
    """

    column: str
    name: str
    form: str
    side: int
    limit: float
    least_spread: float
    meaning: str


TERMS = (
    Term("mel", "mel loss", "{:.2f}", 1, 3.0, 0.03, "the model cannot speak it: another speaker, noise or another set-up"),
    Term("mel", "mel loss", "{:.2f}", -1, OUTLIER_Z, 0.03, "it is spoken too easily: noise, a tone or silence"),
    Term(
        "kl", "KL loss", "{:.2f}", 1, OUTLIER_Z, 0.1, "its sound is not what the model expects of any text: noise or a stranger"
    ),
    Term("duration", "duration loss", "{:.2f}", 1, 5.0, 0.05, "its rhythm does not fit its text: a wrong text or pauses"),
    Term("frames_per_id", "frames per phoneme id", "{:.1f}", 1, 5.0, 0.3, "too long for its text: the text lacks words"),
    Term("frames_per_id", "frames per phoneme id", "{:.1f}", -1, 5.0, 0.3, "too short for its text: the audio lacks words"),
)
"""The limits were chosen on faults planted as in ``benchmarks.clip_losses``, seed 1, from Iglewicz and Hoaglin's 3.5:
at 3 to 3.5 the mel loss has many faults and hardly a chance outlier, duration and rate have chance outliers up to 5."""

LEAST_MARGIN = 1.0
"""The text of a clip with a smaller margin fits no better than other texts: those have margins of 0 ± 1."""

TELLS_TEXTS_APART = 2.0
"""The margin is judged when its median over all clips is at least this. Under it, the model has not learned the text side."""

MARGIN_SCORE = 3.0
"""The suspicion of a clip with ``LEAST_MARGIN``; each deviation less is 1 more."""


def with_margin(losses: pd.DataFrame) -> pd.DataFrame:
    """``losses`` with the column ``text_margin``: by how much its own text fits a clip better than other texts do.

    ``(other_kl - kl)`` in standard deviations of the KL with other texts of like length, the median over all clips: the
    deviation of one clip is an estimate from few texts. A wrong text is one more of those texts, so its margin is about 0 ± 1.
    NaN where a KL is.
    """
    spread = max(float(losses["other_kl_spread"].median()), LEAST_KL)
    return losses.assign(text_margin=(losses["other_kl"] - losses["kl"]) / spread)


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
    """The z-score of each suspect on the suspicious side, 0 for the other clips, and the reason (empty for the others)."""
    median, spread = usual(losses, term.column, term.least_spread)
    values = losses[term.column].to_numpy(dtype=np.float64)
    z = np.nan_to_num(np.clip(term.side * (values - median) / spread, 0, MAX_Z))
    z = np.where(z >= term.limit, z, 0.0)
    reasons = []
    for value, middle, width, score in zip(values, median, spread, z, strict=True):
        figures = f"{term.name} {term.form}, clips of its length have {term.form} ± {term.form}".format(value, middle, width)
        reasons.append(f"{figures}: {term.meaning}" if score else "")
    return z, reasons


def _judge_texts(losses: pd.DataFrame) -> tuple[Floats, list[str]]:
    """As ``_judge``, for the texts that fit no better than other texts; nothing for a model that cannot tell texts apart."""
    margins = losses["text_margin"].to_numpy(dtype=np.float64)
    usual_margin = float(losses["text_margin"].median())
    if not usual_margin >= TELLS_TEXTS_APART:
        return np.zeros(len(losses)), [""] * len(losses)
    wrong = margins < LEAST_MARGIN
    reasons = [
        f"margin of its text over others {margin:.2f}, clips have {usual_margin:.2f}, other texts 0.00 ± 1.00: "
        "its text fits no better than others: wrong text"
        if low
        else ""
        for margin, low in zip(margins, wrong, strict=True)
    ]
    return np.where(wrong, np.minimum(MARGIN_SCORE + LEAST_MARGIN - margins, MAX_Z), 0.0), reasons


def rank(losses: pd.DataFrame, top: int) -> pd.DataFrame:
    """The clips that the model has not learned, at most ``top`` of them, the most suspicious first.

    ``suspicion`` is the clip's highest robust z-score that reaches its limit (3 to 50), or as much for a text that fits no
    better than others, or 100 for a clip that is too short for its text. A clip without a reason is no suspect, so there can be
    fewer rows than ``top``.

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
    for z, words in (*(_judge(losses, term) for term in TERMS), _judge_texts(losses)):
        suspicion = np.maximum(suspicion, z)
        for index, word in enumerate(words):
            if word:
                reasons[index].append(word)
    table = losses.assign(suspicion=suspicion.round(2), reasons=["; ".join(words) for words in reasons])
    order = [int(index) for index in np.argsort(-suspicion, kind="stable") if suspicion[index] > 0]
    return table.iloc[order[:top]].loc[:, list(COLUMNS)].reset_index(drop=True)
