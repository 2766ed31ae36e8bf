"""The figures of a whole data set, from the signals of its clips; the quality rules judge them and the report shows them.

Belongs here: counts and percentiles over ``CLIP_STATS``. Does not belong here: verdicts (the suite ``quality_report``), single
clips that stand out (``quality.suspects``).
"""

import numpy as np
import pandas as pd

from voice_assets.audio.trimming import ENOUGH_S, start_s
from voice_assets.dataset.tables import CLIP_STATS
from voice_assets.quality.histogram import edge_spikes

SILENT_BELOW_DB = -70.0
"""A clip with an RMS level under this, in dBFS, is silent. ITU-R BS.1770 has its absolute gate at -70 LUFS (weighted)."""

CLIPPED_RATIO = 0.0001
"""A clip with at least this share of samples at full scale is clipped: 1 in 10,000, about 2 in a second (our choice)."""

LEFT_S = 0.5
"""A clip with more silence than this at its start after Piper's trimming is trimmed badly: twice what Piper means to leave."""

PERCENTILES = (0, 5, 50, 95, 100)
"""The percentiles of every figure; 0 and 100 are the minimum and the maximum."""


class UnusableStatsError(ValueError):
    """Statistics that no verdict can be based on: no rows, a missing column, or a figure that is not finite."""


def require_usable(stats: pd.DataFrame) -> None:
    """Raise UnusableStatsError for statistics that would let a rule pass without judging anything.

    Raises:
        UnusableStatsError: no rows, a column of CLIP_STATS is missing, or a number is not finite (names column and clip).
    """
    missing = [name for name in CLIP_STATS if name not in stats.columns]
    if missing:
        raise UnusableStatsError(f"clip_stats: the columns {', '.join(missing)} are missing")
    if stats.empty:
        raise UnusableStatsError("clip_stats: no clip was measured, so no rule can judge")
    for name in (name for name, column in CLIP_STATS.items() if column.type is float):
        wrong = stats.loc[~np.isfinite(stats[name].astype("float64")), ["clip_id", name]]
        if len(wrong):
            first = wrong.iloc[0]
            raise UnusableStatsError(
                f"clip_stats: {name} of {len(wrong)} clips is not finite, first {first['clip_id']}: {first[name]}"
            )


def silent(stats: pd.DataFrame) -> pd.Series:
    """True for each clip with a level under ``SILENT_BELOW_DB``: a fault, whatever its text."""
    return stats["rms_db"] < SILENT_BELOW_DB


def clipped(stats: pd.DataFrame) -> pd.Series:
    """True for each clip with at least ``CLIPPED_RATIO`` of its samples at full scale."""
    return stats["clipped_ratio"] >= CLIPPED_RATIO


def silence_left_s(stats: pd.DataFrame) -> pd.Series:
    """The silence at the start of each clip that Piper's training leaves, in seconds; never under 0."""
    return (stats["leading_silence_s"] - stats["first_speech_s"].map(start_s)).clip(lower=0.0)


def trimmed_badly(stats: pd.DataFrame, segment_s: float) -> tuple[pd.Series, pd.Series, pd.Series]:
    """The clips that Piper's trimming leaves too short, with silence at the start, and untouched: three columns of flags.

    Too short: less than one training segment. With silence: more than ``LEFT_S``. Untouched: Piper hears no speech.
    """
    short = stats["kept_s"] < min(segment_s, ENOUGH_S)
    return short, silence_left_s(stats) > LEFT_S, stats["first_speech_s"] < 0


def percentile(values: pd.Series, percent: float) -> float:
    """The percentile with linear interpolation; the p95 rule uses the same. ``percent`` is 0 to 100."""
    return float(values.quantile(percent / 100, interpolation="linear"))


def _percentiles(stats: pd.DataFrame, column: str) -> dict[str, float]:
    return {f"{column}_p{percent}": percentile(stats[column], percent) for percent in PERCENTILES}


def facts(stats: pd.DataFrame, expected_clips: int, segment_s: float) -> dict[str, int | float]:
    """The figures of the data set as one row, plain Python numbers, all finite.

    Args:
        stats: CLIP_STATS of all shards.
        expected_clips: how many clips the data set has.
        segment_s: the length of a training segment.

    Returns:
        - ``clips``, ``clips_missing`` (expected clips less different clip ids), ``clips_repeated`` (rows with an id that an
          earlier row has), ``hours``
        - ``duplicate_texts`` and ``duplicate_ratio``: clips that repeat an EARLIER normalised text, and their share;
          ``duplicate_audio``: clips whose samples equal an earlier clip's; ``empty_texts``: texts empty when normalised
        - ``silent_clips``, ``clipped_clips``: see ``SILENT_BELOW_DB`` and ``CLIPPED_RATIO``
        - ``short_clips``, ``silent_start_clips``, ``speechless_clips``: see ``trimmed_badly``
        - ``duration_spike_start``, ``duration_spike_end``: see ``quality.histogram.edge_spikes``
        - ``<column>_p0, _p5, _p50, _p95, _p100`` of text_length, duration_s, chars_per_s, rms_db, peak_db,
          leading_silence_s, trailing_silence_s, speech_ratio

    Raises:
        UnusableStatsError: see ``require_usable``.
    """
    require_usable(stats)
    start, end = edge_spikes(stats["duration_s"])
    short, silent_start, speechless = (int(flags.sum()) for flags in trimmed_badly(stats, segment_s))
    repeats = int(stats["normalised_text"].duplicated().sum())
    spread = ("text_length", "duration_s", "chars_per_s", "rms_db", "peak_db")
    edges = ("leading_silence_s", "trailing_silence_s", "speech_ratio")
    result: dict[str, int | float] = {
        "clips": len(stats),
        "clips_missing": expected_clips - int(stats["clip_id"].nunique()),
        "clips_repeated": int(stats["clip_id"].duplicated().sum()),
        "hours": float(stats["duration_s"].sum()) / 3600,
        "duplicate_texts": repeats,
        "duplicate_ratio": repeats / len(stats),
        "duplicate_audio": int(stats["samples_sha256"].duplicated().sum()),
        "empty_texts": int((stats["normalised_text"] == "").sum()),
        "silent_clips": int(silent(stats).sum()),
        "clipped_clips": int(clipped(stats).sum()),
        "short_clips": short,
        "silent_start_clips": silent_start,
        "speechless_clips": speechless,
        "duration_spike_start": start,
        "duration_spike_end": end,
    }
    for column in (*spread, *edges):
        result |= _percentiles(stats, column)
    return result
