"""Where things lie on disk. Knows folders only; reads no voice and no data set."""

import os
from pathlib import Path

ROOT_VARIABLE = "VOICE_ASSETS_ROOT"


def root() -> Path:
    """The project folder: ``$VOICE_ASSETS_ROOT``, or the checkout this package was installed from."""
    return Path(os.environ.get(ROOT_VARIABLE) or Path(__file__).resolve().parents[2]).resolve()


def voices_dir() -> Path:
    """The folder with one YAML file per voice."""
    return root() / "voices"


def artifacts_dir(voice: str) -> Path:
    """What is computed for a voice and is not a report: tables, checkpoints, ONNX files, packages."""
    return root() / "artifacts" / voice


def cache_dir() -> Path:
    """What can be fetched or computed again: joined Whisper weights, downloaded packages."""
    return root() / ".cache"


def dagster_home() -> Path:
    """The Dagster instance's folder: ``$DAGSTER_HOME``, or ``.dagster/`` in the project."""
    return Path(os.environ.get("DAGSTER_HOME") or root() / ".dagster").resolve()
