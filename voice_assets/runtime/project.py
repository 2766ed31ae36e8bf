"""The folders of a project on disk. This module only knows names of folders; it reads no voice file and no data set."""

import os
from pathlib import Path

ROOT_VARIABLE = "VOICE_ASSETS_ROOT"
STORE_VARIABLE = "VOICE_STORE"
TRANSCRIPTS_VARIABLE = "VOICE_TRANSCRIPTS"


def root() -> Path:
    """The project folder: ``$VOICE_ASSETS_ROOT``, or the checkout this package was installed from."""
    return Path(os.environ.get(ROOT_VARIABLE) or _checkout()).resolve()


def dagster_file(name: str) -> Path:
    """``dagster.yaml`` or ``workspace.yaml``: the project's own; of a project without one, that of the checkout."""
    own = root() / name
    return own if own.is_file() else _checkout() / name


def _checkout() -> Path:
    return Path(__file__).resolve().parents[2]


def store_root() -> str:
    """Where recorded files are kept: ``$VOICE_STORE``, a folder or a URL; the project folder when that is not set."""
    chosen = os.environ.get(STORE_VARIABLE) or str(root())
    return chosen if "://" in chosen else str(Path(chosen).resolve())


def transcripts_url() -> str:
    """The database that keeps the transcripts of all voices: ``$VOICE_TRANSCRIPTS``, a URL; empty when that is not set."""
    return os.environ.get(TRANSCRIPTS_VARIABLE, "")


def voices_dir() -> Path:
    """The folder with one YAML file per voice."""
    return root() / "voices"


def artifacts_dir(voice: str) -> Path:
    """The folder of what is computed for a voice, reports excepted: tables, checkpoints, ONNX files, packages."""
    return root() / "artifacts" / voice


def cache_dir() -> Path:
    """The folder of what can be fetched or computed again: joined Whisper weights, downloaded packages."""
    return root() / ".cache"


def dagster_home() -> Path:
    """The Dagster instance's folder: ``$DAGSTER_HOME``, or ``.dagster/`` in the project."""
    return Path(os.environ.get("DAGSTER_HOME") or root() / ".dagster").resolve()


def portable(path: Path) -> str:
    """A path inside the project folder as a path relative to that folder, which stays valid when the project moves."""
    return path.relative_to(root()).as_posix() if path.is_relative_to(root()) else str(path)
