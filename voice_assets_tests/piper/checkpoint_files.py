"""Real checkpoints of a small Piper model, and the same altered as real files are."""

import pathlib
from pathlib import Path
from typing import Any

QUALITY, RATE, SYMBOLS = "medium", 22050, 256
SMALL = {"n_layers": 1, "filter_channels": 64, "n_layers_q": 1, "discriminators": 1}


def small_model(quality: str = QUALITY, rate: int = RATE, symbols: int = SYMBOLS, **changes: Any) -> Any:
    """Piper's model of a quality with few layers; its embedding and its decoder have the channels of the quality."""
    from voice_assets.piper import model as vits

    arguments = {**vits.quality_arguments(quality, rate), **SMALL, "num_symbols": symbols, "batch_size": 1}
    return vits.guarded_model(**{**arguments, **changes})


def content_of(model: Any, **parameters: Any) -> dict[str, Any]:
    """What Lightning would save for ``model``; ``parameters`` replace or add arguments."""
    return {
        "state_dict": model.state_dict(),
        "hyper_parameters": {**dict(model.hparams), **parameters},
        "epoch": 3,
        "global_step": 1000,
    }


def save(content: Any, file: Path) -> Path:
    """Write ``content`` as torch does. Returns the file."""
    import torch

    torch.save(content, file)
    return file


class OfWindows(pathlib.PurePosixPath):
    """A path that is pickled as one of Windows, which cannot be made here."""

    def __reduce__(self) -> tuple[Any, tuple[str, ...]]:
        return pathlib.WindowsPath, ("C:\\", "data", "voice")
