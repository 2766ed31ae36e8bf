"""``candidates.json``: what a tournament records, for the page of the blind comparison: who spoke what, and the audio's hashes.

The asset ``best_epoch`` writes the file and records it. The page plays exactly these files, and a vote names their hashes.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from voice_assets.runtime import files
from voice_assets.runtime.storage import Artifact
from voice_assets.tournament.candidates import Candidate, TournamentError

FORMAT = 1


def _plain_name(name: str) -> str:
    if not name or name.startswith(".") or "\0" in name or PurePosixPath(name).name != name:
        raise ValueError(f"{name!r} is not the name of a file in the folder")
    return name


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Folder(_Record):
    """The recorded folder of an epoch's samples (``runtime.storage.Artifact``)."""

    uri: str
    sha256: str
    bytes: int

    @property
    def artifact(self) -> Artifact:
        """The same for the store."""
        return Artifact(self.uri, self.sha256, self.bytes)


class RecordedSample(_Record):
    """One sentence of one candidate: file name, text, seed, length in seconds, RMS level in dBFS, SHA-256 of the file."""

    sample: Annotated[str, AfterValidator(_plain_name)]
    text: str
    seed: int
    duration_s: float = Field(ge=0)
    level_db: float
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class RecordedCandidate(_Record):
    """One candidate with its samples, in the order they were spoken."""

    epoch_key: str
    folder: Folder
    samples: tuple[RecordedSample, ...]

    @property
    def by_sentence(self) -> dict[tuple[str, int], RecordedSample]:
        """The samples by sentence and seed."""
        return {(one.text, one.seed): one for one in self.samples}


class RecordedTournament(_Record):
    """The candidates in the order of the ranking; ``undecided`` are the pairs that the scores cannot tell apart."""

    format: int = Field(ge=FORMAT, le=FORMAT)
    voice: str
    title: str
    seed: int
    candidates: tuple[RecordedCandidate, ...] = Field(min_length=1)
    undecided: tuple[tuple[str, str], ...]

    @property
    def hashes(self) -> set[tuple[str, str, str]]:
        """The samples on which votes count: epoch key, sentence, and SHA-256 of the audio."""
        return {(one.epoch_key, sample.text, sample.sha256) for one in self.candidates for sample in one.samples}


def record(
    file: Path,
    voice: str,
    title: str,
    seed: int,
    candidates: Sequence[Candidate],
    folders: Mapping[str, Artifact],
    undecided: Sequence[tuple[str, str]],
) -> Path:
    """Write ``candidates.json``. Returns ``file``.

    Args:
        file: where to.
        voice: the name of the voice.
        title: the voice's name for people.
        seed: of the order in the blind comparison.
        candidates: in the order of the ranking.
        folders: the recorded folder of the samples, by epoch key.
        undecided: pairs of epoch keys that the scores cannot tell apart.
    """
    content = RecordedTournament(
        format=FORMAT,
        voice=voice,
        title=title,
        seed=seed,
        candidates=tuple(_recorded(one, folders[one.epoch_key]) for one in candidates),
        undecided=tuple(undecided),
    )
    return files.write_text(file, content.model_dump_json(indent=1) + "\n")


def load(file: Path) -> RecordedTournament:
    """Read ``candidates.json``.

    Raises:
        TournamentError: the file cannot be read, or is no such file. The message names the file and what is wrong.
    """
    try:
        return RecordedTournament.model_validate_json(file.read_bytes())
    except OSError as error:
        raise TournamentError(f"{file}: cannot be read: {error.strerror}; make best_epoch again") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise TournamentError(f"{file}: {where}: {first['msg']}; make best_epoch again") from error


def _recorded(candidate: Candidate, folder: Artifact) -> RecordedCandidate:
    return RecordedCandidate(
        epoch_key=candidate.epoch_key,
        folder=Folder(uri=folder.uri, sha256=folder.sha256, bytes=folder.bytes),
        samples=tuple(
            RecordedSample(
                sample=str(row["sample"]),
                text=str(row["text"]),
                seed=int(row["seed"]),
                duration_s=float(row["duration_s"]),
                level_db=float(row["level_db"]),
                sha256=candidate.hashes[str(row["sample"])],
            )
            for row in candidate.samples.to_dict("records")
        ),
    )
