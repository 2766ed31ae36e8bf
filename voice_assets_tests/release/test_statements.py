"""The statements of a package follow from its lineage, and are what the in-toto specifications define."""

import hashlib
import json
from typing import Any

import pytest
from google.protobuf import json_format
from in_toto_attestation.predicates.provenance.v1 import provenance_pb2
from in_toto_attestation.predicates.test_result.v0 import test_result_pb2
from in_toto_attestation.v1.statement import Statement as InToto

from voice_assets.release.statements import (
    DATASET_FILE,
    StatementError,
    gate_statement,
    gate_statements,
    provenance,
    statements,
    with_files,
)
from voice_assets_tests.release.lineages import JUDGED_BY, OTHER_SUITE, SUITE, entry, lineage, pin, trained, verdict

VOICE = {"en_US-toy-medium.onnx": "1" * 64, "en_US-toy-medium.onnx.json": "2" * 64}
DATASET = "3" * 64
TRAINING = {"settings": {"learning_rate": 0.0002, "checkpoint": None}, "identity": {"piper": "1.8.0", "start": None}}
PASSED, FAILED = verdict("mean_similarity"), verdict("mean_similarity", False)


def statement_of(*entries: dict[str, Any], asset: str = "whisper_validation") -> dict[str, Any]:
    return gate_statement(asset, lineage(*entries).materialisations)


def verdict_of(*entries: dict[str, Any]) -> tuple[str, list[str], list[str], list[str]]:
    found = statement_of(*entries)["predicate"]
    return found["result"], found["passedTests"], found["warnedTests"], found["failedTests"]


def configuration_of(*entries: dict[str, Any]) -> dict[str, Any]:
    (one,) = statement_of(*entries)["predicate"]["configuration"]
    assert isinstance(one, dict)
    return one


def accepted(statement: dict[str, Any], predicate: Any) -> None:
    """Read a statement with the published protocol buffers, which refuse unknown keys and values of another type."""
    whole = InToto.copy_from_pb(json_format.ParseDict(statement, InToto([], "", {}).pb))
    whole.validate()
    json_format.ParseDict(statement["predicate"], predicate)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (PASSED, ("PASSED", ["mean_similarity"], [], [])),
        (FAILED, ("FAILED", [], [], ["mean_similarity"])),
        (FAILED | {"blocks": False}, ("WARNED", [], ["mean_similarity"], [])),
        (FAILED | {"blocks": False, "waiver": "waived by Ann"}, ("WARNED", [], ["mean_similarity"], [])),
        ({"rule": "mean_similarity", "passed": None, "blocks": True}, ("FAILED", [], [], ["mean_similarity"])),
        (PASSED | {"blocks": True}, ("PASSED", ["mean_similarity"], [], [])),
    ],
)
def test_the_verdict_of_one_rule(given: dict[str, Any], wanted: tuple[str, list[str], list[str], list[str]]) -> None:
    assert verdict_of(entry("whisper_validation", 1, given)) == wanted


def test_a_failure_is_the_result_whatever_else_passed_or_warned() -> None:
    warned = verdict("low_similarity", False, blocks=False)
    assert verdict_of(entry("v", 1, verdict("a"), warned))[0] == "WARNED"
    assert verdict_of(entry("v", 1, verdict("a"), warned, FAILED))[0] == "FAILED"


def test_shards_that_agree_are_one_test_and_shards_that_differ_are_named() -> None:
    same = [entry("s", number, verdict("scored"), partition=f"{number}-of-2") for number in (0, 1)]
    assert verdict_of(*same) == ("PASSED", ["scored"], [], [])
    other = [same[0], entry("s", 1, verdict("scored", False), partition="1-of-2")]
    assert verdict_of(*other) == ("FAILED", ["scored[0-of-2]"], [], ["scored[1-of-2]"])


@pytest.mark.parametrize("partition", [None, "0-of-2"])
@pytest.mark.parametrize("order", [1, -1])
def test_two_materialisations_of_one_partition_hide_no_failure(partition: str | None, order: int) -> None:
    both = [entry("s", 4, PASSED, partition=partition), entry("s", 5, FAILED, partition=partition)]
    name = f"mean_similarity[{partition or ''}#"
    assert verdict_of(*both[::order]) == ("FAILED", [f"{name}4]"], [], [f"{name}5]"])


