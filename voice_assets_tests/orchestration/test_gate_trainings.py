"""Gates behind checkpoints: an epoch of a running training can be heard, what is shipped waits for the whole training."""

from collections.abc import Iterator

import dagster as dg
import pytest
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph

from voice_assets.orchestration.epoch_choice import candidates, epochs_to_make
from voice_assets.orchestration.gates import AssetPartition, Gate
from voice_assets.orchestration.lineage import training_set_of
from voice_assets.orchestration.marks import CANDIDATES, CHOICE, REMOVED, RUN_OF, WHOLE_TRAINING
from voice_assets.orchestration.records import SUITE, Materialisation, pins_json
from voice_assets.runtime.storage import Artifact
from voice_assets_tests.orchestration.recorded_events import Records

MINI, TRAINING, CHECKPOINT, VOICE, BEST, PACKAGE = (
    dg.AssetKey(["toy", name]) for name in ("mini_training", "training", "checkpoint", "voice", "best", "package")
)
EPOCHS = dg.DynamicPartitionsDefinition(name="toy_epochs")
FIRST, SECOND, LAST = "v0-e0000", "v0-e0050", "v0-e0100"


def graph() -> AssetGraph:
    """The end of a voice: two trainings, their checkpoints, a voice per epoch, a tournament, and a package."""
    keys = (MINI, TRAINING, VOICE)

    def rule(key: dg.AssetKey) -> dg.AssetChecksDefinition:
        partitions = EPOCHS if key == VOICE else None

        @dg.asset_check(asset=key, name="sane", blocking=True, metadata={SUITE: "today"}, partitions_def=partitions)
        def sane() -> dg.AssetCheckResult:
            raise NotImplementedError

        return sane

    assets = [
        dg.AssetSpec(MINI),
        dg.AssetSpec(TRAINING, deps=[MINI]),
        dg.AssetSpec(
            CHECKPOINT, deps=[MINI, TRAINING], partitions_def=EPOCHS, metadata={RUN_OF: ["mini_training", "training"]}
        ),
        dg.AssetSpec(VOICE, deps=[CHECKPOINT], partitions_def=EPOCHS),
        dg.AssetSpec(BEST, deps=[VOICE], metadata={CANDIDATES: None, CHOICE: True}),
        dg.AssetSpec(PACKAGE, deps=[VOICE, BEST], partitions_def=EPOCHS, metadata={WHOLE_TRAINING: True}),
    ]
    return dg.Definitions(assets=assets, asset_checks=list(map(rule, keys))).resolve_asset_graph()


class LongTraining(Records):
    """A mini-training of one epoch and a training that wrote two more."""

    def train(self, name: dg.AssetKey, passed: bool, hashes: dict[str, str], **metadata: object) -> Materialisation:
        """Record a training that ended."""
        facts = {"version": 0, "checkpoints": hashes, "config_sha256": "config", **metadata}
        made = self.materialise(name, "trained", **facts)
        self.judge("sane", made, passed)
        return made

    def checkpoint(self, epoch: str) -> Materialisation:
        files = {name: Artifact(f"artifacts/{epoch}/{name}", sha, 1).as_json() for name, sha in self._files(epoch)}
        self.instance.add_dynamic_partitions("toy_epochs", [epoch])
        return self.materialise(CHECKPOINT, f"weights {epoch}", epoch, **files)

    def _files(self, epoch: str) -> list[tuple[str, str]]:
        return [("checkpoint", f"weights {epoch}"), ("config", "config")]

    def export(self, epoch: str, passed: bool = True) -> Materialisation:
        source = self.gate().history.latest(CHECKPOINT, epoch)
        assert source is not None
        made = self.materialise(VOICE, f"voice {epoch}", epoch, upstream=pins_json([source.pin()]))
        self.judge("sane", made, passed)
        return made

    def remove(self, epoch: str) -> None:
        reason = "removed by training.keep"
        self.observe(dg.AssetObservation(CHECKPOINT, partition=epoch, metadata={REMOVED: reason}))

    def gate(self) -> Gate:
        return Gate(graph(), self.instance)

    def blockers(self, key: dg.AssetKey, epoch: str | None = None) -> list[str]:
        return [str(blocker) for blocker in self.gate().blockers(AssetPartition(key, epoch))]


def hashes(*epochs: str) -> dict[str, str]:
    return {epoch: f"weights {epoch}" for epoch in epochs}


