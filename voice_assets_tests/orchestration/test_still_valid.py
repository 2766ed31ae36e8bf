"""What a later validation says about the checkpoints and voices that were made before it."""

import uuid
from collections.abc import Iterator

import dagster as dg
import pytest

from voice_assets.orchestration.gates import Gate
from voice_assets.orchestration.records import pins_json
from voice_assets.orchestration.still_valid import CHECK, NOTHING, Standing, results, standings
from voice_assets_tests.orchestration.recorded_events import Records
from voice_assets_tests.orchestration.test_gate_histories import (
    CHECKPOINT,
    EPOCH,
    TRAINING,
    VALIDATION,
    VOICE,
    TrainedVoice,
    graph,
)


class MadeVoice(TrainedVoice):
    """A validation, a checkpoint that was trained on it, and a voice made of the checkpoint."""

    def gate(self) -> Gate:
        return Gate(graph("today"), self.instance)

    def standings(self) -> list[Standing]:
        return list(standings(self.gate(), [CHECKPOINT, VOICE], ["validation"]))

    def reasons(self) -> list[tuple[str, ...]]:
        """The reasons against the checkpoint, and against the voice."""
        return [one.reasons for one in self.standings()]

    def marked(self) -> list[tuple[str, bool]]:
        """Mark everything. The newest result of the check for the checkpoint and the voice: description and verdict."""
        self.log(results(self.gate(), self.standings()))
        found = []
        for key in (CHECKPOINT, VOICE):
            gate = self.gate()
            latest = gate.history.latest(key, EPOCH)
            assert latest is not None
            result = gate.history.verdict(dg.AssetCheckKey(key, CHECK), latest, None, newest=False).result
            assert result is not None
            assert result.severity == dg.AssetCheckSeverity.WARN
            found.append((str(result.description), result.passed))
        return found

    def log(self, evaluations: list[dg.AssetCheckEvaluation]) -> None:
        """Log results as a run does."""
        run_id = str(uuid.uuid4())
        for one in evaluations:
            kind = dg.DagsterEventType.ASSET_CHECK_EVALUATION.value
            self.instance.report_dagster_event(dg.DagsterEvent(kind, "__ASSET_JOB", event_specific_data=one), run_id)

    def records(self, key: dg.AssetKey) -> int:
        """How often the check was recorded."""
        return len(self.instance.event_log_storage.get_asset_check_execution_history(dg.AssetCheckKey(key, CHECK), limit=100))


@pytest.fixture
def made() -> Iterator[MadeVoice]:
    with dg.DagsterInstance.ephemeral() as instance:
        records = MadeVoice(instance)
        records.result(records.validate("A"), passed=True)
        records.train()
        checkpoint = records.gate().history.latest(CHECKPOINT, EPOCH)
        assert checkpoint is not None
        records.materialise(VOICE, "voice", EPOCH, upstream=pins_json([checkpoint.pin()]))
        yield records


def test_after_a_passed_validation_nothing_speaks_against_a_voice(made: MadeVoice) -> None:
    assert [one.name for one in made.standings()] == [f"toy/checkpoint[{EPOCH}]", f"toy/voice[{EPOCH}]"]
    assert made.reasons() == [(), ()]
    made.result(made.validate("B"), passed=True)
    assert made.reasons() == [(), ()]


def test_the_same_data_that_fail_speak_against_all_that_was_built_from_them(made: MadeVoice) -> None:
    made.result(made.validate("A"), passed=False)
    (checkpoint,), (voice,) = made.reasons()
    assert checkpoint == voice
    assert voice.startswith("toy/validation: mean: failed in run")


def test_newer_data_that_fail_are_said_to_be_newer(made: MadeVoice) -> None:
    newer = made.validate("B")
    assert made.reasons() == [(), ()]  # not judged yet
    made.result(newer, passed=False)
    (checkpoint,), (voice,) = made.reasons()
    assert checkpoint == voice
    assert voice.startswith("newer data, which this was not built from, fail: toy/validation: mean: failed in run")
    assert made.blockers() == []  # the gate stays open: the data of this voice passed


def test_a_checkpoint_that_its_training_did_not_record_is_shown(made: MadeVoice) -> None:
    made.checkpoint(weights="others")
    checkpoint, voice = made.reasons()
    assert ["not the checkpoint and config" in one for one in checkpoint] == [True]
    assert voice == ()  # it was made of the checkpoint before


def test_results_are_recorded_and_cleared_by_a_validation_that_passes(made: MadeVoice) -> None:
    assert made.marked() == [(NOTHING, True)] * 2
    made.result(made.validate("A"), passed=False)
    failed = made.marked()
    assert [passed for _, passed in failed] == [False, False]
    assert "toy/validation: mean: failed in run" in failed[1][0]
    made.result(made.validate("A"), passed=True)
    assert made.marked() == [(NOTHING, True)] * 2


def test_a_result_that_passes_is_recorded_once_and_one_that_warns_each_time(made: MadeVoice) -> None:
    made.marked()
    made.marked()
    assert (made.records(CHECKPOINT), made.records(VOICE)) == (1, 1)
    made.result(made.validate("A"), passed=False)
    made.marked()
    made.marked()
    assert (made.records(CHECKPOINT), made.records(VOICE)) == (3, 3)


def test_results_that_warn_are_recorded_last() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        made = [Records(instance).materialise(VOICE, "v", f"v0-e000{epoch}") for epoch in range(3)]
        found = [Standing(made[0], ("x",)), Standing(made[1], ()), Standing(made[2], ("y", "z"))]
        logged = results(Gate(graph("today"), instance), found)
        assert [(one.partition, one.passed, one.description) for one in logged] == [
            ("v0-e0001", True, NOTHING),
            ("v0-e0000", False, "x"),
            ("v0-e0002", False, "y; z"),
        ]


def test_what_was_never_made_has_no_standing() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        assert list(standings(Gate(graph("today"), instance), [CHECKPOINT, TRAINING, VALIDATION], ["validation"])) == []
