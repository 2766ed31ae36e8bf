"""What can be compared blind, and the protocol of whoever provides it and records that people voted."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from voice_assets.tournament.recorded import RecordedTournament

FEWEST_CANDIDATES = 2


@dataclass(frozen=True)
class Comparison:
    """The newest tournament of a voice, with audio that is exactly what was recorded.

    Attributes:
        voice: the name of the voice.
        title: a heading for people.
        data_version: names the content; a page that shows another content is out of date.
        tournament: the candidates; at least two.
        folders: the folder of each candidate's samples, by epoch key.
    """

    voice: str
    title: str
    data_version: str
    tournament: RecordedTournament
    folders: Mapping[str, Path]


class Comparisons(Protocol):
    """Provides the blind comparison of every voice, and records that there are new votes."""

    def comparison(self, voice: str) -> Comparison:
        """The newest tournament of ``voice``.

        Raises:
            NoSubjectError: there is no such voice, no tournament of two candidates or more, or its files are gone or changed.
        """
        ...

    def voted(self, comparison: Comparison) -> None:
        """Record that the votes on disk have changed."""
        ...
