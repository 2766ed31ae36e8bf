"""The start of a training from a published voice: ``start.ckpt``, which ``piper.model.start_from`` takes, and ``start.json``.

The stages are rebuild, speak and distil (``warm_start.cached``), then hear and decoder on the clips of the data set. Each
stage is complete on disk or goes on where a killed process was. Printing events belongs to ``workers.start``.
"""

import hashlib
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from voice_assets.dataset.config import ConfigError, PiperConfig, load_config
from voice_assets.piper import data
from voice_assets.piper import model as vits
from voice_assets.piper.checkpoint_fit import CHANNELS, Wanted
from voice_assets.piper.errors import CheckpointError
from voice_assets.piper.warm_start import cached
from voice_assets.piper.warm_start.decoder import heard_clips, tune_decoder
from voice_assets.piper.warm_start.learning import Learner, StartEvents, bf16_here
from voice_assets.piper.warm_start.published import PublishedVoice, language_of, misfits, read_voice
from voice_assets.piper.warm_start.requests import StartRequest
from voice_assets.runtime import files

CHECKPOINT, FACTS, STATE = "start.ckpt", "start.json", "decoder.pt"
VERSION = 1
"""Of the code that decides the content, besides ``cached.VERSION``."""


@dataclass(frozen=True)
class _Plan:
    """What is made of what: ``arguments`` of Piper's model, ``texts`` that the voice speaks, ``identity`` of everything."""

    voice: PublishedVoice
    config: PiperConfig
    arguments: dict[str, Any]
    texts: list[str]
    identity: str


def make_start(request: StartRequest, rows: pd.DataFrame, events: StartEvents) -> dict[str, Any]:
    """Write the start of a training on ``rows`` (``TRAINING_SET``). Returns the content of ``start.json``.

    A start that is there and complete is kept. A start of other settings or clips is replaced.

    Raises:
        CheckpointError: the published voice cannot be used; the message has all reasons. ConfigError, QualityError,
        TrainingError, TrainingSetError, NotFiniteLossError, AudioError, LockError, OSError.
    """
    plan = _plan(request, rows)
    language, own = plan.voice.language, language_of(plan.config)
    if language != own:
        events.note(f"{plan.voice.path.name} speaks {language}, the data set {own}: the words need a long training")
    known = _complete(request.out, plan.identity)
    if known is not None:
        events.note(f"{request.out / CHECKPOINT} is complete; nothing to do", folder=str(request.out))
        return known
    model, made = cached.distilled(plan.voice, plan.arguments, request.start, plan.texts, request.cache, events)
    stages = {**made["stages"], "decoder": _tune(model.model_g, request, rows, plan.identity, events)}
    fresh = _write(model, plan.config.num_symbols, request.out / CHECKPOINT, request.seed)
    facts = {
        "identity": plan.identity,
        "sha256": files.sha256(request.out / CHECKPOINT),
        "source": _source(plan.voice, request),
        "tensors": {**made["tensors"], "fresh_phonemes": fresh},
        "stages": stages,
    }
    files.write_text(request.out / FACTS, json.dumps(facts, indent=1, ensure_ascii=False))
    (request.out / STATE).unlink(missing_ok=True)
    return facts


def _plan(request: StartRequest, rows: pd.DataFrame) -> _Plan:
    """Read and check everything that the start is made of."""
    config = load_config(request.config)
    if config.sample_rate != request.sample_rate:
        raise ConfigError(
            f"{request.config}: its sample rate is {config.sample_rate}, in the voice it is {request.sample_rate}"
        )
    data.check_training_set(rows, request.dataset)
    voice = read_voice(request.source)
    arguments = {**vits.quality_arguments(request.quality, request.sample_rate), **request.model_arguments}
    _check_fit(voice, request, arguments, config, rows)
    texts = cached.texts_for(voice, request.start, config, list(rows["text"]))
    key = cached.key_of(voice, arguments, request.start, texts)
    return _Plan(voice, config, arguments, texts, _identity(request, key, data.fingerprint(rows, config)))


