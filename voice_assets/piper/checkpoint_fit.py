"""Whether a checkpoint fits a voice: its speakers, its phonemes, its quality and its rate. All from `read_facts`, in a moment.

The same function judges for ``doctor``, before a run, and in the training worker. Not here: what is in a file
(``piper.checkpoint_file``), and copying the weights (``piper.model``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from voice_assets.dataset import espeak
from voice_assets.dataset.config import ConfigError, PiperConfig, load_config
from voice_assets.piper.checkpoint_file import CheckpointFacts, read_facts
from voice_assets.piper.errors import CheckpointError
from voice_assets.voices import Training

EMBEDDING = "model_g.enc_p.emb.weight"  # [phonemes, channels]
DECODER = "model_g.dec.conv_pre.weight"  # [channels, channels of the embedding, 7]
# What Piper itself takes for another set of phonemes (its vocoder warm start): the rest knows phonemes.
WITHOUT_PHONEMES = ("model_g.dec.", "model_g.enc_q.", "model_g.flow.")
SPEAKERS = "model_g.emb_g.weight"  # [speakers, channels]; a model of one speaker has none
# The channels of the embedding and of the decoder, by quality; a test compares them with Piper's models.
CHANNELS = {"x_low": (96, 256), "low": (192, 256), "medium": (192, 256), "high": (192, 512)}
PIPERS_PHONEMES = 256
Take = Literal["all", "decoder"]
OTHERWISE = "otherwise leave `training.checkpoint` out"


@dataclass(frozen=True)
class Wanted:
    """The model that is to be trained.

    Attributes:
        phonemes: ``num_symbols`` of the data set.
        largest_id: the largest id in its ``phoneme_id_map``.
        channels: as in ``CHANNELS``.
        sample_rate: in Hz.
        quality: for the message.
        take: ``all`` weights, or those of the ``decoder``, the posterior encoder and the flow, which know no phonemes.
    """

    phonemes: int
    largest_id: int
    channels: tuple[int, int]
    sample_rate: int
    quality: str
    take: Take = "all"


def wanted_of(config: PiperConfig, quality: str, sample_rate: int, take: Take = "all") -> Wanted:
    """What a voice of ``quality`` at ``sample_rate`` asks of a checkpoint, for a data set with this ``config``."""
    return Wanted(config.num_symbols, _largest(config.phoneme_id_map), CHANNELS[quality], sample_rate, quality, take)


def usable(path: Path, wanted: Wanted, *, trusted: bool) -> CheckpointFacts:
    """The facts of the checkpoint ``path``, when training can start from its weights.

    Raises:
        CheckpointError: it cannot, with all reasons and what to do, a line each.
    """
    facts = read_facts(path)
    problems = [*misfits(facts, wanted), *([] if trusted else untrusted(facts))]
    if problems:
        raise CheckpointError("\n".join(f"{path}: {problem}" for problem in problems))
    return facts


def untrusted(facts: CheckpointFacts) -> list[str]:
    """Why the file may only be loaded by a person who trusts it; empty when it holds tensors and plain data."""
    names = facts.unknown_objects
    if not names:
        return []
    return [
        f"it holds Python objects ({', '.join(names[:5])}), and loading them can run code; set "
        "`training.trust_checkpoint: true` in the voice file only for a file that you trust"
    ]


def start_problem(training: Training, config: Path, sample_rate: int) -> str:
    """Why training cannot start from the checkpoint of a voice, with all reasons; empty when it can, or without a checkpoint.

    With a ``config`` (``config.json``) that cannot be read, whose faults have rules of their own, Piper's phonemes count.
    """
    if training.checkpoint is None:
        return ""
    phonemes, largest_id = _phonemes_of(config)
    wanted = Wanted(phonemes, largest_id, CHANNELS[training.quality], sample_rate, training.quality, training.take)
    try:
        usable(training.checkpoint, wanted, trusted=training.trust_checkpoint)
    except CheckpointError as error:
        return str(error)
    return ""


def _phonemes_of(file: Path) -> tuple[int, int]:
    """The number of phonemes and the largest id in a data set's ``config.json``; Piper's own where the file has a fault."""
    try:
        config = load_config(file)
    except ConfigError:
        return PIPERS_PHONEMES, _largest(espeak.default_id_map())
    return config.num_symbols, _largest(config.phoneme_id_map)


def _largest(id_map: Mapping[str, list[int]]) -> int:
    return max(max(ids) for ids in id_map.values())


def misfits(facts: CheckpointFacts, wanted: Wanted) -> list[str]:
    """Every reason why weights with these ``facts`` do not fit; empty when they fit."""
    if not any(name.startswith("model_g.") for name in facts.shapes):
        held = f"tensors such as {', '.join(list(facts.shapes)[:2])}" if facts.shapes else "no tensors"
        return [f"a checkpoint of another program, with {held}; those of a Piper model are called model_g.…"]
    phonemes = _phonemes(facts.shapes, wanted) if wanted.take == "all" else ""
    found = [_speakers(facts), phonemes, _quality(facts.shapes, wanted), _rate(facts, wanted)]
    return [reason for reason in found if reason]


def _speakers(facts: CheckpointFacts) -> str:
    number = facts.parameters.get("num_speakers", 1)
    if SPEAKERS in facts.shapes:
        number = facts.shapes[SPEAKERS][0]
    if not isinstance(number, int) or number < 2:
        return ""
    return f"a model of {number} speakers (num_speakers), and a voice here has one; take a checkpoint of a single speaker"


def _phonemes(shapes: Mapping[str, tuple[int, ...]], wanted: Wanted) -> str:
    rows = shapes[EMBEDDING][0] if EMBEDDING in shapes else 0
    if rows == wanted.phonemes:
        return ""
    fits = f"; or write `num_symbols: {rows}` into config.json, if both have Piper's own phoneme ids"
    return (
        f"its phoneme embedding has {rows} rows, and num_symbols in config.json is {wanted.phonemes}: the model would have to "
        f"learn every phoneme anew. Take a checkpoint of {wanted.phonemes} phonemes, or write "
        f"`training.take: decoder`, which leaves out what knows phonemes"
        f"{fits if wanted.largest_id < rows else ''}; {OTHERWISE}"
    )


def _quality(shapes: Mapping[str, tuple[int, ...]], wanted: Wanted) -> str:
    found = (shapes[EMBEDDING][1] if EMBEDDING in shapes else 0, shapes[DECODER][0] if DECODER in shapes else 0)
    if found == wanted.channels:
        return ""
    theirs = " or ".join(quality for quality, channels in CHANNELS.items() if channels == found)
    named = f"of quality {theirs}" if theirs else "of no quality of Piper"
    return (
        f"its decoder does not fit this quality: it is {named} ({found[0]} and {found[1]} channels), and "
        f"training.quality is {wanted.quality} ({wanted.channels[0]} and {wanted.channels[1]}); take a checkpoint of quality "
        f"{wanted.quality}, or {f'write `quality: {theirs}`' if theirs else 'leave `training.checkpoint` out'}"
    )


def _rate(facts: CheckpointFacts, wanted: Wanted) -> str:
    rate = facts.parameters.get("sample_rate", wanted.sample_rate)
    if not isinstance(rate, int) or rate == wanted.sample_rate:
        return ""
    return f"it was trained on audio of {rate} Hz, and the voice has {wanted.sample_rate} Hz; take a checkpoint of that rate"
