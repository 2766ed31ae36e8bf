"""Piper's VITS model: making the model, stopping at a loss that is not finite, reading checkpoints.

Here: the alignment search that Piper's wheel lacks, the arguments of each quality, the guarded model, and loading a
checkpoint without running code from the file. Not here: data (``piper.data``), the training loop (``piper.training``), ONNX
(``piper.export``). Importing this module loads nothing heavy: each function imports torch where it needs torch.
"""

import importlib
import math
import sys
import types
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from voice_assets.dataset.config import PiperConfig
from voice_assets.piper import optimizing, vits_step
from voice_assets.piper.checkpoint_file import PLAIN_DATA, StandIn, read_facts
from voice_assets.piper.checkpoint_fit import DECODER, EMBEDDING, WITHOUT_PHONEMES, Take, Wanted, untrusted, usable, wanted_of
from voice_assets.piper.errors import CheckpointError
from voice_assets.voice_faults import QUALITY_RATES

ALIGNMENT_MODULE = "piper.train.vits.monotonic_align"

# Piper's own presets (piper.train.vits.config.ModelAudioConfig): `high` is the large decoder, `medium` the small decoder at
# 22,050 Hz, `low` the small decoder at 16,000 Hz. Piper 1.8 has no preset `x_low`; here `x_low` is the narrow model (96
# channels) of Piper's published `x_low` voices.
_X_LOW = {"hidden_channels": 96, "inter_channels": 96, "filter_channels": 384}

# Not an argument of VitsModel: how many of the six discriminators the model keeps. Tests keep one, with 5.6 M parameters.
DISCRIMINATORS = "discriminators"
# Not an argument of VitsModel either: how many batches are added up before the optimizers step.
ACCUMULATE = "accumulate"
# Piper's names in TensorBoard for the two sums of losses.
_LOGGED = {"generator": "loss_g", "discriminator": "loss_d"}


class NotFiniteLossError(ArithmeticError):
    """A loss is NaN or infinite. After this step every weight would be NaN as well, so the training stops."""


class QualityError(ValueError):
    """A quality that Piper does not have, or one for another sample rate than the data set's."""


def maximum_path(scores: Any, mask: Any) -> Any:
    """The best monotonic alignment of each clip, in the shape that Piper asks for.

    ``scores``, ``mask`` and the result are ``[batch, frames, text]``; the result is 1 on the path. The library takes
    ``[batch, text, frames]``. Swapped axes raise no error: the KL loss is infinite at the first step, and every later loss is
    NaN.
    """
    from monotonic_alignment_search import maximum_path_cython

    path = maximum_path_cython(scores.transpose(1, 2).contiguous(), mask.transpose(1, 2).contiguous())
    return path.transpose(1, 2)


def register_alignment() -> None:
    """Put :func:`maximum_path` where Piper imports its alignment search; Piper's wheel has neither its source nor a binary.

    Call this function before ``piper.train.vits.lightning`` is imported. A second call changes nothing.
    """
    if ALIGNMENT_MODULE not in sys.modules:
        module = types.ModuleType(ALIGNMENT_MODULE)
        module.maximum_path = maximum_path  # type: ignore[attr-defined]
        sys.modules[ALIGNMENT_MODULE] = module
        package = importlib.import_module("piper.train.vits")
        package.monotonic_align = module  # type: ignore[attr-defined]


def quality_arguments(quality: str, sample_rate: int) -> dict[str, Any]:
    """The arguments of Piper's ``VitsModel`` for a quality name at a sample rate in Hz.

    Raises:
        QualityError: an unknown quality, or a quality of another sample rate.
    """
    from piper.train.vits.config import ModelAudioConfig

    expected = QUALITY_RATES.get(quality)
    if expected is None:
        raise QualityError(f"quality {quality!r} is none of {', '.join(QUALITY_RATES)}")
    if sample_rate != expected:
        raise QualityError(f"quality {quality} is {expected} Hz in Piper, the data set is {sample_rate} Hz")
    preset = ModelAudioConfig.high_quality() if quality == "high" else ModelAudioConfig.low_quality()
    audio = {key: list(value) if isinstance(value, tuple) else value for key, value in vars(preset).items()}
    audio["resblock_dilation_sizes"] = [list(sizes) for sizes in preset.resblock_dilation_sizes]
    return {**audio, **(_X_LOW if quality == "x_low" else {}), "sample_rate": sample_rate}


def check_finite(values: dict[str, float], *, epoch: int, step: int, phase: str) -> None:
    """Check that every loss is a finite number.

    Raises:
        NotFiniteLossError: a loss is not finite; the message names epoch, step, phase and losses.
    """
    bad = [f"{name} = {value}" for name, value in values.items() if not math.isfinite(value)]
    if bad:
        raise NotFiniteLossError(f"epoch {epoch}, {phase} step {step}: loss is not a finite number: {', '.join(bad)}")


