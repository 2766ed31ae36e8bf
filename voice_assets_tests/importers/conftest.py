"""A fixture that makes a recording for an importer."""

from pathlib import Path

import numpy as np
import pytest

from voice_assets.audio.recordings import write_wav
from voice_assets.importers.items import Item
from voice_assets_tests.datasets import RATE, burst


@pytest.fixture
def item(tmp_path: Path):
    def make(name: str, text: str, seconds: float = 1.0, samples: np.ndarray | None = None) -> Item:
        sound = burst(seconds) if samples is None else samples
        return Item(name, write_wav(tmp_path / "source" / f"{name.replace('/', '-')}.wav", sound, RATE), text)

    return make
