"""Candidates and votes for tests: samples with any scores, and the hashes of audio that nobody made."""

import hashlib
from collections.abc import Sequence

import pandas as pd

from voice_assets.tournament.candidates import Candidate
from voice_assets.tournament.votes import Choice, Heard, Vote

TEXTS = ("Good morning.", "The line is busy.", "Please hold.", "Press one.", "Thank you.", "Try again later.")
NAMES = tuple(f"sample_{number:02d}.wav" for number in range(1, len(TEXTS) + 1))
GOOD = {
    "level_db": -20.0,
    "duration_s": 2.0,
    "cer": 0.05,
    "mos": 3.5,
    "mos_2": 3.9,
    "likeness": 0.85,
    "rate_ratio": 1.0,
    "first_word_wrong": False,
    "last_word_wrong": False,
    "seed": 1,
}
OWN = {"own_cer": 0.02, "own_mos": 3.6, "own_mos_2": 4.1, "own_likeness": 0.9, "own_rate": 12.0}


def sha(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def candidate(
    epoch: int,
    *,
    texts: Sequence[str] = TEXTS,
    failed: Sequence[str] = (),
    own: dict[str, float] | None = None,
    curve: dict[str, float] | None = None,
    **columns: object,
) -> Candidate:
    """The candidate ``v0-e<epoch>``. ``columns``: one value for every sentence, or a sequence with one for each."""
    names = list(NAMES[: len(texts)])
    samples = pd.DataFrame({"sample": names, "text": list(texts), **GOOD, **columns})
    key = f"v0-e{epoch:04d}"
    hashes = {name: sha(key, name) for name in names}
    return Candidate(key, epoch, samples, own or OWN, hashes, failed, curve or {})


def vote(first: Candidate, second: Candidate, choice: Choice = "first", by: str = "Anna", text: str = TEXTS[0]) -> Vote:
    """A vote on the sample of ``text`` of both."""
    name = NAMES[TEXTS.index(text)]
    heard = [Heard(one.epoch_key, one.hashes[name]) for one in (first, second)]
    return Vote("2026-11-29 10:00:00 UTC", by, text, heard[0], heard[1], choice)


def votes(first: Candidate, second: Candidate, wins: int, losses: int = 0, neither: int = 0) -> list[Vote]:
    """So many votes of as many people on the first sentence."""
    choices: list[Choice] = ["first"] * wins + ["second"] * losses + ["none"] * neither
    return [vote(first, second, choice, by=f"Person {number}") for number, choice in enumerate(choices)]
