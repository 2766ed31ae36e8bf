"""A voice: one YAML file, validated. What a person decides about a voice, and nothing that is computed.

Every default is the plan's value for "Felix Mirage" (Russian, 18,377 clips, 22,050 Hz) unless a comment says
otherwise. Paths are relative to the YAML file. Ratios are 0 to 1, durations are in seconds.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

Ratio = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[int, Field(gt=0)]
PiperQuality = Literal["x_low", "low", "medium", "high"]


class VoiceError(ValueError):
    """A voice file that cannot be used. The message names the file, the key and the value."""


class Section(BaseModel):
    """A part of a voice file: unknown keys and wrong types are errors, values never change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class _Loader(yaml.SafeLoader):
    """Safe YAML in which every key of a mapping is text and stands once; plain YAML would keep the last of two."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys: set[str] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            place = f"line {key_node.start_mark.line + 1}"
            if not isinstance(key, str):
                raise VoiceError(f"{place}: the key {key!r} is not text; write it in quotes")
            if key in keys:
                raise VoiceError(f"{place}: the key {key!r} is there twice")
            keys.add(key)
        return super().construct_mapping(node, deep)


class DatasetLimits(Section):
    """Stage 1, what a clip must be."""

    min_duration_s: float = Field(0.2, gt=0, description="Shortest clip allowed, in seconds.")
    max_duration_s: float = Field(15.0, gt=0, description="Longest clip allowed, in seconds (the plan's `seg15`).")
    min_text_chars: Positive = Field(3, description="Shortest reference text allowed, in characters.")
    max_text_chars: Positive = Field(400, description="Longest reference text allowed, in characters.")
    min_script_share: Ratio = Field(
        0.5, description="Least share of a text's letters in the script of the language; a foreign name in a sentence passes."
    )

    @model_validator(mode="after")
    def _ordered(self) -> "DatasetLimits":
        if self.min_duration_s >= self.max_duration_s:
            raise ValueError(f"min_duration_s {self.min_duration_s} is not below max_duration_s {self.max_duration_s}")
        if self.min_text_chars > self.max_text_chars:
            raise ValueError(f"min_text_chars {self.min_text_chars} is above max_text_chars {self.max_text_chars}")
        return self


class Quality(Section):
    """Stage 2, the quality report."""

    sample_count: Positive = Field(30, description="Clips drawn for a person to listen to.")
    suspect_top: Positive = Field(100, description="Rows in `suspects.tsv`.")
    max_text_length_p95: Positive = Field(300, description="95th percentile of the text length must be under this.")
    max_duplicate_ratio: Ratio = Field(
        0.05, description="Share of clips that repeat an earlier clip's normalised text must be under this."
    )
    max_edge_spike: float = Field(
        3.0,
        gt=1,
        description="How many times its neighbours an edge bin of the duration histogram may hold. Ours, not the plan's.",
    )
    seed: int = Field(1, description="Seed of the listening sample.")


class AsrSample(Section):
    """Stage 2a, the optional quick check with Whisper."""

    clips: int = Field(300, ge=0, description="Clips to transcribe; 0 leaves the stage out of the graph.")
    model: str = Field(
        "medium", description="A model folder, or the name of installed weights (`voice-assets doctor` lists them)."
    )
    min_mean_similarity: Ratio = Field(0.85, description="Mean similarity must reach this.")
    max_low_ratio: Ratio = Field(0.10, description="Share of clips under `low_similarity` must be under this.")
    max_category_gap: Ratio = Field(
        0.15, description="How far a category of 10 or more clips may lie under the mean of the rest. Ours, not the plan's."
    )
    seed: int = Field(1, description="Seed of the sample.")


class Whisper(Section):
    """Stage 3, every clip through Whisper."""

    model: str = Field("large-v3", description="A model folder, or the name of installed weights.")
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="`auto` takes CUDA where there is one.")
    devices: list[Annotated[int, Field(ge=0)]] | None = Field(
        None, min_length=1, description="GPUs to use, as nvidia-smi numbers them; null takes all that are visible."
    )
    workers_per_device: Positive = Field(1, description="Shards at once on each GPU, or on the CPU, whose cores they share.")
    allow_busy_gpu: bool = Field(False, description="Start on a GPU that somebody else is using; otherwise it is refused.")
    compute_type: str = Field("float16", description="CTranslate2's: `float16` on a GPU, `int8` on a CPU.")
    beam_size: Positive = Field(5, description="Beam of the later passes over clips that came out badly.")
    retry_below: Ratio = Field(0.93, description="A clip under this similarity is heard again on a wider window.")
    vad_filter: bool = Field(False, description="Cut silence out before a full decoding_pass (faster-whisper's VAD).")
    batch_size: Positive = Field(
        8, description="Clips in work at once: together on a GPU, shared out among the lanes of a CPU."
    )
    progress_every: Positive = Field(200, description="Clips between two lines in the run's log.")
    low_similarity: Ratio = Field(0.8, description="A clip is low under this similarity.")
    min_mean_similarity: Ratio = Field(0.90, description="Mean similarity of all clips must reach this.")
    max_low_ratio: Ratio = Field(0.02, description="Share of low clips must be under this.")
    max_category_gap: Ratio = Field(
        0.15, description="How far a category of 10 or more clips may lie under the mean of the rest. Ours, not the plan's."
    )


class Training(Section):
    """Stages 4 and 5, training with Piper."""

    quality: PiperQuality = Field("medium", description="Piper's quality name, part of the voice's file name.")
    epochs: int = Field(2, ge=2, description="Epochs of the mini-training (its loss rule compares epoch 0 with epoch 1).")
    batch_size: Positive = Field(16, description="Clips per step.")
    segment_size: Positive = Field(8192, description="Audio samples the decoder sees per clip and step; a multiple of 256.")
    validation_ratio: Ratio = Field(0.05, description="Share of the clips held out, chosen by a hash of the clip's name.")
    max_clips: Positive | None = Field(
        None, description="Train on at most this many clips, chosen by hash. For trials on a CPU."
    )
    accelerator: Literal["auto", "cpu", "gpu"] = Field("auto", description="Lightning's accelerator.")
    devices: Positive = Field(1, description="How many of them.")
    precision: str = Field("32-true", description="Lightning's precision, such as `16-mixed`.")
    num_workers: int = Field(2, ge=0, description="Processes that load data.")
    seed: int = Field(1234, description="Seed of the training.")
    checkpoint: Path | None = Field(None, description="A checkpoint to start from, read as weights only.")
    trust_checkpoint: bool = Field(
        False, description="Let `checkpoint` hold Python objects, as old ones do. Those can run code: only for files you trust."
    )

    @model_validator(mode="after")
    def _whole_frames(self) -> "Training":
        if self.segment_size % 256:
            raise ValueError(f"segment_size {self.segment_size} is not a multiple of the hop length, 256")
        return self


class Samples(Section):
    """What a voice is made to say, and how well it must."""

    sentences: list[str] = Field(
        default_factory=list, max_length=10, description="5 to 10 sentences; empty takes the language's own."
    )
    min_level_db: float = Field(-40.0, lt=0, description="Quietest RMS level of a sample that counts as audible, in dBFS.")
    max_cer: Ratio = Field(
        0.2, description="Mean character error rate when Whisper transcribes the samples back must not pass this."
    )
    min_mos: float = Field(3.0, ge=1, le=5, description="Mean predicted MOS (DNSMOS P.835, overall) must reach this.")

    @model_validator(mode="after")
    def _count(self) -> "Samples":
        if self.sentences and len(self.sentences) < 5:
            raise ValueError(f"{len(self.sentences)} sentences, the plan wants 5 to 10 (or none, for the language's own)")
        return self


class Voice(Section):
    """One voice: data set, language, thresholds, training."""

    name: str = Field(description="The file's name without `.yaml`; asset keys start with it.")
    file: Path = Field(description="The YAML file this voice was read from.")
    dataset: Path = Field(description="The data set's folder: `config.json`, `metadata_2col.csv`, `wavs/`.")
    title: str = Field(description="The voice's name for people, such as `Felix Mirage`.")
    language: str = Field(pattern=r"^[a-z]{2}$", description="Two-letter code: Whisper's language and the text rules.")
    region: str = Field(pattern=r"^[A-Z]{2}$", description="Two-letter country code; with the language it makes `ru_RU`.")
    espeak_voice: str = Field(description="espeak-ng's voice, such as `ru`.")
    sample_rate: Positive = Field(22050, description="The data set's sample rate in Hz.")
    shards: Positive = Field(2, description="Fixed parts the clips are split into.")
    owner: str = Field(
        "",
        pattern=r"^$|^team:[\w.-]+$|^[^@\s]+@[^@\s]+\.[^@\s]+$",
        description="Who answers for the voice: an e-mail address, or `team:name`. Shown in the Dagster UI.",
    )
    license: str = Field("", description="Licence of the recordings and so of the voice, for the model card.")
    credit: str = Field("", description="Whom the licence wants named.")
    limits: DatasetLimits = DatasetLimits()
    quality: Quality = Quality()
    asr_sample: AsrSample = AsrSample()
    whisper: Whisper = Whisper()
    training: Training = Training()
    samples: Samples = Samples()
    advisory: dict[str, str] = Field(
        default_factory=dict,
        description="Rules that warn instead of block, `suite/rule: reason`. The reason is shown beside every such verdict.",
    )

    @property
    def package_name(self) -> str:
        """The name that players search for, such as ``ru_RU-felix_mirage-medium``."""
        return f"{self.language}_{self.region}-{self.name}-{self.training.quality}"

    @property
    def reports_dir(self) -> Path:
        """The folder that holds every report on this voice's data set."""
        return self.dataset / "reports"