def guarded_model(**arguments: Any) -> Any:
    """Piper's ``VitsModel`` with a cheaper step, that stops at the first loss that is not finite and keeps every step's losses.

    ``model.losses`` maps ``training`` and ``validation`` to one ``{name: value}`` per batch; the caller clears the lists. Two
    arguments are ours: ``discriminators``, the number of discriminators to keep, and ``accumulate``, how many batches are added
    up before the optimizers step. ``grad_clip``, which Piper ignores, limits the norm of the generator's gradients. Piper's MOS
    metric is off: it needs a download, and without a network it is silently missing.
    """
    register_alignment()
    from piper.train.vits.lightning import VitsModel

    keep, accumulate = arguments.pop(DISCRIMINATORS, None), arguments.pop(ACCUMULATE, 1)
    model: Any = _guarded_class(VitsModel)(mos_metric=None, **arguments)
    model.losses = {"training": [], "validation": []}
    model.accumulate, model.mixed = accumulate, None
    if keep is not None:
        model.model_d.discriminators = model.model_d.discriminators[:keep]
    vits_step.reduce_precision(model)
    return model


def _guarded_class(base: Any) -> Any:
    class GuardedVits(base):
        def training_step(self, batch: Any, batch_idx: int) -> None:
            terms = optimize(self, batch, batch_idx)
            self.log_dict(
                {_LOGGED.get(name, f"train_{name}"): value for name, value in terms.items()}, batch_size=self.batch_size
            )

        def validation_step(self, batch: Any, batch_idx: int) -> Any:  # noqa: ARG002 - Lightning's
            with vits_step.own_precision(self):
                spoken = vits_step.speak(self, batch)
                *_, terms = vits_step.losses(self, spoken, spoken.fake)
            note_losses(self, terms)
            named = {f"val_{name}": value for name, value in terms.items() if name not in _LOGGED}
            self.log_dict({"val_loss": terms["generator"], **named}, batch_size=self.batch_size, sync_dist=True)
            return terms["generator"]

        def configure_optimizers(self) -> Any:
            optimizers, schedulers = super().configure_optimizers()
            if self.device.type == "cpu":
                for optimizer in optimizers:  # the same AdamW in one pass over the weights: faster
                    optimizer.param_groups[0]["fused"] = True
            return optimizers, schedulers

    return GuardedVits


def note_losses(model: Any, terms: dict[str, Any]) -> None:
    """Check the loss terms of one batch and append them to ``model.losses``.

    Raises:
        NotFiniteLossError: a term is not finite.
    """
    phase = "training" if model.training else "validation"
    steps, values = model.losses[phase], vits_step.values(terms)
    check_finite(values, epoch=model.current_epoch, step=len(steps), phase=phase)
    steps.append(values)


def optimize(model: Any, batch: Any, batch_idx: int) -> dict[str, Any]:
    """One training batch: gradients, and steps of both optimizers when enough batches are added up. Returns the loss terms.

    Raises:
        NotFiniteLossError: a term is not finite; then nothing has changed.
    """
    batches, accumulate = int(model.trainer.num_training_batches), model.accumulate
    generator, discriminators = vits_step.parameters(model)
    scaler = getattr(model.trainer.precision_plugin, "scaler", None)  # of `16-mixed`: gradients are computed times its scale
    scale = float(scaler.scale(batch.audios.new_ones(()))) if scaler is not None else 1.0
    with vits_step.own_precision(model):
        spoken = vits_step.speak(model, batch)
        parts = vits_step.gradients(model, spoken, scale / optimizing.group_size(batch_idx, batches, accumulate))
    note_losses(model, parts.terms)
    if optimizing.begins(batch_idx, accumulate):
        for optimizer in model.optimizers():
            optimizer.zero_grad()
    optimizing.add(generator, parts.generator)
    optimizing.add(discriminators, parts.discriminators)
    if optimizing.ends(batch_idx, batches, accumulate):
        _step(model, generator, discriminators, scaler, scale)
    return parts.terms


def _step(model: Any, generator: list[Any], discriminators: list[Any], scaler: Any, scale: float) -> None:
    """Step both optimizers, the generator's first, as Piper does."""
    from torch.nn.utils import clip_grad_norm_

    of_generator, of_discriminators = model.optimizers()
    optimizing.average_over_processes([*generator, *discriminators])
    if model.hparams.grad_clip is not None:
        clip_grad_norm_(generator, model.hparams.grad_clip * scale)
    of_generator.step()
    if scaler is not None and scaler.get_scale() != scale:  # the step above changed the scale
        optimizing.multiply(discriminators, scaler.get_scale() / scale)
    of_discriminators.step()


