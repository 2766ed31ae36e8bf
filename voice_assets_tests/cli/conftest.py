"""The project of every test of the command line."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from voice_assets_tests.cli.projects import make_project


@pytest.fixture(autouse=True)
def no_columns() -> Iterator[None]:
    """Tables are as wide as they need to be, whatever terminal runs the tests.

    Not with the test's ``monkeypatch``: that would be made before the fixtures that open a project, undone after them, and
    would leave their project in the environment.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("COLUMNS", raising=False)
        yield


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project of the test's own."""
    return make_project(tmp_path / "project", monkeypatch)
