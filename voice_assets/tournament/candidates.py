"""The candidates of a tournament: epochs that spoke the same sentences, with the scores of each sentence.

Belongs here: what a candidate is, and refusing candidates that cannot be compared. Not here: ranking them (``ranking``).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

NUMBERS = ("level_db", "duration_s", "cer", "mos", "mos_2", "likeness", "rate_ratio")
WORDS = ("first_word_wrong", "last_word_wrong")
NEEDED = ("sample", "text", "seed", *NUMBERS, *WORDS)
"""The columns of SAMPLES that a tournament reads."""
OWN = ("own_cer", "own_rate")
"""The figures of the recordings (SCORES) on which scores depend: the same for all candidates."""
FEWEST_SENTENCES = 2
"""A confidence interval over sentences needs the spread between sentences."""


class TournamentError(ValueError):
    """Candidates that cannot be compared. The message names the candidate, the sentence and the value, and what to do."""


@dataclass(frozen=True)
class Candidate:
    """One epoch that competes.

    Attributes:
        epoch_key: such as ``v0-e0120``.
        epoch: the epoch, from 0; the later epoch wins a complete tie.
        samples: SAMPLES, a row for each sentence and seed; at least the columns ``NEEDED``.
        scores: the row of SCORES; at least ``OWN``. Other figures of the recordings are shown where they are known.
        hashes: the SHA-256 of each audio file, by the name in the column ``sample``. Votes count for exactly these bytes.
        failed: the rules of the samples that failed, in words; a candidate with a failed rule never wins.
        curve: values of the training at this epoch by name, such as ``validation_mel``. Shown, never deciding.
    """

    epoch_key: str
    epoch: int
    samples: pd.DataFrame
    scores: Mapping[str, float]
    hashes: Mapping[str, str]
    failed: Sequence[str] = ()
    curve: Mapping[str, float] = field(default_factory=dict)

    @property
    def passes(self) -> bool:
        """Whether every rule of the samples passed."""
        return not self.failed

    @property
    def spoken(self) -> set[tuple[str, int]]:
        """Each sentence with each seed."""
        return {(str(text), int(seed)) for text, seed in zip(self.samples["text"], self.samples["seed"], strict=True)}


def require_comparable(candidates: Sequence[Candidate]) -> None:
    """Refuse candidates that cannot be compared sentence by sentence.

    Raises:
        TournamentError: no candidate, two of one name, fewer than two sentences, other sentences than the first candidate's,
            one sentence twice, a column that is missing, a score that is not finite, or audio without a hash.
    """
    if not candidates:
        raise TournamentError("a tournament needs a candidate: make `voice_samples` of an epoch first")
    keys = [one.epoch_key for one in candidates]
    if doubles := sorted({key for key in keys if keys.count(key) > 1}):
        raise TournamentError(f"{doubles[0]}: competes twice; name each candidate once")
    for one in candidates:
        _require_whole(one)
    for one in candidates[1:]:
        _require_alike(candidates[0], one)


def _require_alike(first: Candidate, other: Candidate) -> None:
    """Refuse a candidate that speaks other sentences than ``first``, or that was measured against other recordings."""
    again = f"make voice_samples[{first.epoch_key}] and voice_samples[{other.epoch_key}] again"
    if strange := sorted(first.spoken ^ other.spoken):
        text, seed = strange[0]
        raise TournamentError(
            f"{other.epoch_key}: speaks other sentences than {first.epoch_key}, such as {text!r} with seed {seed}; candidates "
            f"are compared on the same sentences: {again}"
        )
    for name in OWN:
        if not math.isclose(first.scores[name], other.scores[name], abs_tol=1e-9):
            raise TournamentError(
                f"{other.epoch_key}: {name} is {other.scores[name]:g}, for {first.epoch_key} it is {first.scores[name]:g}: the "
                f"two were measured against other recordings; {again}"
            )


def _require_whole(candidate: Candidate) -> None:
    """Refuse one candidate whose samples are too few, or whose scores are missing."""
    key, samples = candidate.epoch_key, candidate.samples
    again = f"make voice_samples[{key}] again"
    if missing := [name for name in NEEDED if name not in samples]:
        raise TournamentError(f"{key}: the samples have no column {', '.join(missing)}; {again}")
    if (sentences := samples["text"].nunique()) < FEWEST_SENTENCES:
        raise TournamentError(f"{key}: {sentences} sentences, needed are {FEWEST_SENTENCES}; {again}")
    if len(candidate.spoken) < len(samples):
        twice = samples.loc[samples.duplicated(["text", "seed"]), "text"].iloc[0]
        raise TournamentError(f"{key}: the sentence {twice!r} is spoken twice with one seed; {again}")
    for row in samples.to_dict("records"):
        bad = next((name for name in NUMBERS if not math.isfinite(row[name])), None)
        if bad is not None:
            raise TournamentError(f"{key}: {row['sample']}: {bad} is {row[bad]}; a score must be a finite number: {again}")
        if row["sample"] not in candidate.hashes:
            raise TournamentError(f"{key}: {row['sample']}: the SHA-256 of the audio was not recorded; {again}")
    for name in OWN:
        if not math.isfinite(candidate.scores.get(name, math.nan)):
            raise TournamentError(f"{key}: {name}, a figure of the held-out recordings, is not known; {again}")
