"""Rules that could not be judged are one line, after the fault that is the cause: in the report and on the command line."""

import dagster as dg
import pandas as pd
import pytest

from voice_assets.dataset.config import read_config
from voice_assets.dataset.faults import Limits
from voice_assets.orchestration.blockers import in_words
from voice_assets.orchestration.gates import AssetPartition, Blocker
from voice_assets.reports.base_validation import write
from voice_assets.reports.verdicts import Verdict, rule_rows
from voice_assets.rules.runner import RuleResult
from voice_assets_tests.conftest import MakeDataset
from voice_assets_tests.data_checks.good_tables import judge
from voice_assets_tests.dataset.reading import read_all

BECAUSE = "the rule could not be judged, so it counts as failed: no row is left."


def verdict_of(result: RuleResult) -> Verdict:
    return {"rule": result.rule, "passed": result.passed, "message": result.message, "observed": result.observed}


def test_a_list_with_commas_is_one_cause_and_a_few_lines(make_dataset: MakeDataset, limits: Limits) -> None:
    """Every row has a fault, so no rule about texts and audio has a row to judge."""
    dataset = make_dataset()
    metadata = dataset / "metadata_2col.csv"
    metadata.write_text(metadata.read_text(encoding="utf-8").replace("|", ","), encoding="utf-8")
    clips = read_all(dataset, limits)
    config = read_config(dataset, limits.sample_rate, limits.espeak_voice)
    facts = pd.DataFrame([{**vars(config), "problems": "; ".join(config.problems)}])
    results = judge("base_validation", {"clips": clips, "config": facts})
    assert "findings: 1 column instead of 2 (`name|text`): the line has no `|` and looks" in results["two_columns"].message
    errored = [result.rule for result in results.values() if result.errored]
    assert len(errored) > 8
    verdicts = [verdict_of(result) for result in results.values()]
    rows = [row for row in rule_rows(verdicts) if row["verdict"] != "PASS"]
    assert [row["rule"] for row in rows[:2]] == ["two_columns", "no_extra_wavs"]
    assert rows[2]["rule"] == f"{len(errored)} rules"
    assert all(rule in rows[2]["note"] for rule in errored)
    assert len(rows) == 3
    markdown, _ = write(dataset / "reports", "Felix", dataset, clips, config, verdicts, limits)
    text = markdown.read_text(encoding="utf-8")
    assert text.index("two_columns") < text.index("could not be judged")
    assert text.count("could not be judged") == 1
    assert "looks separated by commas" in text
    blockers = [
        Blocker(
            AssetPartition(dg.AssetKey(["toy", "base_validation"])),
            f"failed in run 1: {result.message} (observed nothing, limit x)",
            result.rule,
        )
        for result in results.values()
        if not result.passed
    ]
    lines = in_words(blockers)
    assert [line.split(": ")[1] for line in lines[:2]] == ["two_columns", "no_extra_wavs"]
    assert len(lines) == 3
    assert lines[2].startswith("toy/base_validation: ")
    assert "(observed" not in lines[2]


def test_the_cause_comes_before_the_rules_that_passed() -> None:
    verdicts: list[Verdict] = [
        {"rule": "good", "passed": True, "message": "Fine."},
        {"rule": "one", "passed": False, "message": f"One: {BECAUSE}"},
        {"rule": "cause", "passed": False, "message": "The cause."},
        {"rule": "two", "passed": False, "message": f"Two: {BECAUSE}"},
    ]
    assert [(row["rule"], row["verdict"]) for row in rule_rows(verdicts)] == [
        ("cause", "FAIL"),
        ("2 rules", "FAIL"),
        ("good", "PASS"),
    ]
    assert rule_rows(verdicts)[1]["note"] == "could not be judged, so they count as failed: no row is left: one, two"


@pytest.mark.parametrize("blocks", [True, False])
def test_one_rule_alone_keeps_its_row_and_an_advisory_one_its_reason(blocks: bool) -> None:
    verdicts: list[Verdict] = [
        {"rule": "good", "passed": True, "message": "Fine."},
        {"rule": "one", "passed": False, "message": f"One: {BECAUSE}"},
        {"rule": "two", "passed": False, "blocks": blocks, "message": f"Two: {BECAUSE}" if not blocks else "Broken."},
    ]
    assert [row["rule"] for row in rule_rows(verdicts)] == ["good", "one", "two"]