def load_checkpoint(path: Path, *, trusted: bool) -> dict[str, Any]:
    """Read a ``.ckpt`` onto the CPU, memory-mapped. Only plain data and tensors are accepted unless ``trusted``.

    Paths and namespaces in the file, which old checkpoints of Piper hold, become stand-ins: training needs none of them.

    Raises:
        CheckpointError: not a file, damaged, not a Piper checkpoint, or a checkpoint with other Python objects that is not
            ``trusted``. A trusted checkpoint can run any code.
    """
    facts = read_facts(path)
    if not trusted and (reasons := untrusted(facts)):
        raise CheckpointError(f"{path}: not loaded: {reasons[0]}")
    import torch

    plain: list[Any] = [(StandIn, name) for name in facts.objects if name in PLAIN_DATA]
    try:
        with torch.serialization.safe_globals(plain):
            content: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=not facts.unknown_objects, mmap=True)
    except Exception as error:  # a trusted file runs its own code, which can raise anything
        raise CheckpointError(f"{path}: not loaded: {str(error).splitlines()[0] or type(error).__name__}") from error
    return content


@dataclass(frozen=True)
class Taken:
    """What training took from a checkpoint: the number of ``copied`` tensors, and the names of those that start ``fresh``."""

    copied: int
    fresh: tuple[str, ...]

    def __str__(self) -> str:
        """In words, such as ``604 of 604 tensors taken``."""
        rest = f"; {len(self.fresh)} start from random numbers, {self.fresh[0]} and others" if self.fresh else ""
        return f"{self.copied} of {self.copied + len(self.fresh)} tensors taken{rest}"


def wanted(model: Any, config: PiperConfig, quality: str, take: Take = "all") -> Wanted:
    """What `start_from` asks of a checkpoint, from the model itself: its arguments may be others than those of its quality."""
    shapes = {name: tensor.shape for name, tensor in model.state_dict().items() if name in (EMBEDDING, DECODER)}
    channels = (shapes[EMBEDDING][1], shapes[DECODER][0])
    return replace(wanted_of(config, quality, int(model.hparams.sample_rate), take), channels=channels)


def start_from(model: Any, path: Path, wanted: Wanted, *, trusted: bool) -> Taken:
    """Copy the weights of another training into ``model``. Epochs start at 0, with a new optimizer.

    With ``wanted.take`` ``all``, every tensor of the generator must be there, in its shape: otherwise the voice would silently
    start from random numbers. Published checkpoints may lack the discriminator, which learns fast. With ``decoder``, only the
    decoder, the posterior encoder and the flow are taken, and must be there: they know no phonemes.

    Raises:
        CheckpointError: as `checkpoint_fit.usable` and `load_checkpoint`, or a tensor of the generator does not fit.
    """
    ours = model.state_dict()
    theirs = usable(path, wanted, trusted=trusted).shapes
    needed, chosen = ("model_g.", "") if wanted.take == "all" else (WITHOUT_PHONEMES, WITHOUT_PHONEMES)
    fits = {name for name, tensor in ours.items() if theirs.get(name) == tuple(tensor.shape) and name.startswith(chosen)}
    fresh = tuple(name for name in ours if name not in fits)
    lost = [name for name in fresh if name.startswith(needed)]
    if lost:
        shapes = f"{theirs.get(lost[0], 'absent')} there, {tuple(ours[lost[0]].shape)} here"
        raise CheckpointError(f"{path}: {len(lost)} tensors of the generator do not fit, the first is {lost[0]}: {shapes}")
    weights = load_checkpoint(path, trusted=trusted)["state_dict"]
    model.load_state_dict({name: tensor if name in fresh else weights[name] for name, tensor in ours.items()})
    return Taken(len(ours) - len(fresh), fresh)


def load_generator(path: Path, *, trusted: bool) -> tuple[Any, dict[str, Any]]:
    """The generator of a checkpoint, ready for inference, and ``{epoch, step, hyper_parameters}``.

    Raises:
        CheckpointError: as :func:`load_checkpoint`, or its weights do not fit the model that its parameters describe.
    """
    content = load_checkpoint(path, trusted=trusted)
    parameters = dict(content["hyper_parameters"])
    register_alignment()
    from piper.train.vits.lightning import VitsModel

    model: Any = VitsModel(**{**parameters, "mos_metric": None}).model_g
    prefix = "model_g."
    weights = {name[len(prefix) :]: tensor for name, tensor in content["state_dict"].items() if name.startswith(prefix)}
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        raise CheckpointError(f"{path}: its weights do not fit its own parameters: {str(error).splitlines()[0]}") from error
    model.eval()
    model.dec.remove_weight_norm()
    return model, {"epoch": content["epoch"], "step": content["global_step"], "hyper_parameters": parameters}
