"""A voice with six clips of a second each, and subjects that keep what was decided: what the pages are tested with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from voice_assets.review.comparisons import Comparison
from voice_assets.review.items import Item
from voice_assets.review.subjects import NoSubjectError, OtherDataError, Standing, Subject, Verdict
from voice_assets_tests.datasets import TEXTS, write_dataset, write_voice


@dataclass
class SmallSubjects:
    """The subject ``quality`` of the voice ``toy``. ``decided`` has what was handed over, the last one last."""

    subject_now: Subject
    decided: list[tuple[Subject, Verdict, str, str, list[Mapping[str, object]]]] = field(default_factory=list)

    def keys(self, voice: str) -> Sequence[str]:
        return [self.subject_now.key]

    def subject(self, voice: str, key: str) -> Subject:
        if (voice, key) != (self.subject_now.voice, self.subject_now.key):
            raise NoSubjectError(f"{voice} has no {key}")
        return self.subject_now

    def decide(self, subject: Subject, verdict: Verdict, by: str, comment: str, marks: Sequence[Mapping[str, object]]) -> None:
        if subject.data_version != self.subject_now.data_version:
            raise OtherDataError("other data now")
        self.decided.append((subject, verdict, by, comment, list(marks)))
        self.subject_now = replace(self.subject_now, standing=Standing(verdict, by, comment, 0.0))


class NoComparisons:
    """Nothing to compare."""

    def comparison(self, voice: str) -> Comparison:
        raise NoSubjectError(f"{voice} has no tournament")

    def voted(self, comparison: Comparison) -> None:
        raise AssertionError("nobody can vote")


def make_project(root: Path, patch: pytest.MonkeyPatch, title: str = "Toy") -> Path:
    """Make ``root`` the project of this process, with the voice ``toy``. Returns the data set."""
    patch.setenv("VOICE_ASSETS_ROOT", str(root))
    dataset = write_dataset(root / "dataset")
    write_voice(root / "voices" / "toy.yaml", Path("../dataset"), title=title)
    return dataset


def small_subject(dataset: Path, title: str = "Toy: quality", data_version: str = "v1") -> Subject:
    """The clips of the data set, as clips to listen to. The second has a hypothesis."""
    items = [
        Item(
            id=f"clip-{number:03d}",
            root=dataset,
            path=f"wavs/clip-{number:03d}.wav",
            duration_s=1.0,
            reference=text,
            hypothesis="Конференция сегодня начнётся" if number == 1 else None,
            signals=(("Level", "-12.0 dBFS"), ("Speech", "93% of the clip")),
        )
        for number, text in enumerate(TEXTS)
    ]
    return Subject("toy", "quality", title, data_version, "ru", tuple(items))