def test_the_subjects_are_the_recorded_files_of_every_materialisation() -> None:
    shards = [entry("s", number, PASSED, partition=f"{number}-of-2") for number in (1, 0)]
    files = {uri: digest for one in shards for uri, digest in one["artifacts"].items()}
    found = statement_of(*shards)["subject"]
    assert found == [{"name": uri, "digest": {"sha256": digest}} for uri, digest in sorted(files.items())]
    assert len(found) == 2


def test_a_gate_without_a_judged_file_is_no_evidence() -> None:
    with pytest.raises(StatementError, match=r"whisper_validation: .* name no judged file; run its checks again"):
        statement_of(entry("whisper_validation", 1, PASSED, artifacts={}))


def test_the_configuration_is_the_suite_with_its_thresholds() -> None:
    found = configuration_of(entry("whisper_validation", 1, PASSED))
    assert found["name"] == "data_checks/whisper_validation.json"
    assert found["digest"] == {"sha256": SUITE}
    said = found["annotations"]
    assert hashlib.sha256(said["judged_by"].encode()).hexdigest() == SUITE
    assert json.loads(said["judged_by"])["parameters"] == {"min_mean_similarity": 0.9}
    assert said["limits"] == {"mean_similarity": ">= 0.9"}
    assert said["observed"] == {"mean_similarity": 0.95}
    assert said["messages"] == {"mean_similarity": "The mean_similarity fits."}
    assert (said["waivers"], said["advisory"]) == ({}, {})


def test_waivers_and_reasons_are_named_with_their_rule() -> None:
    waived, advised = FAILED | {"blocks": False, "waiver": "Ann"}, verdict("low", False, blocks=False, advisory="a test")
    said = configuration_of(entry("v", 1, waived, advised))["annotations"]
    assert said["waivers"] == {"mean_similarity": "Ann"}
    assert said["advisory"] == {"low": "a test"}


def test_values_that_differ_between_shards_are_named_with_the_shard() -> None:
    shards = [entry("s", number, verdict("scored", observed=number), partition=f"{number}-of-2") for number in (0, 1)]
    said = configuration_of(*shards)["annotations"]
    assert said["observed"] == {"scored[0-of-2]": 0, "scored[1-of-2]": 1}
    assert said["limits"] == {"scored": ">= 0.9"}


def test_each_version_of_a_suite_is_a_configuration_and_a_person_has_no_suite() -> None:
    heard = {"rule": "listening", "passed": True, "blocks": False, "message": "approved by Ann: fine"}
    shards = [
        entry("s", 0, PASSED, partition="0-of-2"),
        entry("s", 1, PASSED | {"suite": OTHER_SUITE}, heard, partition="1-of-2"),
    ]
    person, first, second = statement_of(*shards)["predicate"]["configuration"]
    assert person == {"name": "no suite", "annotations": person["annotations"]}
    assert person["annotations"]["messages"] == {"listening": "approved by Ann: fine"}
    assert {first["digest"]["sha256"], second["digest"]["sha256"]} == {SUITE, OTHER_SUITE}
    assert "judged_by" not in second["annotations"]
    assert first["annotations"]["judged_by"] == JUDGED_BY


def test_every_gate_of_the_lineage_has_a_statement_and_nothing_else_has() -> None:
    found = gate_statements(lineage(*trained()))
    assert list(found) == [f"{name}.intoto.json" for name in ("onnx_voice", "training", "whisper_validation", "whisper_shard")]
    for one in found.values():
        accepted(one, test_result_pb2.TestResult())


def test_the_statements_do_not_depend_on_whether_the_lineage_was_written_and_read() -> None:
    values = {"format": 2, "materialisations": trained()}
    again = lineage(*json.loads(json.dumps(values))["materialisations"])
    assert statements(again, TRAINING, VOICE, DATASET) == statements(lineage(*trained()), TRAINING, VOICE, DATASET)


def test_any_verdict_limit_or_file_that_changes_changes_a_statement() -> None:
    before = gate_statements(lineage(*trained()))
    changes: list[Any] = [{"passed": False}, {"limit": ">= 0.8"}, {"observed": 0.96}, {"suite": OTHER_SUITE}, {"waiver": "Ann"}]
    for change in changes:
        entries = trained()
        entries[0]["verdicts"][0] |= change
        assert gate_statements(lineage(*entries))["onnx_voice.intoto.json"] != before["onnx_voice.intoto.json"], change
    entries = trained()
    entries[0]["artifacts"] = {"artifacts/toy/other.parquet": "0" * 64}
    assert gate_statements(lineage(*entries))["onnx_voice.intoto.json"] != before["onnx_voice.intoto.json"]


