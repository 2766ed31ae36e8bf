"""What the tests of the command line share: an empty project of their own, and a call of the command in it."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from voice_assets.cli.main import main


def call(*arguments: str) -> Result:
    """``voice-assets <arguments>`` in this process. Its output goes into a file and not to a terminal."""
    return CliRunner().invoke(main, list(arguments))


def error_of(*arguments: str) -> str:
    """The message of a command that cannot run: exit code 2, one plain message, nothing else, no traceback."""
    done = call(*arguments)
    assert done.exit_code == 2, done.output
    assert done.stderr.startswith("Error: "), done.output
    assert "Traceback" not in done.output
    return done.stderr.removeprefix("Error: ").strip()


def make_project(root: Path, patch: pytest.MonkeyPatch) -> Path:
    """Make ``root`` the project of this process, with an empty ``voices/``."""
    patch.setenv("VOICE_ASSETS_ROOT", str(root))
    patch.setenv("DAGSTER_HOME", str(root / ".dagster"))
    patch.delenv("COLUMNS", raising=False)
    (root / "voices").mkdir(parents=True)
    (root / "dagster.yaml").write_text("telemetry:\n  enabled: false\n", encoding="utf-8")
    return root
