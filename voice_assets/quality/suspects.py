"""Suspects: the clips that a person should check first, and the reasons in words. Compares clips of one voice with each other.

Belongs here: outliers within one data set. Does not belong here: verdicts, limits that hold for every voice.

The distance of a figure from the rest is the robust z-score of Iglewicz and Hoaglin, "How to Detect and Handle Outliers"
(ASQC, 1993): z = 0.6745 * (x - median) / MAD, with MAD the median of the absolute distances from the median; they call |z| over
3.5 an outlier. MAD / 0.6745 estimates the standard deviation. The estimate is at least the signal's ``least_spread``: otherwise
inaudible differences would be outliers in a very even voice.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from voice_assets.audio.signals import letters_and_digits
from voice_assets.audio.trimming import KEPT_S
from voice_assets.quality import summary

OUTLIER_Z = 3.5
"""A figure with at least this |z| makes a clip a suspect (Iglewicz and Hoaglin)."""

MAX_Z = 50.0
"""Highest |z|, so that an absurd figure cannot rank above a certain fault."""

SILENT_SCORE, SAME_AUDIO_SCORE, NO_TEXT_SCORE, SAME_TEXT_SCORE = 800.0, 400.0, 200.0, 100.0
"""Added to the suspicion for certain faults. Each is more than all after it and ``MAX_Z`` together."""

TRIMMED_BADLY_SCORE = MAX_Z
"""Of a clip that training cuts or pads badly: as much as the highest |z|."""

NEIGHBOURS = 101
"""The speaking rate of a clip is compared with this many clips that have about as much text."""

LEAST_RATE_SPREAD = 0.1
"""In octaves: a speaking rate within a quarter of the usual one is never an outlier (our choice)."""

SLOWEST_RATE = 0.01
"""Lowest speaking rate in characters per second, so that a text without letters has a logarithm."""

COLUMNS = ("clip_id", "path", "suspicion", "reasons", "text", "duration_s", "text_length", "chars_per_s", "rms_db", "peak_db")


@dataclass(frozen=True)
class Signal:
    """A figure that can stand out: its column, its format, and what too low and too high mean (empty: harmless)."""

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
"""``least_spread``: about the smallest difference that people notice, in the unit of the column (our choice)."""


def robust_z(values: npt.NDArray[np.float64], least_spread: float) -> npt.NDArray[np.float64]:
    """(x - median) / max(MAD / 0.6745, ``least_spread``) of each value, kept within -50 to 50. Shape as ``values``."""
    if not len(values):
        return values
    distance = values - np.median(values)
    spread = max(float(np.median(np.abs(distance))) / 0.6745, least_spread)
    return np.asarray(np.clip(distance / spread, -MAX_Z, MAX_Z))


def _judge_signal(stats: pd.DataFrame, signal: Signal) -> tuple[npt.NDArray[np.float64], list[str]]:
    """|z| of each clip on the harmful side, and the reason (empty when the clip does not stand out)."""
    values = stats[signal.column].to_numpy(dtype=np.float64)
    z = robust_z(values, signal.least_spread)
    z = np.where((z < 0) & (not signal.low), 0.0, np.where((z > 0) & (not signal.high), 0.0, z))
    median = float(np.median(values))
    reasons = []
    for value, score in zip(values, z, strict=True):
        word = signal.high if score > 0 else signal.low
        short = signal.form.format(median).split(" ")[0]
        reasons.append(f"{signal.form.format(value)}, median {short}: {word}" if abs(score) >= OUTLIER_Z else "")
    return np.abs(z), reasons


def _rolling_median(values: npt.NDArray[np.float64], order: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    """For each value the median of the ``NEIGHBOURS`` around it in ``order`` (fewer at the two ends)."""
    medians = pd.Series(values[order]).rolling(NEIGHBOURS, center=True, min_periods=1).median()
    result = np.empty(len(values))
    result[order] = medians.to_numpy()
    return result


def _judge_rate(stats: pd.DataFrame) -> tuple[npt.NDArray[np.float64], list[str]]:
    """How far the speaking rate of each clip is from clips with about as much text: |z| and the reason.

    One word is spoken slower than a sentence, and its rate varies more. So median and MAD are taken over clips with about as
    much text, and the rates are compared in octaves (log2).
    """
    rates = stats["chars_per_s"].clip(lower=SLOWEST_RATE).to_numpy(dtype=np.float64)
    order = np.argsort(stats["text"].map(letters_and_digits).to_numpy(), kind="stable")
    usual = _rolling_median(rates, order)
    octaves = np.log2(rates / usual)
    spread = np.maximum(_rolling_median(np.abs(octaves), order) / 0.6745, LEAST_RATE_SPREAD)
    z = np.clip(octaves / spread, -MAX_Z, MAX_Z)
    reasons = []
    for rate, median, score in zip(rates, usual, z, strict=True):
        word = "fast" if score > 0 else "slow"
        reason = f"{rate:.1f} chars/s, median {median:.1f} of texts as long: much too {word} for its text"
        reasons.append(reason if abs(score) >= OUTLIER_Z else "")
    return np.abs(z), reasons


def _judge_certain(stats: pd.DataFrame) -> tuple[npt.NDArray[np.float64], list[list[str]]]:
    """Certain faults: silence, copies of a recording, empty and repeated texts. Later copies name the first one."""
    score = np.zeros(len(stats))
    reasons: list[list[str]] = [[] for _ in range(len(stats))]
    audio_first: dict[str, tuple[str, str]] = {}
    text_first: dict[str, str] = {}
    columns = ["clip_id", "samples_sha256", "normalised_text", "text", "rms_db"]
    quiet = summary.silent(stats).to_numpy()
    for index, (clip_id, audio, normalised, text, rms_db) in enumerate(stats[columns].itertuples(index=False, name=None)):
        if quiet[index]:
            score[index] += SILENT_SCORE
            reasons[index].append(f"silent: {rms_db:.1f} dB level, under {summary.SILENT_BELOW_DB:.0f} dB")
        twin, twin_text = audio_first.setdefault(audio, (clip_id, text))
        if twin != clip_id:
            score[index] += SAME_AUDIO_SCORE
            relation = "with the same text" if twin_text == text else f"which has another text: {twin_text!r}"
            reasons[index].append(f"the same recording as {twin}, {relation}")
        if not normalised:
            score[index] += NO_TEXT_SCORE
            reasons[index].append("its text is empty when normalised")
        first = text_first.setdefault(normalised, clip_id)
        if normalised and first != clip_id:
            score[index] += SAME_TEXT_SCORE
            reasons[index].append(f"repeats the text of {first}")
    return score, reasons


def _judge_trimming(stats: pd.DataFrame, segment_s: float) -> tuple[npt.NDArray[np.float64], list[str]]:
    """What Piper's training does with the silence of each clip: the score and the reason."""
    score = np.zeros(len(stats))
    reasons = [""] * len(stats)
    short, silent_start, speechless = (flags.to_numpy() for flags in summary.trimmed_badly(stats, segment_s))
    left = summary.silence_left_s(stats).to_numpy()
    for index, kept_s in enumerate(stats["kept_s"]):
        if speechless[index]:
            reasons[index] = "Piper's detector hears no speech in it, so training does not cut its silence"
        elif short[index]:
            reasons[index] = (
                f"{kept_s:.2f} s after Piper's trimming, less than one training segment of {segment_s:.2f} s: padding is added"
            )
        elif silent_start[index]:
            reasons[index] = (
                f"{left[index]:.2f} s of silence at the start after Piper's trimming, which should leave {KEPT_S} s: a voice "
                "learns to begin with silence"
            )
        score[index] = TRIMMED_BADLY_SCORE if reasons[index] else 0.0
    return score, reasons


