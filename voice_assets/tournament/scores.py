"""The score of a spoken sentence: one number from 0 to 1 out of CER, predicted MOS, likeness, words and pace.

A candidate's score is the mean over its sentences. The scale of each part is fixed: a candidate's score is the same whoever
else competes. Standardised scores (z) and ranks lack that, and ranks forget how bad one garbled sentence is.

The weights say: intelligible first, then natural, then like the speaker. Weights of such kinds are a decision and no
measurement, so they are written as exchange rates that a person can judge: with 0.3 for CER and 0.3 / 4 for a MOS point,
one character wrong in a hundred counts as much as 0.04 MOS points or 0.015 of likeness to the speaker. The report also names
the best candidate of every part alone. CER with MOS with speaker similarity is how zero-shot speech synthesis is reported, for
instance in VALL-E (Wang et al. 2023) and in Seed-TTS-eval (Anastassiou et al. 2024).

Losses are no part: a validation loss is an average over spectra and does not hear a wrong word.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from voice_assets.tournament.candidates import Candidate

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Part:
    """One part of the score: its weight, its meaning, and its value for each row of SAMPLES, 0 worst to 1 best."""

    name: str
    weight: float
    meaning: str
    value: Callable[[pd.DataFrame], Floats]


def _intelligible(samples: pd.DataFrame) -> Floats:
    return 1 - samples["cer"].to_numpy(float).clip(0, 1)


def _ends(samples: pd.DataFrame) -> Floats:
    return 1 - (samples["first_word_wrong"].to_numpy(float) + samples["last_word_wrong"].to_numpy(float)) / 2


def _natural(samples: pd.DataFrame) -> Floats:
    mean = (samples["mos"].to_numpy(float) + samples["mos_2"].to_numpy(float)) / 2
    return ((mean - 1) / 4).clip(0, 1)


def _like(samples: pd.DataFrame) -> Floats:
    return samples["likeness"].to_numpy(float).clip(0, 1)


def _pace(samples: pd.DataFrame) -> Floats:
    ratio = samples["rate_ratio"].to_numpy(float).clip(1e-3, None)  # 0 where there is no speech
    return 1 - np.abs(np.log2(ratio)).clip(0, 1)


PARTS = (
    Part("intelligible", 0.3, "1 - CER of the recogniser's hypothesis", _intelligible),
    Part("words at the ends", 0.1, "the share of first and last words that the recogniser heard", _ends),
    Part("natural", 0.3, "the mean of both predicted MOS, 1 to 5, as a share of the scale", _natural),
    Part("like the speaker", 0.2, "the likeness to the speaker of the data set", _like),
    Part("pace", 0.1, "1 at the data set's speaking rate, 0 at half or double of it", _pace),
)
"""The parts of the score. The weights add up to 1."""


def parts_of(candidates: Sequence[Candidate]) -> Floats:
    """The parts of every sentence: ``[candidates, parts, sentences]``, sentences in the order of their texts.

    A sentence that was spoken with several seeds counts once, with the mean.
    """
    return np.array([_of_sentences(one.samples) for one in candidates])


def _of_sentences(samples: pd.DataFrame) -> Floats:
    values = pd.DataFrame({part.name: part.value(samples) for part in PARTS})
    return values.groupby(samples["text"].to_numpy(), sort=True).mean().to_numpy().T


def score(parts: Floats) -> Floats:
    """The score of every sentence, ``[candidates, sentences]``, from ``parts_of``."""
    weights = np.array([part.weight for part in PARTS])
    return np.asarray(np.einsum("p,cps->cs", weights, parts))
