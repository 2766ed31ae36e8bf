"""A published voice, an ``.onnx`` with its ``.onnx.json``, and whether a voice can start from it.

The same function judges for ``doctor``, before a run and in the worker, without torch. Not here: reading the
weights (``warm_start.onnx_weights``).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from voice_assets.dataset import espeak
from voice_assets.dataset.clips import METADATA
from voice_assets.dataset.config import ConfigError, PiperConfig, load_config
from voice_assets.dataset.rows import MetadataError, read_rows
from voice_assets.piper.checkpoint_fit import CHANNELS, Wanted, wanted_of
from voice_assets.piper.errors import CheckpointError
from voice_assets.piper.warm_start.onnx_weights import EMBEDDING, OnnxWeights, read_weights
from voice_assets.runtime import files
from voice_assets.voice_faults import QUALITY_RATES
from voice_assets.voices import Training

DECODER = "dec.conv_pre.weight"  # [channels, channels of the embedding, 7]
SPEAKERS = "emb_g.weight"  # [speakers, channels]; a model of one speaker has none
MOST_NAMED = 8


@dataclass(frozen=True)
class PublishedVoice:
    """A voice that was published as ONNX.

    Attributes:
        path: the ``.onnx``.
        sha256: of the ``.onnx``.
        config: its ``.onnx.json``.
        weights: as `read_weights`.
    """

    path: Path
    sha256: str
    config: PiperConfig = field(repr=False)
    weights: OnnxWeights = field(repr=False)

    @property
    def phonemes(self) -> int:
        """The number of rows of the phoneme embedding."""
        return self.weights.tensors[EMBEDDING].shape[0]

    @property
    def channels(self) -> tuple[int, int]:
        """The channels of the embedding and of the decoder, as in ``checkpoint_fit.CHANNELS``."""
        tensors = self.weights.tensors
        return tensors[EMBEDDING].shape[1], tensors[DECODER].shape[0]

    @property
    def quality(self) -> str:
        """Piper's quality that fits the channels and the sample rate; empty when none does."""
        rate = self.config.sample_rate
        found = (one for one, channels in CHANNELS.items() if channels == self.channels and QUALITY_RATES[one] == rate)
        return next(found, "")

    @property
    def language(self) -> str:
        """The two-letter code of the voice's language."""
        return language_of(self.config)


def language_of(config: PiperConfig) -> str:
    """The two-letter code of a language: of ``language.family`` or ``language.code``, else of the espeak voice."""
    named = _extra(config, "language")
    found = named.get("family") or named.get("code")
    return re.split("[-_]", found if isinstance(found, str) else config.espeak_voice)[0]


def read_voice(path: Path) -> PublishedVoice:
    """The published voice in ``path``, with ``<path>.json`` beside it.

    Raises:
        CheckpointError: a file is missing or damaged, or it is no Piper voice of one speaker.
    """
    weights = read_weights(path)
    speakers = weights.tensors.get(SPEAKERS)
    if speakers is not None:
        raise CheckpointError(
            f"{path}: a model of {speakers.shape[0]} speakers, and a voice here has one; pick a published voice of a "
            "single speaker"
        )
    missing = [name for name in (EMBEDDING, DECODER) if name not in weights.tensors]
    if missing:
        raise CheckpointError(
            f"{path}: no voice of Piper (VITS): it has no tensor {missing[0]}; take the .onnx of a Piper voice"
        )
    beside = path.with_name(f"{path.name}.json")
    try:
        config = load_config(beside)
    except ConfigError as error:
        raise CheckpointError(
            f"{error}\n{path}: the configuration {beside.name} that was published with it must be beside it"
        ) from error
    return PublishedVoice(path, files.sha256(path), config, weights)


def misfits(voice: PublishedVoice, wanted: Wanted, config: PiperConfig, texts: Iterable[str]) -> list[str]:
    """Why a voice with this ``config`` and these ``texts`` cannot start from a published one, in words; empty when it can."""
    found = (
        _quality(voice, wanted),
        _rate(voice, wanted),
        _clusters(voice.config),
        *_phonemes(voice, config, texts),
    )
    return [problem for problem in found if problem]


