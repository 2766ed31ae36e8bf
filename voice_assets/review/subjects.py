"""What can be reviewed, and the protocol of whoever provides it and records the verdicts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from voice_assets.review.items import Item
from voice_assets.runtime import project
from voice_assets.voices import Voice, VoiceError, load_voice

Verdict = Literal["approved", "rejected"]


class NoSubjectError(LookupError):
    """There is nothing to review under this name. The message says what to do."""


class OtherDataError(ValueError):
    """The data that a person heard are no longer the newest. The message says so."""


@dataclass(frozen=True)
class Standing:
    """A verdict on exactly the data of a subject. ``time`` is in seconds since the epoch."""

    verdict: Verdict
    by: str
    comment: str
    time: float


@dataclass(frozen=True)
class Subject:
    """What a person listens to and decides about.

    Attributes:
        voice: the name of the voice.
        key: ``quality``, or an epoch key.
        title: a heading for people.
        data_version: names the content; marks and verdicts count for this content only.
        language: two letters, for the word diff.
        items: the clips, in the order of listening.
        standing: the newest verdict on this content; None while there is none.
    """

    voice: str
    key: str
    title: str
    data_version: str
    language: str
    items: Sequence[Item]
    standing: Standing | None = None


class Subjects(Protocol):
    """Provides the subjects of every voice, and records verdicts."""

    def keys(self, voice: str) -> Sequence[str]:
        """The keys of the subjects of ``voice`` that can be reviewed now, the first one first; may be empty.

        Raises:
            NoSubjectError: there is no such voice.
        """
        ...

    def subject(self, voice: str, key: str) -> Subject:
        """The newest content of one subject.

        Raises:
            NoSubjectError: there is no such voice or subject, or its files are gone.
        """
        ...

    def decide(self, subject: Subject, verdict: Verdict, by: str, comment: str, marks: Sequence[Mapping[str, object]]) -> None:
        """Record a verdict on exactly ``subject``.

        Args:
            subject: what was heard.
            verdict: the decision.
            by: who decided.
            comment: in the person's words; may be empty.
            marks: the marks of all reviewers, as ``marks.rows`` gives them.

        Raises:
            OtherDataError: ``subject`` is no longer the newest content.
        """
        ...


def voice_named(name: str) -> Voice:
    """The voice called ``name``.

    Raises:
        NoSubjectError: there is no such voice, or its file does not load.
    """
    file = next((file for file in project.voices_dir().glob("*.yaml") if file.stem == name), None)
    if file is None:
        raise NoSubjectError(f"there is no voice {name!r}")
    try:
        return load_voice(file)
    except VoiceError as error:
        raise NoSubjectError(str(error)) from error
