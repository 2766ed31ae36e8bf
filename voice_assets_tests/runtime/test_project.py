"""Which folder is the project, and which files it may leave to the checkout."""

from pathlib import Path

import pytest

from voice_assets.orchestration.instance import open_instance
from voice_assets.runtime import project
from voice_assets_tests.toy_project import HERE


def test_a_project_without_settings_of_dagster_uses_those_of_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a container, where a plain folder is mounted."""
    monkeypatch.setenv("VOICE_ASSETS_ROOT", str(tmp_path))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / ".dagster"))
    assert project.dagster_file("workspace.yaml") == HERE / "workspace.yaml"
    with open_instance() as instance:
        assert (tmp_path / ".dagster" / "dagster.yaml").samefile(HERE / "dagster.yaml")
        assert instance.telemetry_enabled is False
    (tmp_path / "workspace.yaml").write_text("load_from: []\n", encoding="utf-8")
    assert project.dagster_file("workspace.yaml") == tmp_path / "workspace.yaml"
