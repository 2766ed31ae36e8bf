"""A published voice for tests: a narrow model with random weights, exported as ONNX by our own export, with a configuration."""

import json
from pathlib import Path
from typing import Any

from voice_assets.dataset import espeak
from voice_assets.piper import export, voice_config
from voice_assets.piper import model as vits
from voice_assets.piper.warm_start.published import PublishedVoice, read_voice
from voice_assets_tests.workers.tiny_training import TINY

RATE = 22050
LOUDER = 6  # each of the three layers: random weights alone are silent
NAME = "en_US-tiny-medium"


def arguments(**changes: Any) -> dict[str, Any]:
    """The arguments of the tiny model."""
    return {**vits.quality_arguments("medium", RATE), **TINY, **changes}


def config(**changes: Any) -> dict[str, Any]:
    """An ``.onnx.json`` of English, with Piper's own phoneme ids."""
    content = {
        "audio": {"sample_rate": RATE, "quality": "medium"},
        "espeak": {"voice": "en-us"},
        "language": voice_config.language_of("en", "US"),
        "inference": {"noise_scale": 0.667, "length_scale": 1.0, "noise_w": 0.8},
        "phoneme_type": "espeak",
        "num_symbols": 256,
        "num_speakers": 1,
        "phoneme_id_map": espeak.default_id_map(),
    }
    return {**content, **changes}


def publish(folder: Path, model: dict[str, Any] | None = None, **changes: Any) -> tuple[Path, Any]:
    """The ``.onnx`` of a tiny voice in ``folder``, with its ``.onnx.json``; and the model that was exported.

    ``model`` are other arguments of the model, ``changes`` other keys of the configuration.
    """
    import torch

    torch.manual_seed(3)
    made = vits.guarded_model(**arguments(**(model or {}))).model_g.eval()
    for weight in made.parameters():  # Piper starts some at zero, which would hide an error in what they multiply
        if weight.dim() > 1 and not weight.any():
            torch.nn.init.normal_(weight, std=0.05)
    for name, weight in made.dec.named_parameters():
        if name.startswith("ups.") and name.endswith("weight_g"):
            weight.data *= LOUDER
    made.dec.remove_weight_norm()
    path = folder / f"{NAME}.onnx"
    export.export(made, path, {})
    path.with_name(f"{NAME}.onnx.json").write_text(json.dumps(config(**changes)), encoding="utf-8")
    return path, made


def published(folder: Path) -> PublishedVoice:
    """The tiny voice as it is read from its files."""
    return read_voice(publish(folder)[0])
