"""What the lineage of a package must say, whoever wrote the statements that follow from it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from voice_assets.release.checked_evidence import GATES, difference, lineage_problems
from voice_assets.release.package_files import PackageFiles
from voice_assets.runtime.files import sha256
from voice_assets_tests.release.small_package import NAME, VOICE, lineage


def problems(folder: Path, change: Callable[[Any], object]) -> list[str]:
    """The problems of a package's lineage after one change."""
    for name in (f"{NAME}.onnx", f"{NAME}.onnx.json", "tokens.txt"):
        (folder / name).write_text(name)
    content = lineage({path.name: sha256(path) for path in folder.iterdir()})
    change(content)
    (folder / "lineage.json").write_text(json.dumps(content))
    return lineage_problems(PackageFiles.of(folder))


def without(gate: str) -> Callable[[Any], object]:
    """The lineage of a voice that never went through ``gate``: no entry, and no pin on one."""

    def change(content: Any) -> None:
        entries = [one for one in content["materialisations"] if one["asset"] != f"{VOICE}/{gate}"]
        for one in entries:
            one["trained_by"] = None if gate == "training" else one["trained_by"]
            one["built_from"] = [pin for pin in one["built_from"] if pin["asset"] != f"{VOICE}/{gate}"]
        content["materialisations"] = entries

    return change


def test_a_whole_lineage_has_no_problem(tmp_path: Path) -> None:
    assert problems(tmp_path, lambda _: None) == []


@pytest.mark.parametrize("gate", [gate for gate in GATES if gate != "onnx_voice"])
def test_every_gate_of_the_plan_is_wanted(tmp_path: Path, gate: str) -> None:
    assert any(f"no {gate} among its inputs" in one for one in problems(tmp_path, without(gate)))


def test_a_pin_on_something_observed_is_no_gate_of_the_voice(tmp_path: Path) -> None:
    """Such a pin needs no entry, and so no verdicts."""

    def change(content: Any) -> None:
        without("quality_report")(content)
        root = content["materialisations"][0]
        root["built_from"].append({**root["built_from"][0], "asset": f"{VOICE}/quality_report", "storage_id": 0})

    assert any("no quality_report among its inputs" in one for one in problems(tmp_path, change))


def test_an_entry_that_nothing_was_built_from_is_no_gate_of_the_voice(tmp_path: Path) -> None:
    def change(content: Any) -> None:
        kept = [one for one in content["materialisations"] if one["asset"] == f"{VOICE}/quality_report"]
        without("quality_report")(content)
        content["materialisations"] += kept

    assert any("no quality_report among its inputs" in one for one in problems(tmp_path, change))


def test_a_second_verdict_and_a_second_entry_are_refused(tmp_path: Path) -> None:
    def change(content: Any) -> None:
        training = next(one for one in content["materialisations"] if one["asset"] == f"{VOICE}/training")
        training["verdicts"].append({**training["verdicts"][0], "observed": 0.1})
        clips = next(one for one in content["materialisations"] if one["asset"] == f"{VOICE}/clips")
        content["materialisations"].append({**clips, "code_version": "2"})

    first, second = problems(tmp_path, change)
    assert "clips[1-of-2]: two entries describe one materialisation" in first
    assert f"{VOICE}/training: two verdicts of the rule" in second


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        ([{"name": "a", "d": 1}, {"name": "b", "d": 3}], "files[b].d is 3"),
        ([{"name": "a", "d": 1}], "files[b] is missing"),
        ([{"name": "a", "d": 1}, {"name": "b", "d": 2}, {"name": "c"}], "files[c] is there"),
        ([{"name": "b", "d": 2}, {"name": "a", "d": 1}], "files[a].d is 2"),
    ],
)
def test_a_difference_in_a_list_names_the_item(found: list[Any], wanted: str) -> None:
    assert difference({"files": [{"name": "a", "d": 1}, {"name": "b", "d": 2}]}, {"files": found}) == wanted
