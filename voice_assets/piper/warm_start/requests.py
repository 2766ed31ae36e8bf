"""The request of ``workers.start``. Settings of a voice are the voice's own section ``training.start``, with its defaults."""

from pathlib import Path
from typing import Any

from pydantic import Field

from voice_assets.runtime.requests import Request
from voice_assets.voice_training import Start
from voice_assets.voices import PiperQuality, Positive


class StartRequest(Request):
    """The request of ``workers.start``: the published voice, the clips to tune its decoder to, the folders to write into."""

    source: Path = Field(
        description="The `.onnx` of the published voice, with its `.onnx.json` beside it.",
        examples=["/data/en_US-joe-medium.onnx"],
    )
    dataset: Path = Field(
        description="The data set's folder; the paths in the training set are relative to it.", examples=["/data/my_voice"]
    )
    training_set: Path = Field(
        description="Parquet table with the columns of TRAINING_SET.", examples=["/data/run/training_set.parquet"]
    )
    config: Path = Field(description="The data set's `config.json`.", examples=["/data/my_voice/config.json"])
    out: Path = Field(description="Folder that `start.ckpt` and `start.json` are written into.", examples=["/data/run/start"])
    cache: Path = Field(
        description="Folder for what depends on the published voice alone, shared by all voices.", examples=["/data/.cache"]
    )
    quality: PiperQuality = Field(description="Piper's quality name of the voice to train.", examples=["medium"])
    sample_rate: Positive = Field(description="Sample rate in Hz; must be what `config.json` says.", examples=[22050])
    seed: int = Field(1234, description="Seed of the decoder's steps, `training.seed` of the voice file.")
    start: Start = Field(default=Start(), description="The section `training.start` of a voice file.")
    model_arguments: dict[str, Any] = Field(
        default_factory=dict, description="Arguments of Piper's model that replace those of the quality. For tests."
    )