def start_from_problem(training: Training, config: Path, sample_rate: int) -> str:
    """Why training cannot start from the published voice of a voice file; empty when it can, or without ``start_from``.

    ``config`` is the data set's ``config.json``; the texts are read from the metadata beside it. Faults of these two files have
    rules of their own: with such a fault only the published voice itself is judged. ``sample_rate`` in Hz.
    """
    if training.start_from is None:
        return ""
    try:
        voice = read_voice(training.start_from)
        own = load_config(config)
        wanted = wanted_of(own, training.quality, sample_rate)
        problems = misfits(voice, wanted, own, _texts(config.parent / METADATA))
    except CheckpointError as error:
        return str(error)
    except ConfigError:
        return ""
    return "\n".join(f"{voice.path}: {problem}" for problem in problems)


def _texts(metadata: Path) -> list[str]:
    try:
        return [row.text for row in read_rows(metadata) if not row.structure]
    except (MetadataError, OSError):
        return []


def _quality(voice: PublishedVoice, wanted: Wanted) -> str:
    if voice.channels == wanted.channels:
        return ""
    fits = f"write `quality: {voice.quality}`" if voice.quality else "leave `training.start_from` out"
    return (
        f"it is of {f'quality {voice.quality}' if voice.quality else 'no quality of Piper'} ({voice.channels[0]} and "
        f"{voice.channels[1]} channels), and training.quality is {wanted.quality} ({wanted.channels[0]} and "
        f"{wanted.channels[1]}); take a published voice of quality {wanted.quality}, or {fits}"
    )


def _rate(voice: PublishedVoice, wanted: Wanted) -> str:
    rate = voice.config.sample_rate
    if rate == wanted.sample_rate:
        return ""
    other = (
        f", or write `sample_rate: {rate}` and `quality: {voice.quality}` for a data set of that rate" if voice.quality else ""
    )
    return f"it speaks at {rate} Hz, and the voice has {wanted.sample_rate} Hz; take a published voice of that rate{other}"


def _clusters(config: PiperConfig) -> str:
    if not (config.model_extra or {}).get("vowel_clusters"):
        return ""
    return "it was trained with merged vowels (vowel_clusters), which data sets here do not have; take another published voice"


def _phonemes(voice: PublishedVoice, config: PiperConfig, texts: Iterable[str]) -> list[str]:
    """The phonemes of the texts that have other ids in the published voice, and those that it does not have at all."""
    if problem := espeak.voice_problem(config.espeak_voice):
        return [f"the phonemes of the data set cannot be compared: {problem}"]
    used = {phoneme for text in espeak.phonemes_of(texts, config.espeak_voice) for phoneme in text} | {"_", "^", "$", " "}
    ours, theirs = config.phoneme_id_map, voice.config.phoneme_id_map
    moved = sorted(one for one in used & ours.keys() & theirs.keys() if ours[one] != theirs[one])
    unknown = sorted(one for one in used & ours.keys() - theirs.keys())
    problems = []
    if moved:
        problems.append(
            f"{len(moved)} phonemes of the data set's texts have other ids in it: {_named(moved, ours, theirs)}; copy "
            f"`phoneme_id_map` from {voice.path.name}.json into config.json"
        )
    if unknown:
        named = ", ".join(map(repr, unknown[:MOST_NAMED]))
        problems.append(f"it has no ids for {named}, which the data set's texts need; take a published voice of its language")
    return [*problems, *_beyond(voice, used, ours)]


def _beyond(voice: PublishedVoice, used: set[str], ours: Mapping[str, list[int]]) -> list[str]:
    largest = max(max(ours[one]) for one in used & ours.keys())
    if largest < voice.phonemes:
        return []
    return [
        f"its phoneme embedding has {voice.phonemes} rows, and the data set uses the id {largest}; take another published voice"
    ]


def _named(moved: list[str], ours: Mapping[str, list[int]], theirs: Mapping[str, list[int]]) -> str:
    return ", ".join(f"{one!r} {theirs[one]} there, {ours[one]} here" for one in moved[:MOST_NAMED])


def _extra(config: PiperConfig, key: str) -> dict[str, Any]:
    value = (config.model_extra or {}).get(key)
    return value if isinstance(value, dict) else {}
