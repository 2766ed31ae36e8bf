"""The verdicts that real checks recorded, as the evidence of a package: bound to the data, the suite and the thresholds."""

import hashlib
import json
from typing import Any

import pytest

from voice_assets.orchestration.lineage import ancestry, lineage_json
from voice_assets.orchestration.parameters import suite_parameters
from voice_assets.release.statements import gate_statements
from voice_assets.reports.lineage import parse
from voice_assets.rules.suites import load_suite
from voice_assets.runtime import project
from voice_assets.voices import load_voice
from voice_assets_tests.toy_project import ToyProject

pytestmark = pytest.mark.slow
RULES = sorted(rule.name for rule in load_suite("base_validation").rules)


def statement_of(toy: ToyProject) -> dict[str, Any]:
    gate = toy.gate()
    lineage = parse(lineage_json(gate, ancestry(gate, [toy.latest("base_validation")])), "the event log")
    ((name, statement),) = gate_statements(lineage).items()
    assert name == "base_validation.intoto.json"
    return statement


def test_a_passed_gate_is_bound_to_its_data_and_its_thresholds(validated: ToyProject) -> None:
    statement, made = statement_of(validated), validated.latest("base_validation")
    predicate = statement["predicate"]
    assert (predicate["result"], predicate["passedTests"]) == ("PASSED", RULES)
    assert predicate["warnedTests"] == predicate["failedTests"] == []
    recorded = {file.uri: file.sha256 for file in [*made.artifacts.values(), *made.evidence.values()]}
    assert {one["name"]: one["digest"]["sha256"] for one in statement["subject"]} == recorded
    (suite,) = predicate["configuration"]
    text = suite["annotations"]["judged_by"]
    assert hashlib.sha256(text.encode()).hexdigest() == suite["digest"]["sha256"]
    voice = load_voice(project.voices_dir() / "toy.yaml")
    judged_by = json.loads(text)
    assert judged_by["parameters"] == json.loads(json.dumps(suite_parameters(voice, "base_validation")))
    assert judged_by["suite"] == load_suite("base_validation").sha256


def test_a_failed_gate_names_its_rule_and_an_advisory_rule_keeps_the_suite(failed: ToyProject) -> None:
    before = statement_of(failed)["predicate"]
    assert before["result"] == "FAILED"
    assert len(before["failedTests"]) == 1
    (rule,) = before["failedTests"]
    failed.write_voice(advisory={f"base_validation/{rule}": "one bad row in a test"})
    failed.run_checks("base_validation")
    after = statement_of(failed)["predicate"]
    assert (after["result"], after["warnedTests"], after["failedTests"]) == ("WARNED", [rule], [])
    assert after["passedTests"] == before["passedTests"]
    (suite,), (former,) = after["configuration"], before["configuration"]
    assert suite["digest"] == former["digest"]
    assert suite["annotations"]["advisory"] == {rule: "one bad row in a test"}