def _check_fit(
    voice: PublishedVoice, request: StartRequest, arguments: dict[str, Any], config: PiperConfig, rows: pd.DataFrame
) -> None:
    standard = CHANNELS[request.quality]
    channels = (arguments.get("hidden_channels", standard[0]), arguments.get("upsample_initial_channel", standard[1]))
    largest = max(max(ids) for ids in config.phoneme_id_map.values())
    wanted = Wanted(config.num_symbols, largest, channels, request.sample_rate, request.quality)
    problems = misfits(voice, wanted, config, list(rows["text"]))
    if problems:
        raise CheckpointError("\n".join(f"{voice.path}: {problem}" for problem in problems))


def _identity(request: StartRequest, distilled: str, training_set: str) -> str:
    """A hash of everything that decides ``start.ckpt``."""
    settings = request.start.model_dump(include={"decoder_steps", "decoder_rate"})
    content = [VERSION, distilled, settings, request.seed, training_set]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _complete(out: Path, identity: str) -> dict[str, Any] | None:
    """The facts of a start that is complete and of this identity."""
    try:
        facts: dict[str, Any] = json.loads((out / FACTS).read_text(encoding="utf-8"))
        whole = facts["identity"] == identity and files.sha256(out / CHECKPOINT) == facts["sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return facts if whole else None


def _tune(generator: Any, request: StartRequest, rows: pd.DataFrame, identity: str, events: StartEvents) -> dict[str, Any]:
    """The stages hear and decoder. Returns the figures of the latter."""
    if request.start.decoder_steps == 0:
        return {"seconds": 0.0}
    bf16, began, rate = bf16_here(), time.monotonic(), request.sample_rate
    clips = heard_clips(generator, rows, request.dataset, rate, request.seed, events, bf16)
    seconds = sum(len(clip.audio) for clip in clips) / rate
    events.stage("hear", time.monotonic() - began, {"clips": len(clips), "minutes": seconds / 60})

    def learner_of(weights: dict[str, Any], optimizer: Any) -> Learner:
        return Learner(weights, optimizer, request.out / STATE, identity)

    chosen = request.start
    figures = tune_decoder(
        generator, clips, chosen.decoder_steps, chosen.decoder_rate, rate, request.seed, learner_of, events, bf16
    )
    events.stage("decoder", figures["seconds"], {key: value for key, value in figures.items() if key != "seconds"})
    return figures


def _write(model: Any, phonemes: int, file: Path, seed: int) -> int:
    """Write the checkpoint with an embedding of ``phonemes`` rows. Returns the number of rows that are random."""
    import torch

    prefix, table = "model_g.", "model_g.enc_p.emb.weight"
    state = {f"{prefix}{name}": tensor.detach().clone() for name, tensor in model.model_g.state_dict().items()}
    rows = state[table]
    fresh = max(0, phonemes - len(rows))
    random_rows = torch.randn(fresh, rows.shape[1], generator=torch.Generator().manual_seed(seed)) * rows.shape[1] ** -0.5
    state[table] = torch.cat([rows[:phonemes], random_rows])
    parameters = {name: value for name, value in dict(model.hparams).items() if name != "dataset"}
    content = {"state_dict": state, "hyper_parameters": {**parameters, "num_symbols": phonemes}, "epoch": 0, "global_step": 0}
    with files.replacing(file) as temporary:
        torch.save(content, temporary)
    return fresh


def _source(voice: PublishedVoice, request: StartRequest) -> dict[str, str]:
    """Where the start comes from, for the lineage and the model card."""
    return {
        "name": voice.path.name,
        "sha256": voice.sha256,
        "quality": voice.quality,
        "language": voice.language,
        "license": request.start.license,
        "credit": request.start.credit,
    }
