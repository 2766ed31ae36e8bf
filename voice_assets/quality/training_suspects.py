"""Clips that a trained model has not learned: suspects from the loss of every clip (CLIP_LOSSES), with the reasons in words.

Belongs here: which clips stand out, against clips of the same training. Does not belong here: computing the losses
(``piper.clip_losses``), suspects before training (``quality.suspects``).

A loss depends on the length of the clip (a short clip has a larger share of beginning and end), so each loss is compared with
clips of like length. It depends on the split (the model has not seen the validation clips): the median of each split is
subtracted first. Then the robust z-score is that of ``quality.suspects``.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from voice_assets.quality.suspects import MAX_Z, OUTLIER_Z

COLUMNS = (
    "clip_id", "path", "suspicion", "reasons", "text", "split", "duration_s", "mel", "kl", "text_margin", "duration",
    "frames_per_id", "audio_sha256", "decision", "new_text",
)  # fmt: skip
"""``decision`` and ``new_text`` are empty: a person fills them in, and `voice-assets fix --decisions` reads them."""

TOO_SHORT_SCORE = 100.0
"""The suspicion of a clip with fewer frames than phoneme ids: more than ``MAX_Z``, because this is certain."""

NEIGHBOURS = 101
"""A loss is compared with this many clips of about the same length."""


@dataclass(frozen=True)
class Term:
    """A figure that can stand out: its column, its format, the harmful side (1 high, -1 low) and what it means.

    ``least_spread``: the estimate of the standard deviation is at least this, in the unit of the column.
    """

    column: str
    form: str
    side: int
    least_spread: float
    meaning: str


TERMS = (
    Term("mel", "mel loss {:.2f}", 1, 0.03, "the model cannot speak it: another speaker, noise or another recording set-up"),
    Term("other_kl", "KL with texts of other clips {:.1f}", 1, 0.3, "its sound is unlike the other clips: another speaker"),
    Term("text_margin", "KL margin over other texts {:.2f}", -1, 0.1, "its text fits no better than others: a wrong text"),
    Term("kl", "KL loss {:.1f}", 1, 0.3, "the model cannot tell its sound from its text: a wrong text, or another speaker"),
    Term("duration", "duration loss {:.2f}", 1, 0.05, "its rhythm does not fit its text: a wrong text or long pauses"),
    Term("frames_per_id", "{:.1f} frames per phoneme id", 1, 0.3, "too long for its text: words are missing in the text"),
    Term("frames_per_id", "{:.1f} frames per phoneme id", -1, 0.3, "too short for its text: words are missing in the audio"),
)
