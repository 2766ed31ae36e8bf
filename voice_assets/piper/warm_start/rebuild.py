"""A trainable generator from the weights of a published voice, and the proof that it speaks as the ONNX does.

Not here: reading the weights (``warm_start.onnx_weights``), and the posterior encoder (``warm_start.distil``).
"""

from collections.abc import Iterable
from typing import Any

import numpy as np

from voice_assets.piper import model as vits
from voice_assets.piper import onnx_voice
from voice_assets.piper.errors import CheckpointError
from voice_assets.piper.warm_start.onnx_weights import Tensor
from voice_assets.piper.warm_start.published import PublishedVoice

# Inference does not need these, so no ONNX has them: the posterior encoder, half of the duration predictor, and its flow that
# Piper leaves out when it speaks.
TRAINING_ONLY = ("enc_q.", "dp.post_", "dp.flows.1.")
LENGTH_SCALES = (0.8, 1.0, 1.3)
MOST_DIFFERENT = 1e-3  # of full scale; en_US-joe-medium differs by 3.5e-5


def rebuild(voice: PublishedVoice, arguments: dict[str, Any], seed: int) -> tuple[Any, list[str]]:
    """Piper's model with the generator of ``voice``, and the names of the tensors that the ONNX does not have.

    ``arguments`` are those of the quality (``piper.model.quality_arguments``). The tensors without a source are random by
    ``seed``. The phoneme embedding has the rows of the published voice.

    Raises:
        CheckpointError: a tensor of the ONNX has no place in the model, one of the model is not in the ONNX, or a shape
        differs.
    """
    import torch

    torch.manual_seed(seed)
    model = vits.guarded_model(**{**arguments, "num_symbols": voice.phonemes, vits.DISCRIMINATORS: 1})
    state = model.model_g.state_dict()
    _check_names(voice, state)
    fresh = []
    for name in state:
        value = _value(name, voice.weights.tensors)
        if value is None:
            fresh.append(name)
        elif value.shape != tuple(state[name].shape):
            raise CheckpointError(f"{voice.path}: {name} is {value.shape} there, {tuple(state[name].shape)} in Piper's model")
        else:
            state[name] = torch.from_numpy(value)
    model.model_g.load_state_dict(state)
    return model, fresh


def _check_names(voice: PublishedVoice, state: dict[str, Any]) -> None:
    """Raise CheckpointError unless each tensor of the ONNX has its place, and all others of the model are for training only."""
    bases = {name.removesuffix("_g").removesuffix("_v") for name in state} | set(state)
    left = [*voice.weights.nameless, *sorted(voice.weights.tensors.keys() - bases)]
    if left:
        raise CheckpointError(
            f"{voice.path}: {len(left)} tensors have no place in Piper's model of this quality, the first is {left[0]}; it is "
            "of another architecture, so take another published voice"
        )
    lost = [name for name in state if _value(name, voice.weights.tensors) is None and not name.startswith(TRAINING_ONLY)]
    if lost:  # a random tensor among good ones still speaks, only wrongly
        raise CheckpointError(
            f"{voice.path}: {len(lost)} tensors of Piper's model are not in it, the first is {lost[0]}; take another "
            "published voice"
        )


def _value(name: str, found: dict[str, Tensor]) -> Tensor | None:
    """The value of a parameter; None when the ONNX has none. Weight norm is w = g v / ||v||, so v = w and g = ||w||."""
    if name in found:
        return found[name]
    base = name.removesuffix("_g").removesuffix("_v")
    if base == name or base not in found:
        return None
    weight = found[base]
    if name.endswith("_v"):
        return weight
    norms = np.linalg.norm(weight.reshape(len(weight), -1), axis=1).astype(np.float32)
    return norms.reshape(-1, *[1] * (weight.ndim - 1))


def largest_difference(generator: Any, voice: onnx_voice.OnnxVoice, texts: Iterable[str]) -> float:
    """The largest difference of a sample between ``generator`` and the ONNX, without noise, at three speeds. Full scale is 1.

    Raises:
        CheckpointError: they differ by more than ``MOST_DIFFERENT``, or in length.
    """
    import torch

    generator.eval()
    differences = []
    for ids in (ids for text in texts for ids in voice.phoneme_ids(text)):
        for scale in LENGTH_SCALES:
            theirs = voice.raw(ids, (0.0, scale, 0.0))
            with torch.no_grad():
                tensors = torch.LongTensor([ids]), torch.LongTensor([len(ids)])
                ours = generator.infer(*tensors, noise_scale=0.0, length_scale=scale, noise_scale_w=0.0)[0].numpy().reshape(-1)
            if ours.shape != theirs.shape:
                raise CheckpointError(
                    f"{voice.model}: rebuilt, a sentence has {len(ours)} samples, and {len(theirs)} from the ONNX"
                )
            differences.append(float(np.abs(ours - theirs).max()))
    largest = float(np.max(differences, initial=0.0))  # NaN where an output is not finite
    if not differences or not largest <= MOST_DIFFERENT:
        raise CheckpointError(
            f"{voice.model}: rebuilt, it speaks otherwise than the ONNX: by {largest:.2g} of full scale in {len(differences)} "
            f"sounds, over {MOST_DIFFERENT:g}; take another published voice"
        )
    return largest
