"""The requests of the workers that use Piper's training code: ``workers.train``, ``workers.clip_losses``, ``workers.export``.

Settings of a voice are the voice's own sections, with their defaults (``voices``). Not here: the requests of workers that
run Whisper (``asr.requests``).
"""

from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field

from voice_assets.runtime.requests import Request
from voice_assets.voices import PiperQuality, Positive, Training


class TrainRequest(Request):
    """The request of ``workers.train``: the clips, the settings of the training, the folders to write into."""

    not_used: ClassVar[frozenset[str]] = frozenset(
        {
            "training.max_epochs",
            "training.stop_when_level",
            "training.max_gap",
            "training.validation_ratio",
            "training.max_clips",
            "training.samples_every",
            "training.start_from",
            "training.start",
        }
    )

    dataset: Path = Field(
        description="The data set's folder; the paths in the training set are relative to it.", examples=["/data/my_voice"]
    )
    training_set: Path = Field(
        description="Parquet table with the columns of TRAINING_SET.", examples=["/data/run/training_set.parquet"]
    )
    config: Path = Field(description="The data set's `config.json`.", examples=["/data/my_voice/config.json"])
    work: Path = Field(description="Folder that `lightning_logs/version_<N>` is made in.", examples=["/data/run/training"])
    version: int = Field(ge=0, description="Number of this training; a training that exists goes on.", examples=[0])
    cache: Path = Field(
        description="Folder for the prepared clips of the voice; its training sets share the folder.",
        examples=["/data/run/cache"],
    )
    voice_name: str = Field(description="The voice's name.", examples=["my_voice"])
    espeak_voice: str = Field(description="espeak-ng's voice; must be what `config.json` says.", examples=["ru"])
    sample_rate: Positive = Field(description="Sample rate in Hz; must be what `config.json` says.", examples=[22050])
    epochs: Positive = Field(
        description="Train until so many epochs are done in all. The mini-training asks for `training.epochs`, the training "
        "for `training.max_epochs`; checkpoints are removed (`training.keep`) only when more than `training.epochs` are asked "
        "for.",
        examples=[2],
    )
    stop_when_level: bool = Field(
        default=False, description="Whether training ends as soon as the validation loss is level (`training.level_epochs`)."
    )
    start: Path | None = Field(
        default=None,
        description="The checkpoint that was made from `training.start_from`; null starts from `training.checkpoint`, if any.",
    )
    training: Training = Field(default=Training(), description="The section `training` of a voice file.")
    model_arguments: dict[str, Any] = Field(
        default_factory=dict, description="Arguments of Piper's model that replace those of the quality. For tests."
    )

    @property
    def read_more_than_once(self) -> bool:
        """True for several devices: the worker starts its command line again for each further one."""
        return self.training.devices > 1


class ClipLossRequest(Request):
    """The request of ``workers.clip_losses``: the checkpoint, the clips of its training, the file to write."""

    checkpoint: Path = Field(
        description="A `.ckpt` of Piper's training.",
        examples=["/data/run/training/lightning_logs/version_0/checkpoints/epoch=1-step=8.ckpt"],
    )
    trust_checkpoint: bool = Field(
        description="Whether the checkpoint may hold Python objects. Python objects can run code: true only for a file that "
        "you trust.",
        examples=[False],
    )
    dataset: Path = Field(
        description="The data set's folder; the paths in the training set are relative to it.", examples=["/data/my_voice"]
    )
    training_set: Path = Field(
        description="Parquet table with the columns of TRAINING_SET.", examples=["/data/run/training_set.parquet"]
    )
    config: Path = Field(description="The data set's `config.json`.", examples=["/data/my_voice/config.json"])
    cache: Path = Field(
        description="Folder with the prepared clips of the voice, the one of the training.", examples=["/data/run/cache"]
    )
    out: Path = Field(
        description="Parquet file to write, with the columns of CLIP_LOSSES.", examples=["/data/run/clip_losses.parquet"]
    )
    accelerator: Literal["auto", "cpu", "gpu"] = Field(
        "auto", description="Where to compute: `gpu` is torch's current CUDA device, `auto` takes a GPU where there is one."
    )


class ExportRequest(Request):
    """The request of ``workers.export``: the checkpoint, the name of the voice, the folder to write into."""

    checkpoint: Path = Field(
        description="A `.ckpt` of Piper's training.",
        examples=["/data/run/training/lightning_logs/version_0/checkpoints/epoch=1-step=8.ckpt"],
    )
    trust_checkpoint: bool = Field(
        description="Whether the checkpoint may hold Python objects. Python objects can run code: true only for a file that "
        "you trust.",
        examples=[False],
    )
    config: Path = Field(
        description="The `config.json` that the voice was trained with.", examples=["/data/my_voice/config.json"]
    )
    out: Path = Field(description="Folder to write into.", examples=["/data/run/export"])
    name: str = Field(
        description="Name of the files: <language>_<REGION>-<voice>-<quality>.", examples=["ru_RU-my_voice-medium"]
    )
    language: str = Field(description="Two-letter code of the language.", examples=["ru"])
    region: str = Field(description="Two-letter country code.", examples=["RU"])
    quality: PiperQuality = Field(description="Piper's quality name, as in `name`.", examples=["medium"])
    dataset_name: str = Field(description="The voice's name, as in `name`.", examples=["my_voice"])
