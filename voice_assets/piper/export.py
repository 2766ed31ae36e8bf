"""Exporting a VITS generator as ONNX for Piper and sherpa-onnx, and comparing the sound of both.

Not here: reading the checkpoint (``piper.model``), speaking (``piper.onnx_voice``), the configuration beside the model
(``piper.voice_config``).
"""

from pathlib import Path
from typing import Any

import numpy as np

from voice_assets.piper import onnx_voice
from voice_assets.runtime import files

# As piper.train.export_onnx.
OPSET = 15
DUMMY_PHONEMES = 50
# Without noise the output depends on text and weights only, so the two engines must agree.
WITHOUT_NOISE = (0.0, 1.0, 0.0)


class ExportError(RuntimeError):
    """An export that failed or cannot be compared. The message names the model and the texts."""


def export(generator: Any, path: Path, metadata: dict[str, str]) -> Path:
    """Write ``generator`` (from ``piper.model.load_generator``) as ONNX with ``metadata`` inside, atomically.

    The exporter is the tracing one (``dynamo=False``). From torch 2.9 on the default exporter is another, which fails on VITS,
    and Piper's own command offers no choice.
    """
    import torch

    def infer(text: Any, lengths: Any, scales: Any, sid: Any = None) -> Any:
        sound = generator.infer(text, lengths, noise_scale=scales[0], length_scale=scales[1], noise_scale_w=scales[2], sid=sid)
        return sound[0].unsqueeze(1)

    torch.manual_seed(1234)
    ids = torch.randint(low=0, high=generator.n_vocab, size=(1, DUMMY_PHONEMES), dtype=torch.long)
    sid = torch.LongTensor([0]) if generator.n_speakers > 1 else None
    arguments = (ids, torch.LongTensor([ids.size(1)]), torch.FloatTensor([0.667, 1.0, 0.8]), sid)
    plain = generator.forward
    generator.forward = infer
    try:
        with files.replacing(path) as temporary, torch.no_grad():
            torch.onnx.export(
                model=generator,
                args=arguments,
                f=temporary,
                opset_version=OPSET,
                input_names=["input", "input_lengths", "scales", "sid"],
                output_names=["output"],
                dynamic_axes={
                    "input": {0: "batch_size", 1: "phonemes"},
                    "input_lengths": {0: "batch_size"},
                    "output": {0: "batch_size", 2: "time"},
                },
                dynamo=False,
            )
            _describe(temporary, metadata)
    finally:
        generator.forward = plain
    return path


def _describe(path: Path, metadata: dict[str, str]) -> None:
    """Write ``metadata`` into the model file, where sherpa-onnx reads the metadata."""
    import onnx

    model = onnx.load(str(path))
    onnx.helper.set_model_props(model, metadata)
    onnx.save(model, str(path))


def largest_difference(generator: Any, voice: onnx_voice.OnnxVoice, texts: list[str]) -> float:
    """The largest difference of a sample between PyTorch and ONNX for ``texts`` without noise. Full scale is 1.

    The result is infinite for sounds of different length.

    Raises:
        ExportError: the texts have nothing to pronounce, or an output is not finite.
    """
    import torch

    sentences = [ids for text in texts for ids in voice.phoneme_ids(text)]
    if not sentences:
        raise ExportError(f"{voice.model}: nothing to pronounce in {texts}")
    differences = []
    for ids in sentences:
        with torch.no_grad():
            sound = generator.infer(
                torch.LongTensor([ids]), torch.LongTensor([len(ids)]), noise_scale=0.0, length_scale=1.0, noise_scale_w=0.0
            )[0]
        differences.append(_difference(sound.numpy().reshape(-1), voice.raw(ids, WITHOUT_NOISE)))
    if not np.isfinite([d for d in differences if d != float("inf")]).all():
        raise ExportError(f"{voice.model}: an output for {texts} is not finite")
    return max(differences)


def _difference(ours: Any, theirs: Any) -> float:
    return float(np.abs(ours - theirs).max()) if ours.shape == theirs.shape else float("inf")
