"""A voice: one YAML file, read and validated. Defaults and units stand only here and in ``voice_training`` (stages 4 and 5).

Here: decisions of people about a voice. Not here: computed values. A default is the plan's value for "Felix Mirage" (Russian,
18,377 clips, 22,050 Hz) unless the description says otherwise. Paths are relative to the file.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from voice_assets import voice_faults
from voice_assets.runtime import project, strict_yaml
from voice_assets.voice_faults import fits
from voice_assets.voice_section import PiperQuality as PiperQuality
from voice_assets.voice_section import Positive as Positive
from voice_assets.voice_section import Ratio, RatioLimit
from voice_assets.voice_section import Section as Section
from voice_assets.voice_training import Samples as Samples
from voice_assets.voice_training import Tournament as Tournament
from voice_assets.voice_training import Training as Training

# CTranslate2's own names. Whether this machine can compute with a type is known only on the machine.
ComputeType = Literal[
    "default", "auto", "int8", "int8_float32", "int8_float16", "int8_bfloat16", "int16", "float16", "bfloat16", "float32"
]


class VoiceError(ValueError):
    """A voice file that cannot be used. The message names the file, the key and the value."""


class DatasetLimits(Section):
    """Stage 1: the limits of every clip."""

    min_duration_s: float = Field(0.2, gt=0, description="Shortest clip allowed, in seconds.")
    max_duration_s: float = Field(
        15.0, gt=0, le=600, description="Longest clip allowed, in seconds, at most 600 (the plan's `seg15`)."
    )
    min_text_chars: Positive = Field(3, description="Shortest reference text allowed, in characters.")
    max_text_chars: Positive = Field(400, description="Longest reference text allowed, in characters.")
    min_script_share: Ratio = Field(
        0.5,
        description="At least this share of a text's letters, 0 to 1, must be in the script of the language. The default "
        "allows a foreign name in a sentence.",
    )

    @model_validator(mode="after")
    def _ordered(self) -> "DatasetLimits":
        for low, high, ordered in (
            ("min_duration_s", "max_duration_s", self.min_duration_s < self.max_duration_s),
            ("min_text_chars", "max_text_chars", self.min_text_chars <= self.max_text_chars),
        ):
            problem = "" if ordered else f"{low} {getattr(self, low)} must be below {high}, which is {getattr(self, high)}"
            voice_faults.require(low, getattr(self, low), problem)
        return self


class Quality(Section):
    """Stage 2: the quality report and its limits."""

    sample_count: Positive = Field(30, description="How many clips are drawn for a person to listen to.")
    suspect_top: Positive = Field(100, description="The most clips listed in `suspects.tsv`.")
    max_text_length_p95: Positive = Field(
        300, description="The 95th percentile of the text length, in characters, must be under this."
    )
    max_duplicate_ratio: RatioLimit = Field(
        0.05,
        description="The share of clips that repeat the normalised text of an earlier clip, 0 to 1, must be under this.",
    )
    max_edge_spike: float = Field(
        3.0,
        gt=1,
        description="The first and the last bin of the duration histogram may hold at most this many times the clips of their "
        "neighbours. Our limit, not the plan's.",
    )
    seed: int = Field(1, description="Seed of the listening sample; another seed draws other clips.")


class AsrSample(Section):
    """Stage 2a: the optional check of a sample of clips with Whisper."""

    clips: int = Field(
        300, ge=0, description="How many clips are drawn and transcribed; with 0, the graph does not have this stage."
    )
    model: str = Field(
        "medium",
        description="The Whisper model: a folder, or the name of installed weights (`voice-assets doctor` lists them).",
    )
    min_mean_similarity: Ratio = Field(0.85, description="The mean similarity of the sample, 0 to 1, must be at least this.")
    max_low_ratio: RatioLimit = Field(
        0.10, description="The share of low clips in the sample, 0 to 1, must be under this (`whisper.low_similarity`)."
    )
    max_category_gap: Ratio = Field(
        0.15,
        description="The mean similarity of a category of 10 or more clips may be at most this much under that of the other "
        "clips. Our limit, not the plan's.",
    )
    seed: int = Field(1, description="Seed of the sample; another seed draws other clips.")


class Whisper(Section):
    """Stage 3: transcribing every clip with Whisper. Device and decoding settings apply to the ASR sample too."""

    model: str = Field(
        "large-v3",
        description="The Whisper model: a folder, or the name of installed weights (`voice-assets doctor` lists them).",
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="The device to decode on; `auto` uses CUDA if there is a GPU."
    )
    devices: list[Annotated[int, Field(ge=0)]] | None = Field(
        None, min_length=1, description="The GPUs to use, by their index in nvidia-smi; null uses every visible GPU."
    )
    workers_per_device: Positive = Field(
        1,
        description="How many shards are transcribed at the same time on each GPU, or on the CPU, where they share the cores.",
    )
    allow_busy_gpu: bool = Field(
        False, description="Whether a run may start on a GPU that another process uses; if not, the run fails with an error."
    )
    compute_type: ComputeType = Field("float16", description="CTranslate2's compute type: `float16` on a GPU, `int8` on a CPU.")
    beam_size: Positive = Field(
        5, description="Hypotheses that the beam search keeps in the wide and the full decoding pass; the fast pass keeps 1."
    )
    retry_below: Ratio = Field(
        0.93, description="A clip under this similarity, 0 to 1, is decoded again on a wider window (the wide decoding pass)."
    )
    vad_filter: bool = Field(
        False,
        description="Whether the full decoding pass removes silence first, with faster-whisper's voice activity detection.",
    )
    batch_size: Positive = Field(
        8, description="How many clips are decoded at the same time: one batch on a GPU, divided among the streams of a CPU."
    )
    progress_every: Positive = Field(
        200, description="How many clips are finished between two progress lines in the run's log."
    )
    low_similarity: Ratio = Field(
        0.8, description="A clip under this similarity, 0 to 1, gets the full decoding pass; a clip that stays under it is low."
    )
    min_mean_similarity: Ratio = Field(0.90, description="The mean similarity of all clips, 0 to 1, must be at least this.")
    max_low_ratio: RatioLimit = Field(0.02, description="The share of low clips, 0 to 1, must be under this.")
    max_category_gap: Ratio = Field(
        0.15,
        description="The mean similarity of a category of 10 or more clips may be at most this much under that of the other "
        "clips. Our limit, not the plan's.",
    )


class Revalidate(Section):
    """Scheduled re-validation, by the daemon that `voice-assets ui` starts."""

    cron: str = Field(
        description="When the data set is looked at for changes, as cron writes it, such as `0 3 * * 1`: Monday, 03:00."
    )
    timezone: str = Field("UTC", description="The time zone of `cron`, such as `Europe/Berlin`.")
    full_every: Positive | None = Field(
        None,
        description="After so many days, everything up to the Whisper validation is made again, changed or not; null: never. "
        "Hypotheses still come from the transcript cache where audio, model and decoding options are the same.",
    )


class Voice(Section):
    """One voice: its data set, language, limits and training."""

    name: str = Field(description="The file's name without `.yaml`; asset keys start with it.")
    file: Path = Field(description="The YAML file of this voice.")
    dataset: Path = Field(
        description="The folder of the data set, with `config.json`, `metadata_2col.csv` and `wavs/`; or the URL of such a "
        "folder on a store, `s3://bucket/folder`, of which each machine fetches what it needs."
    )
    dataset_url: str = Field("", description="The URL of a data set on a store, of which `dataset` is the local copy.")
    title: Annotated[str, fits(voice_faults.text_fault)] = Field(
        description="The voice's name for people, such as `Felix Mirage`."
    )
    language: Annotated[str, fits(voice_faults.language_fault)] = Field(
        description="Two-letter code of the language, for Whisper and for normalising texts."
    )
    region: Annotated[str, fits(voice_faults.region_fault)] = Field(
        description="Two-letter country code; language and region make `ru_RU`."
    )
    espeak_voice: Annotated[str, fits(voice_faults.espeak_fault)] = Field(
        description="The espeak-ng voice that makes the phonemes, such as `ru`."
    )
    sample_rate: Annotated[Positive, fits(voice_faults.rate_fault)] = Field(
        22050, description="The sample rate of the data set, in Hz: 22050 for `medium` and `high`, 16000 for `low` and `x_low`."
    )
    shards: Positive = Field(2, description="How many shards the clips are split into.")
    owner: Annotated[str, fits(voice_faults.owner_fault)] = Field(
        "", description="Who is responsible for the voice: an e-mail address, or `team:name`. Shown in the Dagster UI."
    )
    license: str = Field("", description="The licence of the recordings, and so of the voice; for the model card.")
    credit: str = Field("", description="Whom to credit, as the licence requires; for the model card.")
    limits: DatasetLimits = DatasetLimits()
    quality: Quality = Quality()
    asr_sample: AsrSample = AsrSample()
    whisper: Whisper = Whisper()
    training: Training = Training()
    samples: Samples = Samples()
    tournament: Tournament = Tournament()
    revalidate: Revalidate | None = Field(None, description="When to validate again; null: never by itself.")
    advisory: dict[str, str] = Field(
        default_factory=dict,
        description="Rules that warn and do not block, `suite/rule: reason`. The reason is shown beside each verdict.",
    )
    never_waive: list[str] = Field(
        default_factory=list, description="Rules, `suite/rule`, that no waiver opens (`voice-assets waive`)."
    )
    listening: Literal["required", "advisory", "off"] = Field(
        "required",
        description="Whether a person must have heard and approved the samples before training and packaging "
        "(`voice-assets review`); with `advisory`, a missing approval only warns.",
    )

    @model_validator(mode="after")
    def _one_rate(self) -> "Voice":
        quality = self.training.quality
        voice_faults.require("training.quality", quality, voice_faults.quality_fault(quality, self.sample_rate))
        return self

    @property
    def package_name(self) -> str:
        """The name of the voice in Piper players, such as ``ru_RU-felix_mirage-medium``, of what is trained now."""
        return self.package_name_of(self.training.quality)

    def package_name_of(self, quality: str) -> str:
        """The name of the voice in Piper players, of a training of this quality. An earlier training may have another one."""
        return f"{self.language}_{self.region}-{self.name}-{quality}"

    @property
    def dataset_place(self) -> str:
        """Where the data set is, for people: a URL or a folder."""
        return self.dataset_url or str(self.dataset)

    @property
    def lacks_dataset(self) -> bool:
        """Whether the folder of the data set does not exist. Of a data set on a store, nobody is asked."""
        return not self.dataset_url and not self.dataset.is_dir()

    @property
    def reports_dir(self) -> Path:
        """The folder of all reports on this voice's data set."""
        return self.dataset / "reports"


