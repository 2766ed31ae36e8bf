"""The settings of stages 4 and 5 in a voice file: training, the samples of each epoch, and the tournament of the epochs.

Sections of ``voices.Voice``, with every default and unit. A default is Piper's own unless the description says otherwise.
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from voice_assets import voice_faults
from voice_assets.voice_faults import fits
from voice_assets.voice_section import PiperQuality, Positive, Ratio, Section

# Lightning's own names. Whether this machine can compute with a precision is known only on the machine.
Precision = Literal["16-true", "16-mixed", "bf16-true", "bf16-mixed", "32-true", "64-true"]
Rate = Annotated[float, Field(gt=0, le=1)]


class Keep(Section):
    """Which checkpoints of a training stay on disk. An epoch that any of the three wants is kept."""

    last: Positive = Field(2, description="How many of the newest checkpoints are kept; training resumes from the newest.")
    best: int = Field(3, ge=0, description="How many checkpoints with the lowest validation mel loss are kept.")
    every: int = Field(
        50,
        ge=0,
        description="Every so many epochs a checkpoint is kept: with 50 the first from epoch 50, from epoch 100 and so on; 0 "
        "keeps none for this reason.",
    )


class Start(Section):
    """How a published voice (`start_from`) becomes the start of a training. The figures are measured ones, not Piper's."""

    sentences: Positive = Field(
        300, ge=20, description="How many sentences the published voice speaks, for its posterior encoder to learn from."
    )
    distil_steps: Positive = Field(200, description="Steps that train the posterior encoder on the voice's own speech.")
    stranger_steps: int = Field(140, ge=0, description="Further such steps, with the speech changed as if others spoke.")
    decoder_steps: int = Field(240, ge=0, description="Steps that train the decoder alone on the data set's recordings.")
    decoder_rate: Rate = Field(3e-4, description="The learning rate of the decoder alone.")
    license: str = Field("", description="The licence of the published voice; for the model card.")
    credit: str = Field("", description="Whom to credit for the published voice; for the model card.")


class Training(Section):
    """Stages 4 and 5: training with Piper."""

    quality: PiperQuality = Field(
        "medium", description="Piper's quality: the size and the sample rate of the model, and a part of the voice's file name."
    )
    epochs: int = Field(2, ge=2, description="Epochs of the mini-training; its loss rule compares epoch 0 with epoch 1.")
    max_epochs: int = Field(
        500, ge=2, description="The most epochs of the whole training, the mini-training included (the plan's 200 to 500)."
    )
    stop_when_level: bool = Field(
        True, description="Whether training ends as soon as the validation loss is level; if not, it runs to `max_epochs`."
    )
    level_epochs: int = Field(20, ge=5, description="For how many epochs the validation loss must be level (the plan's 20).")
    max_gap: float = Field(
        0.5,
        gt=0,
        description="The validation mel loss may be at most this share above the training mel loss. Our limit, not the plan's.",
    )
    batch_size: Positive = Field(16, description="Clips per training step and device.")
    accumulate: Positive = Field(1, description="How many batches are added up before each step of the optimizers.")
    segment_size: Annotated[Positive, fits(voice_faults.segment_fault)] = Field(
        8192, description="Audio samples that the decoder generates per clip and step; a multiple of 256, the hop length."
    )
    learning_rate: Rate = Field(2e-4, description="Learning rate of the generator; 2e-5 for a short training from a voice.")
    learning_rate_d: Rate = Field(1e-4, description="Learning rate of the discriminators.")
    lr_decay: Rate = Field(0.999875, description="The generator's learning rate is multiplied by this after each epoch.")
    lr_decay_d: Rate = Field(0.9999, description="The discriminators' learning rate is multiplied by this after each epoch.")
    grad_clip: float | None = Field(None, gt=0, description="The largest norm of the generator's gradients; null: no limit.")
    c_mel: float = Field(45.0, gt=0, description="Weight of the mel loss.")
    c_kl: float = Field(1.0, gt=0, description="Weight of the KL loss.")
    use_mrd: bool = Field(False, description="Whether Piper's multi-resolution discriminator trains too.")
    validation_ratio: Annotated[Ratio, fits(voice_faults.held_out_fault)] = Field(
        0.05,
        description="The share of clips, over 0 and under 1, that is held out for validation, chosen by a hash of the clip's "
        "name. Range 0 to 1.",
    )
    validate_every: Positive = Field(1, description="Epochs between two validations; the last epoch is always validated.")
    checkpoint_every: Positive = Field(1, description="Epochs between two checkpoints; the last epoch always has one.")
    keep: Keep = Field(Keep(), description="Which checkpoints stay on disk.")
    samples_every: Literal["off", "kept"] | Positive = Field(
        "off",
        description="For which epochs ONNX and samples are made while training runs, by the daemon: `kept`, every so many "
        "epochs (counted as in `keep.every`), or `off`.",
    )
    max_clips: Positive | None = Field(
        None, description="The most clips to train on, chosen by a hash of the clip's name; null trains on all. For CPU trials."
    )
    accelerator: Literal["auto", "cpu", "gpu"] = Field("auto", description="Lightning's accelerator.")
    devices: Positive = Field(1, description="How many devices of the accelerator train together.")
    strategy: str = Field("auto", description="Lightning's strategy; `auto` takes DDP for more than one device.")
    stuck_after_s: Positive = Field(
        1800, description="After so many seconds without a step, training ends with an error: a device is lost or stuck."
    )
    precision: Precision = Field("32-true", description="Lightning's precision, such as `16-mixed`.")
    num_workers: int = Field(2, ge=0, description="How many processes load data; 0 loads in the training process.")
    seed: int = Field(1234, description="Seed of every random choice in training.")
    checkpoint: Path | None = Field(None, description="A checkpoint whose weights training starts from; null starts from none.")
    take: Literal["all", "decoder"] = Field(
        "all", description="What is taken from `checkpoint`: all weights, or the decoder, the posterior encoder and the flow."
    )
    trust_checkpoint: bool = Field(
        False,
        description="Whether `checkpoint` may hold Python objects other than paths. Python objects can run code: set it only "
        "for a file that you trust.",
    )
    start_from: Path | None = Field(
        None,
        description="A published voice, an `.onnx` with its `.onnx.json` beside it, that training starts from; not together "
        "with `checkpoint`.",
    )
    start: Start = Field(Start(), description="How the published voice of `start_from` becomes the start of the training.")

    @model_validator(mode="after")
    def _one_start(self) -> "Training":
        both = self.checkpoint is not None and self.start_from is not None
        voice_faults.require(
            "start_from",
            str(self.start_from),
            "training starts from one file; remove `checkpoint` or `start_from`" if both else "",
        )
        fewer = (
            f"max_epochs counts the mini-training too; write at least {self.epochs}" if self.max_epochs < self.epochs else ""
        )
        voice_faults.require("max_epochs", self.max_epochs, fewer)
        return self


