"""Which clips a person should look at first, and why, in words. Clips are compared with the same voice, not with limits.

What belongs here: outliers within one data set. What does not: verdicts, and limits that hold for every voice.

A figure's distance from the voice is the robust z-score of Iglewicz and Hoaglin, "How to Detect and Handle Outliers"
(ASQC, 1993): z = 0.6745 * (x - median) / MAD, MAD being the median of the absolute distances from the median; they
call |z| over 3.5 an outlier. MAD / 0.6745 estimates the standard deviation. We never take it for smaller than the signal's
``least_spread``: in a voice that was recorded very evenly, differences nobody hears would be outliers otherwise.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from voice_assets.audio.signals import letters
from voice_assets.quality import summary

OUTLIER = 3.5
"""From this |z| a figure is a reason for suspicion (Iglewicz and Hoaglin)."""

MOST = 50.0
"""Where z-scores end, so that one absurd figure cannot pass a certain fault."""

SILENT, SAME_AUDIO, NO_TEXT, SAME_TEXT = 800.0, 400.0, 200.0, 100.0
"""Added to the suspicion for what is certain. Each is more than all after it and ``MOST`` together."""

NEIGHBOURS = 101
"""Clips with about as much text that a clip's speaking rate is compared with."""

LEAST_RATE_SPREAD = 0.1
"""In octaves: a speaking rate within a quarter of the usual one is never an outlier (our choice)."""

SLOWEST = 0.01
"""Characters per second, so that a text without a letter has a logarithm."""

COLUMNS = ("clip_id", "path", "suspicion", "reasons", "text", "duration_s", "text_length", "chars_per_s", "rms_db", "peak_db")


@dataclass(frozen=True)
class Signal:
    """One figure that can stand out: its column, how to write it, and what too low and too high mean (empty: harmless)."""

    column: str
    form: str
    least_spread: float
    low: str
    high: str


SIGNALS = (
    Signal("rms_db", "{:.1f} dB level", 1.0, "much quieter than the rest", "much louder than the rest"),
    Signal("peak_db", "{:.1f} dB peak", 1.0, "a much lower peak than the rest", ""),
    Signal("leading_silence_s", "{:.2f} s of silence before", 0.05, "", "a long silence at the start"),
    Signal("trailing_silence_s", "{:.2f} s of silence after", 0.05, "", "a long silence at the end"),
    Signal("dc_offset", "{:.4f} DC offset", 0.001, "the signal is not centred", "the signal is not centred"),
    Signal("clipped_ratio", "{:.4%} of samples clipped", 0.0001, "", "clipped"),
    Signal("speech_ratio", "{:.0%} speech", 0.05, "much of it is silence", ""),
)
"""``least_spread``: about what an ear or an eye tells apart, in the unit of the column (our choice)."""


def robust_z(values: npt.NDArray[np.float64], least_spread: float) -> npt.NDArray[np.float64]:
    """(x - median) / max(MAD / 0.6745, ``least_spread``) of each value, kept within -50 to 50. Shape as ``values``."""
    if not len(values):
        return values
    distance = values - np.median(values)
    spread = max(float(np.median(np.abs(distance))) / 0.6745, least_spread)
    return np.asarray(np.clip(distance / spread, -MOST, MOST))


def _judge_signal(stats: pd.DataFrame, signal: Signal) -> tuple[npt.NDArray[np.float64], list[str]]:
    """|z| of the harmful side and the reason of each clip (empty when it does not stand out)."""
    values = stats[signal.column].to_numpy(dtype=np.float64)
    z = robust_z(values, signal.least_spread)
    z = np.where((z < 0) & (not signal.low), 0.0, np.where((z > 0) & (not signal.high), 0.0, z))
    median = float(np.median(values))
    reasons = []
    for value, score in zip(values, z, strict=True):
        word = signal.high if score > 0 else signal.low
        short = signal.form.format(median).split(" ")[0]
        reasons.append(f"{signal.form.format(value)}, median {short}: {word}" if abs(score) >= OUTLIER else "")
    return np.abs(z), reasons


