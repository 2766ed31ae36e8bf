"""Which epoch a version is built from, and what closes the gate of a release. On recorded histories."""

import dagster as dg
import pytest

from voice_assets.orchestration.gates import Gate
from voice_assets.orchestration.marks import RELEASED
from voice_assets.orchestration.records import pins_json
from voice_assets.orchestration.released import released
from voice_assets.orchestration.runner import SelectionError, assets_to
from voice_assets.orchestration.version_runs import VersionRun
from voice_assets.runtime.storage import project_store
from voice_assets_tests.recorded_voice import OF_AN_EPOCH, RecordedVoice

FIRST, SECOND = "v0-e0000", "v0-e0001"


def sources(voice: RecordedVoice, version: str, epoch: str | None = None) -> list[str]:
    gate = Gate(voice.graph, voice.instance, epoch=epoch)
    return [str(source) for source, _ in gate.inputs(voice.target("release", version))]


def blockers(voice: RecordedVoice, version: str = "1.0.0", epoch: str | None = None) -> list[str]:
    return [str(one) for one in Gate(voice.graph, voice.instance, epoch=epoch).blockers(voice.target("release", version))]


def record(voice: RecordedVoice, version: str, epoch: str, released: bool = True) -> None:
    """Write a release of ``epoch`` as the asset records one."""
    package = voice.gate().history.latest(voice.target("voice_package").key, epoch)
    assert package is not None
    key = voice.target("release").key
    entries = {RELEASED: released, "released_at": "2026-11-22 10:15:00 UTC", "upstream": pins_json([package.pin()])}
    voice.materialise(key, package.data_version, version, voice.graph.get(key).code_version, **entries)


def package_first(voice: RecordedVoice) -> None:
    for name in OF_AN_EPOCH:
        voice.make(name, FIRST)
    voice.make("voice_package", FIRST)


def test_the_newest_package_is_released(recorded: RecordedVoice) -> None:
    assert sources(recorded, "1.0.0") == [f"toy/voice_package[{SECOND}]"]
    package_first(recorded)
    assert sources(recorded, "1.0.0") == [f"toy/voice_package[{FIRST}]"]
    assert blockers(recorded) == []


def test_a_person_can_ask_for_another_epoch(recorded: RecordedVoice) -> None:
    package_first(recorded)
    assert sources(recorded, "1.0.0", SECOND) == [f"toy/voice_package[{SECOND}]"]
    assert blockers(recorded, epoch=SECOND) == []


def test_a_released_version_keeps_its_epoch(recorded: RecordedVoice) -> None:
    record(recorded, "1.0.0", SECOND)
    package_first(recorded)
    assert sources(recorded, "1.0.0") == sources(recorded, "1.0.0", FIRST) == [f"toy/voice_package[{SECOND}]"]
    assert sources(recorded, "1.1.0") == [f"toy/voice_package[{FIRST}]"]


def test_a_version_that_its_rules_stopped_is_still_free(recorded: RecordedVoice) -> None:
    record(recorded, "1.0.0", SECOND, released=False)
    package_first(recorded)
    assert sources(recorded, "1.0.0") == [f"toy/voice_package[{FIRST}]"]


def test_an_epoch_without_a_package_cannot_be_released(recorded: RecordedVoice) -> None:
    assert blockers(recorded, epoch=FIRST) == [f"toy/voice_package[{FIRST}]: never materialised"]


def test_a_voice_without_any_package_cannot_be_released(recorded: RecordedVoice) -> None:
    recorded.instance.wipe_assets([recorded.target("voice_package").key])
    assert blockers(recorded) == ["toy/voice_package: never materialised"]


@pytest.mark.parametrize("rule", ["checksums_match", "speaks"])
def test_a_package_that_failed_a_rule_closes_the_gate(recorded: RecordedVoice, rule: str) -> None:
    recorded.make("voice_package", SECOND, "B", failing=[rule])
    (blocker,) = blockers(recorded)
    assert blocker.startswith(f"toy/voice_package[{SECOND}]: {rule}: failed in run ")


def test_a_rule_far_upstream_closes_the_gate(recorded: RecordedVoice) -> None:
    recorded.make("whisper_validation", None, "A", failing=["low_similarity"])
    assert any("toy/whisper_validation: low_similarity: failed" in one for one in blockers(recorded))


def test_a_package_that_is_out_of_date_closes_the_gate(recorded: RecordedVoice) -> None:
    recorded.make("onnx_voice", SECOND, "B")
    assert any("toy/voice_package[v0-e0001]: out of date: built from toy/onnx_voice" in one for one in blockers(recorded))


def test_the_runner_makes_no_release_without_a_version(recorded: RecordedVoice) -> None:
    with pytest.raises(SelectionError, match=r"voice-assets release toy --version 1\.0\.0"):
        assets_to(recorded.graph, "toy", "release")
    assert dg.AssetKey(["toy", "release"]) not in assets_to(recorded.graph, "toy", None)


def version_run(voice: RecordedVoice, version: str = "1.0.0", epoch: str | None = None) -> VersionRun:
    return VersionRun(voice.graph, voice.instance, voice.voice, version, epoch)


def test_what_is_in_the_way_is_known_before_anything_starts(recorded: RecordedVoice) -> None:
    assert version_run(recorded).in_the_way() == []
    assert version_run(recorded, epoch=FIRST).in_the_way() == [f"toy/voice_package[{FIRST}]: never materialised"]
    record(recorded, "1.0.0", SECOND)
    assert version_run(recorded).in_the_way() == []
    package_first(recorded)
    (refusal,) = version_run(recorded).in_the_way()
    assert f"was released from {SECOND}, and the package of {FIRST} is another; a version is never overwritten" in refusal
    assert version_run(recorded, epoch=SECOND).in_the_way() == []
    assert len(version_run(recorded, epoch=FIRST).in_the_way()) == 1


def test_a_broken_voice_cannot_be_released(recorded: RecordedVoice) -> None:
    broken = recorded.voice.model_copy(update={"name": "other"})
    with pytest.raises(SelectionError, match="there is no voice 'other'"):
        VersionRun(recorded.graph, recorded.instance, broken, "1.0.0", None)


def test_a_released_version_stays_released_when_a_rule_stops_a_later_run(recorded: RecordedVoice) -> None:
    record(recorded, "1.0.0", SECOND)
    record(recorded, "1.1.0", SECOND)
    record(recorded, "1.0.0", SECOND, released=False)
    history, key = recorded.gate().history, recorded.target("release").key
    found = released(history, key, "1.0.0")
    assert found is not None
    assert found.metadata[RELEASED]
    assert found.partition == "1.0.0"
    assert released(history, key, "2.0.0") is None


def test_a_zip_that_was_changed_closes_the_gate(recorded: RecordedVoice) -> None:
    archive = recorded._file(recorded.target("voice_package", SECOND), "B", "package.zip")
    recorded.make("voice_package", SECOND, archive=archive.as_json())
    assert blockers(recorded) == []
    file = project_store().local(archive.uri)
    file.write_bytes(file.read_bytes()[::-1])
    assert any("out of date: " in one and "package.zip has other bytes" in one for one in blockers(recorded))