@pytest.fixture
def running(tmp_path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LongTraining]:
    """The mini-training passed. The training has written an epoch, and runs."""
    monkeypatch.setenv("VOICE_ASSETS_ROOT", str(tmp_path))
    with dg.DagsterInstance.ephemeral() as instance:
        records = LongTraining(instance)
        records.checkpoint(FIRST)
        records.train(MINI, True, hashes(FIRST))
        records.checkpoint(SECOND)
        yield records


def test_an_epoch_of_a_running_training_can_be_exported_but_not_packaged(running: LongTraining) -> None:
    assert running.blockers(VOICE, SECOND) == []
    running.export(SECOND)
    assert running.blockers(PACKAGE, SECOND) == [f"toy/training: the whole training of toy/checkpoint[{SECOND}] has not ended"]


def test_an_epoch_of_the_mini_training_waits_for_the_whole_training_too(running: LongTraining) -> None:
    running.export(FIRST)
    assert running.blockers(PACKAGE, FIRST) == [f"toy/training: the whole training of toy/checkpoint[{FIRST}] has not ended"]
    running.train(TRAINING, False, hashes(FIRST, SECOND))
    assert ["toy/training: sane: failed in run" in blocker for blocker in running.blockers(PACKAGE, FIRST)] == [True]
    running.train(TRAINING, True, hashes(FIRST, SECOND))
    assert running.blockers(PACKAGE, FIRST) == []


def test_an_epoch_that_a_continued_training_wrote_waits_for_its_end(running: LongTraining) -> None:
    running.train(TRAINING, True, hashes(FIRST, SECOND))
    running.checkpoint(LAST)
    running.export(LAST)
    assert running.blockers(PACKAGE, LAST) == [f"toy/training: the whole training of toy/checkpoint[{LAST}] has not ended"]


def test_a_mini_training_made_again_does_not_open_what_the_whole_training_closed(running: LongTraining) -> None:
    running.train(TRAINING, False, hashes(FIRST, SECOND))
    running.export(SECOND)
    running.train(MINI, True, hashes(FIRST, SECOND))
    assert ["toy/training: sane: failed in run" in blocker for blocker in running.blockers(PACKAGE, SECOND)] == [True]


def test_a_training_that_passed_opens_the_package(running: LongTraining) -> None:
    running.train(TRAINING, True, hashes(SECOND))
    running.export(SECOND)
    assert running.blockers(PACKAGE, SECOND) == []


def test_a_training_that_failed_can_be_heard_and_not_shipped(running: LongTraining) -> None:
    running.train(TRAINING, False, hashes(SECOND))
    assert running.blockers(VOICE, SECOND) == []
    running.export(SECOND)
    assert ["toy/training: sane: failed in run" in blocker for blocker in running.blockers(PACKAGE, SECOND)] == [True]


def test_a_package_whose_training_fails_later_has_an_objection(running: LongTraining) -> None:
    running.train(TRAINING, True, hashes(SECOND))
    pin = running.export(SECOND).pin()
    package = running.materialise(PACKAGE, "package", SECOND, upstream=pins_json([pin]))
    assert running.gate().objections(package) == []
    running.train(TRAINING, False, hashes(SECOND))
    assert ["toy/training: sane: failed" in str(found) for found in running.gate().objections(package)] == [True]


def test_a_mini_training_that_failed_closes_every_epoch_of_its_version(running: LongTraining) -> None:
    running.train(MINI, False, hashes(FIRST))
    for epoch in (FIRST, SECOND):
        assert ["toy/mini_training: sane: failed" in blocker for blocker in running.blockers(VOICE, epoch)] == [True]


def test_a_checkpoint_that_its_ended_training_did_not_record_closes(running: LongTraining) -> None:
    running.train(TRAINING, True, {SECOND: "others"})
    (blocker,) = running.blockers(VOICE, SECOND)
    assert "not the checkpoint and config that the training in run" in blocker


def test_a_removed_checkpoint_refuses_an_export_and_keeps_what_was_made_from_it(running: LongTraining) -> None:
    running.train(TRAINING, True, hashes(SECOND))
    running.export(SECOND)
    running.remove(SECOND)
    assert running.blockers(VOICE, SECOND) == [f"toy/checkpoint[{SECOND}]: removed by training.keep"]
    assert running.blockers(PACKAGE, SECOND) == []
    assert running.blockers(VOICE, FIRST) == []