def _rolling_median(values: npt.NDArray[np.float64], order: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    """For each value the median of the ``NEIGHBOURS`` around it in ``order`` (fewer at the two ends)."""
    medians = pd.Series(values[order]).rolling(NEIGHBOURS, center=True, min_periods=1).median()
    result = np.empty(len(values))
    result[order] = medians.to_numpy()
    return result


def _judge_rate(stats: pd.DataFrame) -> tuple[npt.NDArray[np.float64], list[str]]:
    """How far the speaking rate is from that of the clips with about as much text: |z| and the reason of each clip.

    Compared with all clips, short texts would mislead: one word is spoken slower than a sentence, and varies more. So median
    and MAD are those of the neighbours by amount of text, and the rates are compared as octaves (log2).
    """
    rates = stats["chars_per_s"].clip(lower=SLOWEST).to_numpy(dtype=np.float64)
    order = np.argsort(stats["text"].map(letters).to_numpy(), kind="stable")
    usual = _rolling_median(rates, order)
    octaves = np.log2(rates / usual)
    spread = np.maximum(_rolling_median(np.abs(octaves), order) / 0.6745, LEAST_RATE_SPREAD)
    z = np.clip(octaves / spread, -MOST, MOST)
    reasons = []
    for rate, median, score in zip(rates, usual, z, strict=True):
        word = "fast" if score > 0 else "slow"
        reason = f"{rate:.1f} chars/s, median {median:.1f} of texts as long: much too {word} for its text"
        reasons.append(reason if abs(score) >= OUTLIER else "")
    return np.abs(z), reasons


def _judge_certain(stats: pd.DataFrame) -> tuple[npt.NDArray[np.float64], list[list[str]]]:
    """What needs no statistics: silence, copies of a recording, empty and repeated texts. Later copies name the first."""
    score = np.zeros(len(stats))
    reasons: list[list[str]] = [[] for _ in range(len(stats))]
    audio_first: dict[str, tuple[str, str]] = {}
    text_first: dict[str, str] = {}
    columns = ["clip_id", "samples_sha256", "normalised_text", "text", "rms_db"]
    quiet = summary.silent(stats).to_numpy()
    for index, (clip_id, audio, normalised, text, rms_db) in enumerate(stats[columns].itertuples(index=False, name=None)):
        if quiet[index]:
            score[index] += SILENT
            reasons[index].append(f"silent: {rms_db:.1f} dB level, under {summary.SILENT_DB:.0f} dB")
        twin, twin_text = audio_first.setdefault(audio, (clip_id, text))
        if twin != clip_id:
            score[index] += SAME_AUDIO
            claim = "and the same text" if twin_text == text else f"whose text is another: {twin_text!r}"
            reasons[index].append(f"the same recording as {twin}, {claim}")
        if not normalised:
            score[index] += NO_TEXT
            reasons[index].append("nothing is left of its text when it is normalised")
        first = text_first.setdefault(normalised, clip_id)
        if normalised and first != clip_id:
            score[index] += SAME_TEXT
            reasons[index].append(f"repeats the text of {first}")
    return score, reasons


def _choose(suspicion: npt.NDArray[np.float64], top: int) -> list[int]:
    """The rows to show, most suspicious first.

    Repeated texts alone may fill at most half of the list while others wait: they are many and tell little one by one.
    """
    order = [int(index) for index in np.argsort(-suspicion, kind="stable") if suspicion[index] > 0]
    certain = [index for index in order if suspicion[index] >= NO_TEXT][:top]
    repeats = [index for index in order if SAME_TEXT <= suspicion[index] < NO_TEXT]
    outliers = [index for index in order if suspicion[index] < SAME_TEXT]
    room = top - len(certain)
    repeats = repeats[: max(room // 2, room - len(outliers))]
    return certain + repeats + outliers[: room - len(repeats)]


def rank(stats: pd.DataFrame, top: int) -> pd.DataFrame:
    """The clips that stand out most, at most ``top`` of them, the most suspicious first.

    ``suspicion`` is the clip's highest |robust z| (3.5 to 50), plus 800 when it is silent, 400 when its recording is a copy of
    an earlier clip's, 200 when nothing is left of its text, 100 when an earlier clip has the same normalised text. A clip
    without a reason is no suspect, so there may be fewer rows than ``top``.

    Args:
        stats: CLIP_STATS; "earlier" is by its order.
        top: rows wanted.

    Returns:
        ``COLUMNS``; ``reasons`` are sentences with the value and what is usual, joined by ``; ``.

    Raises:
        QualityError: see ``quality.summary.require_usable``.
    """
    summary.require_usable(stats)
    score, reasons = _judge_certain(stats)
    highest = np.zeros(len(stats))
    heard = ~summary.silent(stats).to_numpy()  # of a silent clip every other figure is meaningless
    for z, words in (*(_judge_signal(stats, signal) for signal in SIGNALS), _judge_rate(stats)):
        highest = np.maximum(highest, z * heard)
        for index, word in enumerate(words):
            if word and heard[index]:
                reasons[index].append(word)
    suspicion = score + np.where(highest >= OUTLIER, highest, 0.0)
    table = stats.assign(suspicion=suspicion.round(2), reasons=["; ".join(words) for words in reasons])
    return table.iloc[_choose(suspicion, top)].loc[:, list(COLUMNS)].reset_index(drop=True)
