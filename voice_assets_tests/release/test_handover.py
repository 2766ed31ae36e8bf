"""The hand-over checklist: every line has its evidence, or says that it is missing."""

from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from voice_assets.release.handover import CRITERIA, Delivered, Line, checklist, plan_lines, pushed, release_lines
from voice_assets.rules.suites import load_suite

PASSED = {"passed": True, "blocks": False, "observed": 0.97, "limit": ">= 0.9", "message": "Good."}
MADE = Delivered(
    archived={"checkpoint": "releases/1.0.0/checkpoint/a.ckpt", "config": "releases/1.0.0/config", "logs": ""},
    status_page="PROJECT_STATUS.md",
    package="releases/1.0.0/voice.zip",
    usage="releases/1.0.0/voice.zip: README.md",
    tag="v1.0.0-toy on abc",
    push_with="git push origin v1.0.0-toy",
    reports={"quality_report": "reports/quality_1"},
    clients=["piper 1.8.0: CER 0.010, here 0.010"],
    clients_passed=True,
)


def passed() -> dict[str, list[dict[str, object]]]:
    found: dict[str, list[dict[str, object]]] = {}
    for one in CRITERIA:
        found.setdefault(one.suite, []).extend({"rule": rule, **PASSED} for rule in one.rules)
    return found


def test_every_criterion_names_rules_that_there_are() -> None:
    for one in CRITERIA:
        known = {rule.name for rule in load_suite(one.suite).rules} | {"listening"}
        assert set(one.rules) <= known, one


def test_passed_rules_are_evidence_with_the_figures_and_the_report() -> None:
    lines = plan_lines(passed(), {"quality_report": "reports/quality_1"})
    assert {line.state for line in lines} == {"done"}
    p95 = next(line for line in lines if line.text.startswith("Text length"))
    assert p95.evidence == "text_length_p95: PASS: Good (reports/quality_1)"


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"passed": False, "blocks": True}, "missing"),
        ({"passed": False, "blocks": False, "advisory": "a demo"}, "warning"),
        ({"passed": None, "blocks": True, "message": "no result"}, "missing"),
    ],
)
def test_a_rule_that_did_not_pass(changes: dict[str, object], state: str) -> None:
    verdicts = passed()
    (rule,) = (one for one in verdicts["training"] if one["rule"] == "gap_in_bounds")
    rule.update(changes)
    (line,) = (line for line in plan_lines(verdicts, {}) if line.text == "No overfitting")
    assert line.state == state


def test_a_stage_that_nobody_judged_is_missing() -> None:
    verdicts = passed()
    del verdicts["asr_sample_report"]
    lines = [line for line in plan_lines(verdicts, {}) if line.phase.startswith("Phase 2a")]
    assert {line.state for line in lines} == {"missing"}
    assert lines[0].evidence == "no verdict of asr_sample_report/mean_similarity"


def test_a_shard_that_failed_counts_for_its_rule() -> None:
    verdicts = passed()
    verdicts["whisper_validation"] = [
        {**one, "rule": f"{one['rule']}[0-of-2]"} if one["rule"] == "all_shards_done" else one
        for one in verdicts["whisper_validation"]
    ]
    verdicts["whisper_validation"][0].update({"passed": False, "blocks": True})
    (line,) = (line for line in plan_lines(verdicts, {}) if line.text == "No failed shards")
    assert line.state == "missing"


def test_the_tasks_of_the_release() -> None:
    lines = {line.text: line for line in release_lines(MADE)}
    assert lines["Archive: checkpoint"].state == "done"
    assert lines["Archive: logs"] == Line("Phase 5: deployment", "Archive: logs", "missing", "")
    assert lines["Tag pushed"] == Line("Phase 5: deployment", "Tag pushed", "missing", "push it: git push origin v1.0.0-toy")
    assert lines["Final ONNX model tested with production programs"].state == "done"
    failed = {line.text: line for line in release_lines(replace(MADE, clients_passed=False))}
    assert failed["Final ONNX model tested with production programs"].state == "warning"
    nobody = {line.text: line for line in release_lines(replace(MADE, clients=[]))}
    assert nobody["Final ONNX model tested with production programs"].state == "missing"


def test_a_push_completes_its_line_and_no_other() -> None:
    before = release_lines(MADE)
    after = pushed(before, "v1.0.0-toy to origin")
    assert [old.text for old, new in zip(before, after, strict=True) if old != new] == ["Tag pushed"]
    assert Line("Phase 5: deployment", "Tag pushed", "done", "v1.0.0-toy to origin") in after


def test_the_page_counts_what_is_missing_and_shows_no_markup() -> None:
    lines = [Line("Phase", "one", "done", "<script>alert(1)</script> | cell"), Line("Phase", "two", "missing", "")]
    text = checklist("Toy", "1.0.0", lines)
    assert "1 of 2 lines have their evidence." in text
    shown = MarkdownIt("commonmark").enable("table").render(text)
    assert "<script" not in shown
    assert shown.count("<tr>") == 3
    assert "<td>missing</td>" in shown