@pytest.mark.parametrize("other", [FIRST, LAST])
def test_an_epoch_that_was_written_again_after_its_removal_can_be_exported(running: LongTraining, other: str) -> None:
    """A damaged checkpoint is removed, and its training goes on from the one before. ``other``: asked about first, or not."""
    running.remove(SECOND)
    running.checkpoint(SECOND)
    history = running.gate().history
    assert history.removed(CHECKPOINT, other) == history.removed(CHECKPOINT, SECOND) == ""
    assert running.blockers(VOICE, SECOND) == []
    running.remove(SECOND)
    history = running.gate().history
    assert history.removed(CHECKPOINT, other) == ""
    assert history.removed(CHECKPOINT, SECOND) == "removed by training.keep"


def test_an_observation_from_outside_neither_removes_nor_brings_back(running: LongTraining) -> None:
    forged = dg.AssetObservation(CHECKPOINT, partition=SECOND, metadata={REMOVED: "because I say so"})
    running.instance.report_runless_asset_event(forged)
    assert running.blockers(VOICE, SECOND) == []
    running.remove(SECOND)
    running.instance.report_runless_asset_event(dg.AssetObservation(CHECKPOINT, partition=SECOND))
    assert running.blockers(VOICE, SECOND) == [f"toy/checkpoint[{SECOND}]: removed by training.keep"]


def test_only_the_candidates_are_compared_and_one_that_failed_closes_nothing(running: LongTraining) -> None:
    running.checkpoint(LAST)
    running.train(TRAINING, True, hashes(SECOND, LAST), candidates=[FIRST, LAST])
    for epoch, passed in ((FIRST, False), (SECOND, True), (LAST, True)):
        running.export(epoch, passed)
    gate = running.gate()
    assert [source.partition for source, _ in gate.inputs(AssetPartition(BEST))] == [FIRST, LAST]
    assert running.blockers(BEST) == []


def test_a_candidate_that_is_missing_closes_the_tournament(running: LongTraining) -> None:
    running.train(TRAINING, True, hashes(SECOND), candidates=[FIRST, SECOND])
    running.export(FIRST)
    assert running.blockers(BEST) == [f"toy/voice[{SECOND}]: never materialised"]


def test_other_candidates_make_a_tournament_out_of_date(running: LongTraining) -> None:
    running.train(TRAINING, True, hashes(SECOND), candidates=[FIRST])
    pins = pins_json([running.export(FIRST).pin()])
    best = running.materialise(BEST, "best", upstream=pins, winner=FIRST)
    assert running.gate().staleness(AssetPartition(BEST), best) is None
    running.train(TRAINING, True, hashes(SECOND), candidates=[FIRST, SECOND])
    running.export(SECOND)
    assert running.gate().staleness(AssetPartition(BEST), best) == f"out of date: not built from toy/voice[{SECOND}]"


def test_a_training_set_that_was_made_again_with_the_same_data(running: LongTraining) -> None:
    """The mini-training pins the older record, the training the newer one, and both are ancestors of the checkpoint."""
    key = dg.AssetKey(["toy", "training_set"])
    older, newer = running.materialise(key, "clips"), running.materialise(key, "clips")
    mini = running.materialise(MINI, "mini", upstream=pins_json([older.pin()]), version=0, checkpoints={}, config_sha256="")
    running.instance.add_dynamic_partitions("toy_epochs", [LAST])
    written = running.materialise(CHECKPOINT, "weights", LAST, upstream=pins_json([newer.pin(), mini.pin()]))
    assert {one.storage_id for one in running.gate().ancestors([written])} >= {older.storage_id, newer.storage_id}
    assert training_set_of(running.gate(), written).storage_id == newer.storage_id


def test_the_epochs_of_a_run(running: LongTraining) -> None:
    assert candidates(running.gate(), "toy") == epochs_to_make(running.gate(), PACKAGE) == []
    running.train(TRAINING, True, hashes(SECOND), candidates=[FIRST, SECOND])
    assert epochs_to_make(running.gate(), VOICE) == [FIRST, SECOND]
    assert epochs_to_make(running.gate(), VOICE, "v0-e0007") == ["v0-e0007"]
    running.materialise(BEST, "best", winner=SECOND)
    assert epochs_to_make(running.gate(), PACKAGE) == [SECOND]