def provenance_of(*entries: dict[str, Any], training: dict[str, Any] = TRAINING) -> dict[str, Any]:
    found = provenance(lineage(*entries), training, VOICE, DATASET)
    accepted(found, provenance_pb2.Provenance())
    return found


def test_the_provenance_names_every_file_that_proves_nothing() -> None:
    digests = {"README.md": "7" * 64, f"evidence/{DATASET_FILE}": DATASET, "reports/a.md": "8" * 64, "MODEL_CARD": "9" * 64}
    found = with_files(provenance_of(*trained()), digests)
    accepted(found, provenance_pb2.Provenance())
    listed = found["predicate"]["runDetails"]["byproducts"]
    assert [(one["name"], one["digest"]["sha256"][0]) for one in listed] == [
        ("MODEL_CARD", "9"), ("README.md", "7"), ("reports/a.md", "8")
    ]  # fmt: skip


def dependencies(statement: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Role, name and SHA-256 of each resolved dependency that is a file."""
    found = statement["predicate"]["buildDefinition"]["resolvedDependencies"]
    return [(one["annotations"]["role"], one["name"], one["digest"]["sha256"]) for one in found if "name" in one]


def file_of(number: int, asset: str) -> tuple[str, str]:
    ((uri, digest),) = entry(asset, number)["artifacts"].items()
    return uri, digest


def test_the_provenance_names_what_the_voice_was_trained_from() -> None:
    found = provenance_of(*trained())
    assert found["subject"] == [{"name": name, "digest": {"sha256": digest}} for name, digest in VOICE.items()]
    assert dependencies(found) == [
        ("data set", "evidence/croissant.json", DATASET),
        ("training set", *file_of(6, "training_set")),
        ("checkpoint", *file_of(8, "checkpoint")),
    ]
    details = found["predicate"]["runDetails"]
    assert details["metadata"] == {"invocationId": "00000009-run", "finishedOn": "2026-01-01T00:00:09+00:00"}
    definition = found["predicate"]["buildDefinition"]
    assert definition["externalParameters"] == TRAINING
    assert definition["resolvedDependencies"][-1] == {"uri": "pkg:pypi/piper-tts@1.8.0"}
    assert definition["resolvedDependencies"][0]["annotations"]["versions"] == lineage(*trained()).data_sets() != {}


def test_the_provenance_names_the_published_voice_that_the_training_started_from() -> None:
    source = {"name": "en_US-joe-medium.onnx", "sha256": "4" * 64, "license": "CC0", "credit": "joe"}
    training = {**TRAINING, "identity": {"start": file_of(7, "starting_checkpoint")[1]}}
    found = provenance_of(*trained(source), training=training)
    assert dependencies(found)[2:] == [
        ("starting checkpoint", *file_of(7, "starting_checkpoint")),
        ("checkpoint", *file_of(8, "checkpoint")),
        ("published voice", "en_US-joe-medium.onnx", "4" * 64),
    ]
    (last,) = (one for one in found["predicate"]["buildDefinition"]["resolvedDependencies"] if one["name"] == source["name"])
    assert last["annotations"] == {"role": "published voice", "license": "CC0", "credit": "joe"}


def test_the_provenance_names_the_weights_of_a_checkpoint_that_the_voice_file_named() -> None:
    found = provenance_of(*trained(), training={**TRAINING, "identity": {"start": "5" * 64}})
    assert dependencies(found)[-1] == ("weights that the training started from", "training.checkpoint", "5" * 64)


def test_a_newer_training_set_that_this_training_did_not_read_is_not_named() -> None:
    entries = trained()
    newer = entry("training_set", 20)
    entries[0]["built_from"].append(pin(newer))
    assert ("training set", *file_of(20, "training_set")) not in dependencies(provenance_of(*entries, newer))


@pytest.mark.parametrize("missing", ["checkpoint", "training"])
def test_a_lineage_without_its_training_has_no_provenance(missing: str) -> None:
    entries = [one for one in trained() if one["asset"] != f"toy/{missing}"]
    with pytest.raises(StatementError, match=r"lineage\.json: names no checkpoint whose training has ended"):
        provenance(lineage(*entries), TRAINING, VOICE, DATASET)


@pytest.mark.parametrize("identity", [None, [], "text", 5])
def test_an_identity_of_another_type_is_no_identity(identity: object) -> None:
    found = provenance(lineage(*trained()), {"identity": identity}, VOICE, DATASET)
    assert len(found["predicate"]["buildDefinition"]["resolvedDependencies"]) == 3