@dataclass(frozen=True)
class BrokenVoice:
    """A voice file that does not load, and its error. The list of voices shows the error."""

    name: str
    file: Path
    error: str


def _paths_from(file: Path, content: dict[str, Any]) -> dict[str, Any]:
    """``content`` with its path fields as absolute paths. In the file, they are relative to the folder of ``file``.

    A data set on a store has its local copy among the voice's artifacts, where no cleaning of caches removes the reports in it.
    """
    training, dataset = content.get("training"), content.get("dataset")
    places = [(content, "dataset")]
    resolved = dict(content)
    if isinstance(dataset, str) and "://" in dataset:
        places = []
        resolved |= {"dataset": project.artifacts_dir(file.stem) / "dataset", "dataset_url": _store_url(file, dataset)}
    if isinstance(training, dict):
        resolved["training"] = dict(training)
        places += [(training, key) for key in ("checkpoint", "start_from")]
    for section, key in places:
        if isinstance(section.get(key), str):
            target = resolved if section is content else resolved["training"]
            target[key] = (file.parent / Path(section[key]).expanduser()).resolve()
    return resolved


def _store_url(file: Path, url: str) -> str:
    """The URL of a data set on a store. Nothing is looked at.

    Raises:
        VoiceError: not a URL of S3, or it holds a password. The message does not show it.
    """
    from voice_assets.runtime import remote, s3

    try:
        remote.require_usable(url)
    except (ValueError, remote.RemoteError) as error:
        raise VoiceError(f"{file}: dataset: {error}") from None
    if url.partition("://")[0] not in s3.PROTOCOLS:
        raise VoiceError(f"{file}: dataset: write a folder, or s3://<bucket>/<folder> (value: {url!r})")
    return url.rstrip("/")


