"""The requests of the workers that use the recogniser: ``workers.transcribe``, ``workers.speak`` and ``workers.hear``.

Settings of a voice are the voice's own sections, with their defaults (``voices``). Not here: the requests of training and
export (``piper.requests``).
"""

from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from voice_assets.runtime.requests import Request
from voice_assets.voices import Whisper

_OF_THE_CALLER = frozenset(
    f"whisper.{name}"
    for name in (
        "devices",
        "workers_per_device",
        "allow_busy_gpu",
        "progress_every",
        "min_mean_similarity",
        "max_low_ratio",
        "max_category_gap",
    )
)


class RecogniserRequest(Request):
    """The fields of every worker that runs Whisper."""

    not_used: ClassVar[frozenset[str]] = _OF_THE_CALLER

    language: str = Field(description="Whisper's code of the language.", examples=["ru"])
    whisper: Whisper = Field(default=Whisper(), description="The section `whisper` of a voice file.")
    weights_cache: Path = Field(
        description="Folder for weights that are put together from installed packages.", examples=["/project/.cache/whisper"]
    )
    cpu_threads: int = Field(ge=0, description="Threads on a CPU; 0 takes all cores.", examples=[0])


class TranscribeRequest(RecogniserRequest):
    """The request of ``workers.transcribe``: which clips, how to decode them, where to write."""

    dataset: Path = Field(
        description="The data set's folder; the paths of the clips are relative to it.", examples=["/data/my_voice"]
    )
    clips: Path = Field(
        description="Parquet table with the columns clip_id, path, text, audio_sha256, duration_s.",
        examples=["/data/run/clips.parquet"],
    )
    out: Path = Field(description="Parquet table to write, complete or not at all.", examples=["/data/run/transcripts.parquet"])
    cache: str = Field(
        description="The transcript cache: an SQLite file, which is created when it is missing, or the URL of a PostgreSQL "
        "database without a password, which is in PGPASSWORD.",
        examples=["/data/run/transcripts.sqlite", "postgresql://dagster@db:5432/dagster"],
    )
    log: Path = Field(
        description="Log with one line per clip (`validator_whisper.log`); lines are appended.",
        examples=["/data/run/validator_whisper.log"],
    )

    @field_validator("cache")
    @classmethod
    def _absolute(cls, place: str) -> str:
        if "://" not in place and not Path(place).is_absolute():
            raise PydanticCustomError("relative_path", "the path is not absolute")
        return place


class SpeakRequest(RecogniserRequest):
    """The request of ``workers.speak``: which voice, which sentences, which recordings to compare with, where to write."""

    onnx: Path = Field(description="The voice's `.onnx`.", examples=["/data/ru_RU-my_voice-medium.onnx"])
    config: Path = Field(description="The voice's `.onnx.json`.", examples=["/data/ru_RU-my_voice-medium.onnx.json"])
    sentences: list[Annotated[str, Field(pattern=r"\S")]] = Field(
        min_length=1, description="Texts to speak; none of them blank.", examples=[["Привет, это тестовый голос."]]
    )
    seed: int = Field(description="Seed of the voice's noise.", examples=[1])
    repeats: int = Field(
        default=1, ge=1, description="How often each sentence is spoken, each time with the next seed: seed, seed + 1, ..."
    )
    dataset: Path = Field(
        description="The data set's folder; the paths of the held-out clips are relative to it.", examples=["/data/my_voice"]
    )
    held_out: Path = Field(
        description="Parquet table of the held-out clips that are scored as the samples are (asr.recording_scores), "
        "with the columns clip_id, path, text, audio_sha256, duration_s.",
        examples=["/data/run/held_out.parquet"],
    )
    recordings_cache: Path = Field(
        description="Folder for the scores of the held-out clips, by their hash: they are the same for every epoch.",
        examples=["/project/.cache/recordings"],
    )
    out: Path = Field(description="Folder to write into.", examples=["/data/run/samples"])


class HearRequest(RecogniserRequest):
    """The request of ``workers.hear``: which voice, which sentences, what the clients spoke, where to write."""

    onnx: Path = Field(description="The voice's `.onnx`.", examples=["/data/ru_RU-my_voice-medium.onnx"])
    config: Path = Field(description="The voice's `.onnx.json`.", examples=["/data/ru_RU-my_voice-medium.onnx.json"])
    sentences: list[Annotated[str, Field(pattern=r"\S")]] = Field(
        min_length=1, description="The texts that were spoken; none of them blank.", examples=[["Привет, это тестовый голос."]]
    )
    spoken: Path = Field(
        description="Folder with one folder for each client, which has `01.wav` for the first sentence, and so on.",
        examples=["/data/run/spoken"],
    )
    clients: list[Annotated[str, Field(pattern=r"^[a-z0-9_-]+$")]] = Field(
        description="The clients to hear; an empty list hears the voice alone.", examples=[["piper", "sherpa-onnx"]]
    )
    out: Path = Field(description="Parquet table to write, with the columns of HEARD.", examples=["/data/run/heard.parquet"])
