"""The gate on what people heard: approved opens, and only for exactly the data version that was heard."""

from collections.abc import Iterator

import dagster as dg
import pytest
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph

from voice_assets.orchestration.gates import AssetPartition, Gate
from voice_assets.orchestration.listening import HEARD, LISTENING, record_listening, subject_key, verdict_on
from voice_assets.orchestration.marks import DECISIONS
from voice_assets.orchestration.records import Materialisation, pins_json
from voice_assets_tests.orchestration.recorded_events import Records

EPOCH = "v0-e0001"
REPORT, SAMPLES, PACKAGE = (dg.AssetKey(["toy", name]) for name in ("quality_report", "voice_samples", "voice_package"))
VERDICTS = dg.AssetKey(["toy", LISTENING])
MARKS = [{"clip": "a", "mark": "good", "by": "anna"}, {"clip": "b", "mark": "bad", "by": "anna"}]


def graph(mode: str) -> AssetGraph:
    """A package of an epoch; both the samples of the data and those of the epoch must have been heard."""
    epochs = dg.StaticPartitionsDefinition([EPOCH])
    heard = {HEARD: {"assets": ["quality_report", "voice_samples"], "mode": mode}} if mode != "off" else {}
    listening = dg.AssetDep(VERDICTS, partition_mapping=dg.AllPartitionMapping())
    assets = [
        dg.AssetSpec(REPORT),
        dg.AssetSpec(SAMPLES, deps=[REPORT], partitions_def=epochs),
        dg.AssetSpec(VERDICTS, partitions_def=dg.DynamicPartitionsDefinition(name="toy_subjects"), metadata={DECISIONS: True}),
        dg.AssetSpec(PACKAGE, deps=[SAMPLES, listening], partitions_def=epochs, metadata=heard),
    ]
    return dg.Definitions(assets=assets).resolve_asset_graph()


class Spoken(Records):
    """A data set with its report, and the samples of an epoch that was trained on it."""

    def report(self, data: str) -> Materialisation:
        return self.materialise(REPORT, data)

    def samples(self, data: str, of: Materialisation) -> Materialisation:
        return self.materialise(SAMPLES, data, EPOCH, upstream=pins_json([of.pin()]))

    def hear(self, heard: Materialisation, word: str = "approved", comment: str = "") -> None:
        record_listening(self.instance, heard, word, "anna", comment, MARKS)  # type: ignore[arg-type]

    def gate(self, mode: str = "required") -> Gate:
        return Gate(graph(mode), self.instance)

    def closed(self, mode: str = "required") -> list[str]:
        return [str(blocker) for blocker in self.gate(mode).blockers(AssetPartition(PACKAGE, EPOCH))]


@pytest.fixture
def spoken() -> Iterator[Spoken]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield Spoken(instance)


def test_samples_that_nobody_heard_close_and_the_message_names_the_command(spoken: Spoken) -> None:
    spoken.samples("s1", spoken.report("d1"))
    assert spoken.closed() == [
        "toy/quality_report: listening: nobody has heard the samples of this data version: listen and decide with "
        "`voice-assets review toy`",
        f"toy/voice_samples[{EPOCH}]: listening: nobody has heard the samples of this data version: listen and decide with "
        f"`voice-assets review toy --epoch {EPOCH}`",
    ]


def test_two_approvals_open(spoken: Spoken) -> None:
    report = spoken.report("d1")
    samples = spoken.samples("s1", report)
    spoken.hear(report)
    assert len(spoken.closed()) == 1
    spoken.hear(samples)
    assert spoken.closed() == []


def test_the_newest_verdict_counts(spoken: Spoken) -> None:
    report = spoken.report("d1")
    samples = spoken.samples("s1", report)
    for heard in (report, samples):
        spoken.hear(heard)
    spoken.hear(samples, "rejected", "It lisps.")
    assert spoken.closed() == [f"toy/voice_samples[{EPOCH}]: listening: rejected by anna, who heard the samples: It lisps."]
    spoken.hear(samples)
    assert spoken.closed() == []


def test_an_approval_counts_for_no_other_data(spoken: Spoken) -> None:
    report = spoken.report("d1")
    for heard in (report, spoken.samples("s1", report)):
        spoken.hear(heard)
    spoken.samples("s2", report)
    (blocker,) = spoken.closed()
    assert blocker.startswith(f"toy/voice_samples[{EPOCH}]: listening: nobody has heard")


def test_the_samples_of_the_data_that_the_voice_was_built_from_count(spoken: Spoken) -> None:
    """A newer, unheard version of the data set does not close an older epoch whose own data were heard."""
    report = spoken.report("d1")
    for heard in (report, spoken.samples("s1", report)):
        spoken.hear(heard)
    spoken.report("d2")
    assert not [blocker for blocker in spoken.closed() if "listening" in blocker]


def test_samples_of_no_known_data_close(spoken: Spoken) -> None:
    """The pin on the quality report is not there: nobody can say which samples should have been heard."""
    spoken.report("d1")
    spoken.hear(spoken.materialise(SAMPLES, "s1", EPOCH))
    assert f"toy/voice_package[{EPOCH}]: listening: would be built from no quality_report" in "".join(spoken.closed())


def test_advisory_warns_and_off_says_nothing(spoken: Spoken) -> None:
    spoken.samples("s1", spoken.report("d1"))
    package = AssetPartition(PACKAGE, EPOCH)
    assert spoken.closed("advisory") == spoken.closed("off") == []
    assert len(spoken.gate("advisory").advice(package)) == 2
    assert spoken.gate("off").advice(package) == spoken.gate("required").advice(package) == []


def test_a_verdict_that_is_reported_without_words_opens_nothing(spoken: Spoken) -> None:
    """A click on `Report materialization` in the UI records one without any value."""
    report = spoken.report("d1")
    spoken.hear(spoken.samples("s1", report))
    event = dg.AssetMaterialization(VERDICTS, partition=subject_key(report))
    spoken.instance.report_runless_asset_event(event)
    assert len(spoken.closed()) == 1


def test_what_was_said_is_recorded(spoken: Spoken) -> None:
    report = spoken.report("d1")
    spoken.hear(report, comment="Clean.")
    said = verdict_on(spoken.gate().history, report)
    assert said is not None
    assert (said.word, said.by, said.comment, said.data_version) == ("approved", "anna", "Clean.", "d1")
    recorded = spoken.gate().history.latest(VERDICTS, "quality-d1")
    assert recorded is not None
    assert recorded.metadata["bad"] == 1
    assert recorded.metadata["marks"] == MARKS
    assert spoken.instance.get_dynamic_partitions("toy_subjects") == ["quality-d1"]
