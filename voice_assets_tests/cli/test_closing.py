"""What the closing table says was done with an asset, from the runs of the command and what they recorded."""

import io
from pathlib import Path

import dagster as dg
import pytest
from rich.console import Console

from voice_assets.cli.closing import partitions_in_words, print_closing
from voice_assets.orchestration.gates import AssetPartition
from voice_assets.orchestration.launcher import Outcome
from voice_assets.orchestration.records import Materialisation
from voice_assets.orchestration.runner import AssetStatus
from voice_assets.voices import load_voice
from voice_assets_tests.datasets import write_voice

KEY = dg.AssetKey(["toy", "clips"])
OK, FAILED, CLOSED = (True, False), (False, False), (False, True)


def status(*results: tuple[str | None, str]) -> AssetStatus:
    """An asset with a result per partition: (partition, run)."""
    recorded = [Materialisation(KEY, partition, 1, run, 0.0, "v", "c", {}) for partition, run in results]
    return AssetStatus(KEY, results=recorded)


def outcomes(runs: dict[str | None, tuple[str, tuple[bool, bool]]]) -> dict[AssetPartition, Outcome]:
    """Runs by partition: (run, (success, closed))."""
    return {AssetPartition(KEY, name): Outcome(run, ok, "", closed) for name, (run, (ok, closed)) in runs.items()}


SHARDS = (("0-of-5", "a"), ("1-of-5", "b"), ("2-of-5", "old"), ("3-of-5", "old"), ("4-of-5", "old"))


@pytest.mark.parametrize(
    ("results", "runs", "words"),
    [
        ((), {}, "not run"),
        ((), {None: ("a", OK)}, "observed"),
        ((), {None: ("a", FAILED)}, "failed"),
        (((None, "a"),), {None: ("a", OK)}, "made"),
        (((None, "a"),), {None: ("a", FAILED)}, "made"),  # its rules failed, so the run did
        (((None, "old"),), {}, "current"),
        (((None, "old"),), {None: ("a", OK)}, "judged again"),
        (((None, "old"),), {None: ("a", FAILED)}, "failed"),
        ((("v0-e0001", "a"),), {"v0-e0001": ("a", OK)}, "v0-e0001 made"),
        ((("v0-e0001", "old"),), {}, "v0-e0001 current"),
        (SHARDS, {"0-of-5": ("a", OK), "1-of-5": ("b", OK)}, "2 made, 3 current"),
        (SHARDS, {"0-of-5": ("a", OK), "1-of-5": ("b", OK), "2-of-5": ("c", OK)}, "2 made, 1 judged again, 2 current"),
        (SHARDS, {"0-of-5": ("a", OK), "1-of-5": ("b", OK), "2-of-5": ("c", FAILED)}, "2 made, 1 failed, 2 current"),
        (SHARDS[2:], {}, "3 current"),
        (SHARDS[:1], {"0-of-5": ("a", OK), "1-of-5": ("x", FAILED)}, "1 made, 1 failed"),
        ((), {"0-of-5": ("x", CLOSED)}, "not made"),
    ],
)
def test_what_was_done(
    results: tuple[tuple[str | None, str], ...], runs: dict[str | None, tuple[str, tuple[bool, bool]]], words: str
) -> None:
    assert partitions_in_words(status(*results), outcomes(runs)) == words


def test_a_report_on_a_failure_is_not_what_the_advice_is_about(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    voice = load_voice(write_voice(tmp_path / "voices" / "toy.yaml", tmp_path / "data"))
    statuses = [
        AssetStatus(KEY, "FAIL", reasons=["toy/clips: mono: failed"]),
        AssetStatus(dg.AssetKey(["toy", "comparison"]), ran=1),
    ]
    shown = io.StringIO()
    print_closing(Console(file=shown, width=200), voice, statuses, ["clips", "training", "comparison"], {}, lambda _: ())
    assert "Not run: training." in shown.getvalue()
    assert "`clips/<rule>: <reason>`" in shown.getvalue()


def test_what_another_asset_of_the_same_command_recorded_was_made() -> None:
    training = AssetPartition(dg.AssetKey(["toy", "mini_training"]))
    assert partitions_in_words(status(("v0-e0001", "t")), {training: Outcome("t", True)}) == "v0-e0001 made"
