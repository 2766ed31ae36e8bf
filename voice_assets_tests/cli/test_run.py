"""`voice-assets run` in a real small project: the table, closed gates, exit codes, and errors before anything is made."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result

from voice_assets.orchestration.instance import only_runner
from voice_assets_tests.cli.projects import call, error_of
from voice_assets_tests.toy_project import ToyProject, copied, opened


def rows(output: str) -> dict[str, list[str]]:
    """The rows of the closing table by asset: verdict, partitions, figures; folded lines are joined."""
    found: dict[str, list[str]] = {}
    last: list[str] = []
    for line in output.splitlines():
        if line.startswith("│"):
            name, *cells = (cell.strip() for cell in line.strip("│").split("│"))
            if name:
                last = found[name] = cells
            else:
                last[:] = [f"{old} {new}".strip() for old, new in zip(last, cells, strict=True)]
    return found


@pytest.mark.slow
def test_the_table_says_what_was_made_and_what_was_current(toy: ToyProject) -> None:
    done = call("run", "toy", "--to", "clips")
    assert done.exit_code == 0, done.output
    assert "toy: 2 of 2 assets" in done.output
    assert rows(done.output) == {
        "raw_dataset": ["PASS", "observed", ""],
        "clips": ["PASS", "2 made", "10 clips, 10.0 s, 0 with findings"],
    }
    assert "  start clips[0-of-2]: never materialised\n" in done.output
    toy.write_voice(whisper={"model": "base"})
    with (toy.dataset / "metadata_2col.csv").open("a", encoding="utf-8") as metadata:
        metadata.write("clip-new|Новый клип без звука.\n")
    again = call("run", "toy", "--to", "clips")
    assert again.exit_code == 0, again.output
    assert rows(again.output)["clips"] == ["PASS", "1 made, 1 current", "11 clips, 10.0 s, 1 with findings"]
    assert rows(call("run", "toy", "--to", "clips").output)["clips"][1] == "2 current"


@pytest.fixture(scope="module")
def closed(new_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ToyProject, Result]]:
    """A project whose gate after `base_validation` a run has found closed: clips are too long, one name is hostile."""
    with opened(copied(new_once, tmp_path_factory.mktemp("closed"))) as toy:
        toy.write_voice(limits={"max_duration_s": 0.5})
        with (toy.dataset / "metadata_2col.csv").open("a", encoding="utf-8") as metadata:
            metadata.write("clip-\x1b[2J[red]|Новый клип без звука \x1b]0;x\x07.\n")
        yield toy, call("run", "toy", "--to", "clip_stats")


@pytest.mark.slow
def test_a_closed_gate_says_the_rule_both_numbers_and_what_to_do(closed: tuple[ToyProject, Result]) -> None:
    toy, done = closed
    assert done.exit_code == 1
    assert "toy: 3 of 4 assets" in done.output
    assert rows(done.output)["base_validation"] == ["FAIL", "made", "10 clips, 10.0 s, 11 faulty rows"]
    assert "FAIL The gate after base_validation is closed, because rules failed:" in done.output
    (line,) = (line for line in done.output.splitlines() if "toy/base_validation: duration: " in line)
    assert "10 of 10 clips break the rule" in line
    assert line.endswith("and 5 more. (observed 10, limit 0.2 to 0.5)")
    assert "Not run: clip_stats." in done.output
    assert f"correct the data set; or change the rule's limit in {toy.root / 'voices' / 'toy.yaml'}" in done.output
    assert "`base_validation/<rule>: <reason>` under `advisory`" in done.output
    assert done.output.endswith("Then run the same command again.\n")


@pytest.mark.slow
def test_names_and_texts_of_clips_cannot_talk_to_the_terminal(closed: tuple[ToyProject, Result]) -> None:
    output = closed[1].output
    assert not {"\x1b", "\x07"} & set(output)
    assert r"clip-\x1b[2J[red]" in output


@pytest.mark.slow
def test_nothing_is_lost_at_80_columns_or_in_a_file(closed: tuple[ToyProject, Result], monkeypatch: pytest.MonkeyPatch) -> None:
    wide = call("run", "toy", "--to", "clip_stats").output
    monkeypatch.setenv("COLUMNS", "80")
    narrow = call("run", "toy", "--to", "clip_stats").output
    table = [line for line in narrow.splitlines() if line[:1] in "┏┃┡│└"]
    assert max(map(len, table)) <= 80
    assert rows(narrow) == rows(wide)
    assert rows(wide)["base_validation"][:2] == ["FAIL", "current"]
    assert "…" not in narrow + wide
    assert narrow.partition("report: ")[2] == wide.partition("report: ")[2]


@pytest.mark.slow
def test_rules_that_only_warn_are_judged_again_and_leave_the_gate_open(closed: tuple[ToyProject, Result]) -> None:
    toy, before = closed
    failed = re.findall(r"toy/base_validation: (\w+): failed", before.output)
    toy.write_voice(limits={"max_duration_s": 0.5}, advisory={f"base_validation/{rule}": "a test" for rule in failed})
    done = call("run", "toy", "--to", "base_validation")
    assert done.exit_code == 0, done.output
    assert rows(done.output)["base_validation"][:2] == ["WARN", "judged again"]
    assert "WARN base_validation: rules failed, and the run goes on:" in done.output
    assert "What to do" not in done.output


def test_an_asset_that_cannot_be_made_says_why(toy: ToyProject) -> None:
    (toy.dataset / "metadata_2col.csv").unlink()
    done = call("run", "toy", "--to", "clips")
    assert done.exit_code == 1
    assert rows(done.output) == {"raw_dataset": ["ERROR", "failed", ""]}
    assert "ERROR raw_dataset could not be made:" in done.output
    assert "metadata_2col.csv" in done.output
    assert "Not run: clips." in done.output
    assert "What to do: correct the cause" in done.output


def test_errors_come_before_anything_is_made(toy: ToyProject) -> None:
    assert error_of("run", "toy", "--to", "clip").startswith("there is no asset 'clip' in toy; there are: raw_dataset, clips,")
    assert error_of("run", "toy", "--epoch", "3") == "'3' is not an epoch key such as v3-e0050"
    assert error_of("run", "toy", "--epoch", "v7-e0001") == (
        "there is no epoch 'v7-e0001': toy has no trained epoch; leave --epoch out, and the run trains"
    )
    toy.instance.add_dynamic_partitions("toy_epochs", [f"v0-e{epoch:04d}" for epoch in range(12)])
    assert error_of("run", "toy", "--epoch", "v7-e0001") == (
        "there is no epoch 'v7-e0001'; toy has 12, the newest: v0-e0007, v0-e0008, v0-e0009, v0-e0010, v0-e0011"
    )
    toy.write_voice(advisory={"nope/nope": "because"})
    assert "advisory.nope/nope: no such rule" in error_of("run", "toy")
    assert toy.instance.get_runs_count() == 0


@pytest.mark.slow
def test_two_runs_of_one_voice(toy: ToyProject) -> None:
    holder = "import sys; from voice_assets.orchestration.instance import only_runner, open_instance\n"
    holder += "with open_instance() as instance, only_runner(instance, 'toy'): print('held', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", holder]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        assert "another `voice-assets run toy` is running" in error_of("run", "toy", "--to", "clips")
        other.communicate()
    with only_runner(toy.instance, "toy"):
        pass
