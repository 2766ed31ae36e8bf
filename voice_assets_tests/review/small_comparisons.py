"""A tournament of three candidates with tones for samples: what the blind comparison is tested with."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from voice_assets.review.comparisons import Comparison
from voice_assets.review.subjects import NoSubjectError
from voice_assets.runtime import files
from voice_assets.runtime.contents import content_hash
from voice_assets.runtime.storage import Artifact
from voice_assets.tournament.candidates import Candidate
from voice_assets.tournament.recorded import load, record
from voice_assets_tests.tournament.made import TEXTS, candidate
from voice_assets_tests.tournament.spoken import field_of


@dataclass
class SmallComparisons:
    """The tournament of the voice ``toy``. ``recorded`` counts how often people's votes were recorded."""

    now: Comparison
    recorded: list[str] = field(default_factory=list)

    def comparison(self, voice: str) -> Comparison:
        if voice != "toy":
            raise NoSubjectError(f"{voice} has no tournament")
        return self.now

    def voted(self, comparison: Comparison) -> None:
        self.recorded.append(comparison.data_version)


def spoken_candidates(
    root: Path, sentences: int = 3, epochs: Sequence[int] = (10, 20, 30)
) -> tuple[list[Candidate], dict[str, Path]]:
    """Candidates with audio, the second louder than the first; and their folders."""
    made = [candidate(epoch, texts=TEXTS[:sentences], level_db=-20.0 + place) for place, epoch in enumerate(epochs)]
    return field_of(root, made)


def small_comparison(root: Path, sentences: int = 3, title: str = "Toy: blind comparison") -> Comparison:
    """The tournament, with its files under ``root``."""
    made, folders = spoken_candidates(root / "audio", sentences)
    artifacts = {key: Artifact(key, content_hash(folder), 1) for key, folder in folders.items()}
    file = record(root / "candidates.json", "toy", "Toy", 1, made, artifacts, [("v0-e0010", "v0-e0020")])
    return Comparison("toy", title, files.sha256(file), load(file), folders)
