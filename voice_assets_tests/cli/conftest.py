"""The project of every test of the command line."""

from pathlib import Path

import pytest

from voice_assets_tests.cli.projects import make_project


@pytest.fixture(autouse=True)
def no_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables are as wide as they need to be, whatever terminal runs the tests."""
    monkeypatch.delenv("COLUMNS", raising=False)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project of the test's own."""
    return make_project(tmp_path / "project", monkeypatch)