@dataclass(frozen=True)
class BrokenVoice:
    """A voice file that does not load, kept so that people see it where they look for the voice."""

    name: str
    file: Path
    error: str


def _paths_from(file: Path, content: dict[str, Any]) -> dict[str, Any]:
    """Turn the two path fields from strings relative to ``file`` into absolute paths."""
    resolved = dict(content)
    if isinstance(content.get("dataset"), str):
        resolved["dataset"] = (file.parent / Path(content["dataset"]).expanduser()).resolve()
    training = content.get("training")
    if isinstance(training, dict) and isinstance(training.get("checkpoint"), str):
        resolved["training"] = {**training, "checkpoint": (file.parent / Path(training["checkpoint"]).expanduser()).resolve()}
    return resolved


def _explain(file: Path, error: ValidationError) -> str:
    lines = []
    for problem in error.errors():
        key = ".".join(str(part) for part in problem["loc"]) or "(the whole file)"
        value = "" if problem["type"] == "missing" else f" (value: {problem['input']!r})"
        message = "unknown key" if problem["type"] == "extra_forbidden" else problem["msg"]
        lines.append(f"{file}: {key}: {message}{value}")
    return "\n".join(lines)


def load_voice(file: Path, text: str | None = None) -> Voice:
    """Read and validate one voice file. The data set itself may be missing: a voice can be written first.

    ``text`` is validated in the place of the file's content: a change can be tried before it is written.

    Raises:
        VoiceError: naming the file, the key and the value, one line per problem.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", file.stem):
        raise VoiceError(f"{file}: name: {file.stem!r} must be lower-case letters, digits and _, starting with a letter")
    try:
        written = file.read_text(encoding="utf-8") if text is None else text
        content = yaml.load(written, _Loader)  # noqa: S506 - a safe loader, made stricter
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise VoiceError(f"{file}: {error}") from error
    if not isinstance(content, dict):
        raise VoiceError(f"{file}: (the whole file): a voice file is a mapping of keys to values (value: {content!r})")
    for key in ("name", "file"):
        if key in content:
            raise VoiceError(f"{file}: {key}: unknown key (value: {content[key]!r})")
    try:
        return Voice(**_paths_from(file, content), name=file.stem, file=file)
    except ValidationError as error:
        raise VoiceError(_explain(file, error)) from error
    except (ValueError, RuntimeError) as error:  # a path that no file can have: an unknown user's home, a NUL
        raise VoiceError(f"{file}: dataset or training.checkpoint: {error} (value: {content.get('dataset')!r})") from error


def load_voices(folder: Path) -> tuple[list[Voice], list[BrokenVoice]]:
    """Read every ``*.yaml`` in ``folder``, sorted by name. A broken file is returned beside the good ones."""
    voices, broken = [], []
    for file in sorted(folder.glob("*.yaml")):
        try:
            voices.append(load_voice(file))
        except VoiceError as error:
            name = re.sub(r"[^A-Za-z0-9_]", lambda odd: f"_{ord(odd[0]):x}", file.stem)  # unique, and fit for an asset key
            broken.append(BrokenVoice(name=name, file=file, error=str(error)))
    return voices, broken
