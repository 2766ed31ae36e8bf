"""The common parts of the quality report's Markdown and HTML: the histograms, and the figures in words."""

from collections.abc import Mapping

import pandas as pd

from voice_assets.quality.histogram import Bin, bins
from voice_assets.reports.html import number

Figures = Mapping[str, int | float]

HISTOGRAMS = (
    ("duration_s", 0.5, "s", "Duration", "A high bar at either end: clips cut at a limit, or fragments left by cutting."),
    ("text_length", 10.0, "characters", "Text length", "Reference texts as written, spaces and punctuation included."),
    ("chars_per_s", 1.0, "letters per second", "Speaking rate", "Letters and digits of the text per second of speech."),
    ("rms_db", 1.0, "dBFS", "Level", "Root mean square of each clip. One recording set-up gives one peak."),
    ("leading_silence_s", 0.01, "s", "Silence before the speech", "The voice learns long or uneven silences."),
    ("trailing_silence_s", 0.01, "s", "Silence after the speech", "No silence can mean that the last sound was cut off."),
)
"""Column, width of a bar, unit, title, explanation."""

MOST_BARS = 80
"""Most bars of a histogram. With more, the bars are made wider, so that one extreme value does not make thousands of bars."""


def chart_bins(stats: pd.DataFrame, column: str, width: float) -> list[Bin]:
    """The histogram of a column. The bin width is ``width``, doubled until there are about ``MOST_BARS`` bins or fewer."""
    values = stats[column].astype(float)
    while (values.max() - values.min()) / width > MOST_BARS:
        width *= 2
    return bins(values, width)


def summary(facts: Figures) -> list[tuple[str, str]]:
    """The figures as texts: (name, value) each."""
    shortest, middle, longest = (f"{facts[f'duration_s_p{percent}']:.2f}" for percent in (0, 50, 100))
    return [
        ("Clips", f"{number(facts['clips'], 0)} ({number(facts['clips_missing'], 0)} missing)"),
        ("Hours", number(facts["hours"])),
        (
            "Duration",
            f"{shortest} to {longest} s, median {middle} s",
        ),
        ("Text length, 95th percentile", f"{facts['text_length_p95']:.1f} characters"),
        ("Clips that repeat an earlier text", f"{facts['duplicate_texts']} ({facts['duplicate_ratio']:.2%})"),
        ("Clips that repeat an earlier recording", number(facts["duplicate_audio"], 0)),
        ("Silent clips", number(facts["silent_clips"], 0)),
        ("Clipped clips", number(facts["clipped_clips"], 0)),
        ("Shorter than a training segment when trimmed", number(facts["short_clips"], 0)),
        ("Silence at the start when trimmed", number(facts["silent_start_clips"], 0)),
        ("Not trimmed: no speech heard", number(facts["speechless_clips"], 0)),
        ("Spike at the start of the durations", f"{facts['duration_spike_start']:.2f} times its neighbours"),
        ("Spike at the end of the durations", f"{facts['duration_spike_end']:.2f} times its neighbours"),
        ("Speaking rate, median", f"{facts['chars_per_s_p50']:.1f} letters per second"),
        ("Level, median", f"{facts['rms_db_p50']:.1f} dBFS"),
    ]
