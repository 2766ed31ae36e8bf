"""Piper's VITS model: how it is made, guarded against losses that are not numbers, started from and read back.

Here: the alignment search that Piper's wheel lacks, the arguments of each quality, the guarded model, and loading
checkpoints without running what is inside them. Not here: data (``vits_data``), the training loop (``vits_training``)
and ONNX (``vits_export``). Importing this module loads nothing heavy; every function that needs torch imports it.
"""

import importlib
import math
import sys
import types
from pathlib import Path
from typing import Any

ALIGNMENT_MODULE = "piper.train.vits.monotonic_align"

# Piper's own presets (piper.train.vits.config.ModelAudioConfig). `high` is the large decoder. `x_low` is no preset of
# Piper 1.8: it is the narrow model of Piper's published `x_low` voices (96 channels). `medium` is the small decoder at
# 22,050 Hz, `low` and `x_low` the same at 16,000 Hz.
QUALITY_RATES = {"x_low": 16000, "low": 16000, "medium": 22050, "high": 22050}
_X_LOW = {"hidden_channels": 96, "inter_channels": 96, "filter_channels": 384}

# Kept out of VitsModel's own arguments: how many of the six discriminators stay. Tests keep one, of 5.6 M parameters.
DISCRIMINATORS = "discriminators"


class NotFiniteLossError(ArithmeticError):
    """A loss is NaN or infinite: every weight after this step would be too, so the training stops."""


class QualityError(ValueError):
    """A quality that does not fit the data set's sample rate, or that Piper does not have."""


class CheckpointError(ValueError):
    """A checkpoint that cannot be read, or that is not of a Piper model."""


def maximum_path(scores: Any, mask: Any) -> Any:
    """The best monotonic alignment per clip, as Piper asks for it.

    ``scores`` and ``mask`` are ``[batch, frames, text]``; so is the result, 1 on the path. The library behind it wants
    ``[batch, text, frames]``. With the axes the wrong way round nothing raises: the KL loss is infinite on the first
    step and everything is NaN after it.
    """
    from monotonic_alignment_search import maximum_path_cython

    path = maximum_path_cython(scores.transpose(1, 2).contiguous(), mask.transpose(1, 2).contiguous())
    return path.transpose(1, 2)


def register_alignment() -> None:
    """Put :func:`maximum_path` where Piper imports its alignment search from; the wheel has neither source nor binary.

    Must run before ``piper.train.vits.lightning`` is imported. Running it again changes nothing.
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
        QualityError: unknown quality, or one that players expect at another sample rate.
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
    """Refuse losses that are not numbers.

    Raises:
        NotFiniteLossError: naming epoch, step, phase (``training`` or ``validation``) and every such loss.
    """
    bad = [f"{name} = {value}" for name, value in values.items() if not math.isfinite(value)]
    if bad:
        raise NotFiniteLossError(f"epoch {epoch}, {phase} step {step}: loss is not a finite number: {', '.join(bad)}")


def guarded_model(**arguments: Any) -> Any:
    """Piper's ``VitsModel`` that stops at the first loss that is not finite and keeps the losses of each epoch.

    ``model.losses`` maps ``training`` and ``validation`` to one ``{name: value}`` per step since the caller last
    cleared it. ``discriminators`` (not Piper's) keeps only the first so many of the six. MOS by torch.hub is off on
    purpose: it switches itself off without a word when there is no network.
    """
    register_alignment()
    from piper.train.vits.lightning import VitsModel

    base: Any = VitsModel

    class GuardedVits(base):
        def _compute_loss(self, batch: Any) -> tuple[Any, Any, dict[str, Any]]:
            generator, discriminator, metrics = super()._compute_loss(batch)
            phase = "training" if self.training else "validation"
            steps = self.losses[phase]
            values = {"generator": generator.item(), "discriminator": discriminator.item()}
            values |= {name: value.item() for name, value in metrics.items()}
            check_finite(values, epoch=self.current_epoch, step=len(steps), phase=phase)
            steps.append(values)
            return generator, discriminator, metrics

        def configure_optimizers(self) -> Any:
            optimizers, schedulers = super().configure_optimizers()
            if self.device.type == "cpu":
                for optimizer in optimizers:  # one pass over the weights instead of several: the same AdamW, faster
                    optimizer.param_groups[0]["fused"] = True
            return optimizers, schedulers

    keep = arguments.pop(DISCRIMINATORS, None)
    model: Any = GuardedVits(mos_metric=None, **arguments)
    model.losses = {"training": [], "validation": []}
    if keep is not None:
        model.model_d.discriminators = model.model_d.discriminators[:keep]
    return model


def load_checkpoint(path: Path, *, trusted: bool) -> dict[str, Any]:
    """Read a ``.ckpt`` onto the CPU, memory-mapped. Only plain data and tensors are accepted unless ``trusted``.

    Raises:
        CheckpointError: not a file, damaged, not a Piper checkpoint, or one that needs ``trusted`` because it carries
            Python objects (old Piper checkpoints do). A trusted checkpoint can run any code.
    """
    import pickle

    import torch

    if not path.is_file():
        raise CheckpointError(f"{path}: no such checkpoint")
    try:
        content = torch.load(path, map_location="cpu", weights_only=not trusted, mmap=True)
    except pickle.UnpicklingError as error:
        reason = str(error).splitlines()[0] if trusted else "it holds Python objects, which could run code; name it as trusted"
        raise CheckpointError(f"{path}: not loaded: {reason}") from error
    except (RuntimeError, OSError, EOFError, ValueError) as error:
        raise CheckpointError(f"{path}: damaged, or not a checkpoint: {str(error).splitlines()[0]}") from error
    missing = [key for key in ("state_dict", "hyper_parameters", "epoch", "global_step") if key not in content]
    if missing:
        raise CheckpointError(f"{path}: not a Piper checkpoint: no {', '.join(missing)}")
    return content


def start_from(model: Any, path: Path, *, trusted: bool) -> int:
    """Copy the weights of another training into ``model``, with a fresh optimizer and epochs from 0. Returns how many tensors.

    Tensors of another shape are left as they are (another phoneme set has another embedding).

    Raises:
        CheckpointError: as :func:`load_checkpoint`, or a decoder that does not fit (another quality): a training that
            silently starts from nothing would be worse.
    """
    theirs = load_checkpoint(path, trusted=trusted)["state_dict"]
    ours = model.state_dict()
    fits = {name for name, tensor in ours.items() if name in theirs and theirs[name].shape == tensor.shape}
    lost = sorted(name for name in ours if name.startswith("model_g.dec.") and name not in fits)
    if lost:
        raise CheckpointError(
            f"{path}: its decoder does not fit this quality: {len(lost)} tensors differ, the first is {lost[0]}"
        )
    model.load_state_dict({name: theirs[name] if name in fits else tensor for name, tensor in ours.items()})
    return len(fits)


def load_generator(path: Path, *, trusted: bool) -> tuple[Any, dict[str, Any]]:
    """The part of a checkpoint that speaks, ready for inference, and ``{epoch, step, hyper_parameters}``.

    Raises:
        CheckpointError: as :func:`load_checkpoint`, or weights that are not of the model its own parameters describe.
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
