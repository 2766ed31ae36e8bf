"""Candidates with audio on disk: what the report and the blind page are tested with."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from voice_assets.audio.recordings import write_wav
from voice_assets.runtime import files
from voice_assets.tournament.candidates import Candidate
from voice_assets_tests.datasets import RATE, burst


def with_audio(candidate: Candidate, folder: Path, seconds: float = 1.0) -> Candidate:
    """The candidate with a tone for each sample in ``folder``, another one for each epoch, and the hashes of these files."""
    hashes = {}
    for number, name in enumerate(candidate.samples["sample"]):
        sound = burst(seconds, 10 * candidate.epoch + number)
        hashes[name] = files.sha256(write_wav(folder / name, np.asarray(sound), RATE))
    samples = candidate.samples.assign(hypothesis=candidate.samples["text"], duration_s=seconds)
    return replace(candidate, hashes=hashes, samples=samples)


def field_of(root: Path, candidates: Sequence[Candidate]) -> tuple[list[Candidate], dict[str, Path]]:
    """The candidates with audio, and the folder of each by its epoch key."""
    folders = {one.epoch_key: root / one.epoch_key for one in candidates}
    return [with_audio(one, folders[one.epoch_key]) for one in candidates], folders