def _choose(suspicion: npt.NDArray[np.float64], top: int) -> list[int]:
    """The positions of the rows to show, most suspicious first.

    Clips whose only certain fault is a repeated text fill at most half of the list while outliers remain: there are many of
    them, and one alone says little.
    """
    order = [int(index) for index in np.argsort(-suspicion, kind="stable") if suspicion[index] > 0]
    certain = [index for index in order if suspicion[index] >= NO_TEXT_SCORE][:top]
    repeats = [index for index in order if SAME_TEXT_SCORE <= suspicion[index] < NO_TEXT_SCORE]
    outliers = [index for index in order if suspicion[index] < SAME_TEXT_SCORE]
    room = top - len(certain)
    repeats = repeats[: max(room // 2, room - len(outliers))]
    return certain + repeats + outliers[: room - len(repeats)]


def rank(stats: pd.DataFrame, top: int, segment_s: float) -> pd.DataFrame:
    """The clips that stand out most, at most ``top`` of them, the most suspicious first.

    ``suspicion`` is the clip's highest |robust z| (3.5 to 50), plus 800 when it is silent, 400 when its recording is a copy of
    an earlier clip's, 200 when its text is empty when normalised, 100 when an earlier clip has the same normalised text. A clip
    that Piper's training trims badly counts as a |z| of 50. A clip without a reason is no suspect, so there can be fewer rows
    than ``top``.

    Args:
        stats: CLIP_STATS; its order decides which clip is earlier.
        top: the most rows to return.
        segment_s: the length of a training segment.

    Returns:
        ``COLUMNS``; ``reasons`` are the value, the median and the meaning of each outlier, joined by ``; ``.

    Raises:
        UnusableStatsError: see ``quality.summary.require_usable``.
    """
    summary.require_usable(stats)
    score, reasons = _judge_certain(stats)
    highest = np.zeros(len(stats))
    audible = ~summary.silent(stats).to_numpy()  # every other figure of a silent clip is meaningless
    judged = (*(_judge_signal(stats, signal) for signal in SIGNALS), _judge_rate(stats), _judge_trimming(stats, segment_s))
    for z, words in judged:
        highest = np.maximum(highest, z * audible)
        for index, word in enumerate(words):
            if word and audible[index]:
                reasons[index].append(word)
    suspicion = score + np.where(highest >= OUTLIER_Z, highest, 0.0)
    table = stats.assign(suspicion=suspicion.round(2), reasons=["; ".join(words) for words in reasons])
    return table.iloc[_choose(suspicion, top)].loc[:, list(COLUMNS)].reset_index(drop=True)