def load_voice(file: Path, text: str | None = None) -> Voice:
    """Read and validate one voice file. The data set may be missing: a person can write the voice file first.

    ``text`` is validated instead of the file's content, to check a change before it is written.

    Raises:
        VoiceError: names the file, the key and the value, one line per problem.
    """
    if file.suffix != ".yaml":
        raise VoiceError(f"{file}: the ending of a voice file is .yaml, not {file.suffix}; call the file {file.stem}.yaml")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", file.stem):
        raise VoiceError(f"{file}: name: {voice_faults.name_fault(file.stem)}")
    try:
        written = file.read_text(encoding="utf-8") if text is None else text
        content = strict_yaml.load(written)
    except (OSError, ValueError) as error:
        raise VoiceError(f"{file}: {error}") from error
    if not isinstance(content, dict):
        raise VoiceError(f"{file}: (the whole file): a voice file is a mapping of keys to values (value: {content!r})")
    for key in voice_faults.NOT_IN_FILE:
        if key in content:
            raise VoiceError(f"{file}: {key}: unknown key (value: {content[key]!r})")
    try:
        return Voice(**_paths_from(file, content), name=file.stem, file=file)
    except ValidationError as error:
        raise VoiceError(voice_faults.explain(file, error, strict_yaml.as_written(written), Voice)) from error
    except VoiceError:
        raise
    except (ValueError, RuntimeError) as error:  # an impossible path: the home of an unknown user, a NUL
        raise VoiceError(
            f"{file}: dataset, training.checkpoint or training.start_from: {error} (value: {content.get('dataset')!r})"
        ) from error


def load_voices(folder: Path, only: Collection[str] | None = None) -> tuple[list[Voice], list[BrokenVoice]]:
    """Read every ``*.yaml`` and ``*.yml`` in ``folder``, sorted by name. Returns the valid voices and the broken files.

    ``only``: the names of the voices to read; None reads all.
    """
    voices, broken = [], []
    files = sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")])
    for file in files if only is None else [file for file in files if file.stem in only]:
        try:
            voices.append(load_voice(file))
        except VoiceError as error:
            bare = file.name.removesuffix(".yaml")
            name = re.sub(r"[^A-Za-z0-9_]", lambda odd: f"_{ord(odd[0]):x}", bare)  # unique and valid in an asset key
            broken.append(BrokenVoice(name=name, file=file, error=str(error)))
    return voices, broken