class Samples(Section):
    """The sentences that a voice speaks for its samples, and the limits of the samples."""

    sentences: Annotated[list[Annotated[str, fits(voice_faults.text_fault)]], fits(voice_faults.sentences_fault)] = Field(
        default_factory=list,
        max_length=10,
        description="5 to 10 sentences to speak; empty uses the built-in sentences of the language.",
    )
    seed: int = Field(1, description="Seed of the voice's noise; another seed speaks the sentences slightly differently.")
    repeats: Positive = Field(
        1,
        le=5,
        description="How often each sentence is spoken, each time with the next seed. 2 or 3 make the tournament surer.",
    )
    recordings: Positive = Field(
        20, ge=2, description="How many held-out clips are scored as the samples are: what a perfect voice would get."
    )
    min_level_db: float = Field(-40.0, lt=0, description="Every sample must have at least this RMS level, in dBFS.")
    max_cer: Ratio = Field(
        0.2, description="The mean character error rate of Whisper's transcripts of the samples must be at most this."
    )
    min_mos: float = Field(
        3.0,
        ge=1,
        le=5,
        description="The mean predicted MOS of the samples, 1 to 5 (DNSMOS P.835, overall), must be at least this.",
    )
    min_mos_2: float = Field(
        3.0,
        ge=1,
        le=5,
        description="The mean predicted MOS by the second model, 1 to 5 (DistillMOS), must be at least this. Measured: a "
        "finished voice 3.7 to 4.5, recordings 4.3 to 4.6, a voice in noise 1.9.",
    )
    min_likeness: Ratio = Field(
        0.7,
        description="The mean likeness of the samples and the speaker of the recordings must be at least this. Measured: one "
        "speaker 0.86 to 0.97, two people 0.42 to 0.54.",
    )
    slowest: float = Field(
        0.7, gt=0, description="The samples' phonemes per second over the recordings' must be at least this."
    )
    fastest: float = Field(1.4, gt=0, description="The samples' phonemes per second over the recordings' must be at most this.")
    max_silence_s: float = Field(
        1.0, gt=0, description="No sample may have a longer silence, in seconds: before, in or after the speech."
    )
    max_flat_ratio: Ratio = Field(
        0.005,
        description="At most this share of each sample may lie at the top of the wave: clipping. Range 0 to 1. "
        "Measured: 0.00002 for clean speech, 0.04 when clipped at a quarter of its peak.",
    )
    min_ends_right: Ratio = Field(
        0.8, description="At least this share of the samples must have their first and their last word right."
    )

    @model_validator(mode="after")
    def _rates_in_order(self) -> "Samples":
        wrong = "the bounds leave no rate between them" if self.slowest >= self.fastest else ""
        voice_faults.require("fastest", self.fastest, wrong and f"{wrong}; write more than {self.slowest}")
        return self


class Tournament(Section):
    """Which epochs compete to become the voice, and how."""

    candidates: list[Annotated[str, Field(pattern=r"^v(0|[1-9][0-9]*)-e[0-9]{4,}$")]] | None = Field(
        None,
        min_length=1,
        description="The epochs that compete, such as `v0-e0120`; null takes those that the newest training recorded.",
    )
    max_candidates: Positive = Field(6, description="The most epochs that a training records as candidates.")
    bootstrap: Positive = Field(2000, description="How many times the samples are drawn again for a confidence interval.")
    seed: int = Field(1, description="Seed of the bootstrap and of the order in the blind comparison.")
