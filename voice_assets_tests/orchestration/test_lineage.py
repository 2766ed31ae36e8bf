"""The lineage from the event log, and from the ``lineage.json`` that a package gets: both say the same."""

import dagster as dg
import pytest

from voice_assets.orchestration.lineage import ancestry, descendants, lineage_json, unfinished
from voice_assets.orchestration.lineage_subjects import SubjectError, find_file, last_made, last_of_epoch, materialisations_of
from voice_assets.orchestration.links import report_url, run_url
from voice_assets.orchestration.records import SUITE, Materialisation
from voice_assets.reports.lineage import Lineage, differences, parse
from voice_assets_tests.datasets import write_voice
from voice_assets_tests.recorded_voice import BEFORE_TRAINING, RecordedVoice, opened_voice

pytestmark = pytest.mark.slow

EPOCH, OTHER_EPOCH = "v0-e0001", "v0-e0000"
SHARDS = ("0-of-2", "1-of-2")
SHARDED = ("clips", "clip_stats", "asr_sample", "whisper_shard")
TRAINED = [
    "mini_training",
    "training",
    "best_epoch",
    f"checkpoint[{EPOCH}]",
    f"onnx_voice[{EPOCH}]",
    f"voice_samples[{EPOCH}]",
    f"voice_package[{EPOCH}]",
]


def newest(recorded: RecordedVoice, name: str, partition: str | None = None) -> Materialisation:
    found = recorded.gate().history.latest(recorded.target(name).key, partition)
    assert found is not None
    return found


def of_log(recorded: RecordedVoice, start: Materialisation) -> Lineage:
    gate = recorded.gate()
    return parse(lineage_json(gate, ancestry(gate, [start])), "the event log")


def of_package(recorded: RecordedVoice) -> Lineage:
    """The lineage that the run of the newest package wrote into it: the package itself was not recorded yet."""
    gate, package = recorded.gate(), newest(recorded, "voice_package", EPOCH)
    sources = [one for one in (gate.history.exact(pin) for pin in package.pins) if one is not None]
    root = unfinished(gate, recorded.target("voice_package", EPOCH), list(package.pins))
    return parse(lineage_json(gate, ancestry(gate, sources), root), "lineage.json")


def names(found: list[Materialisation]) -> list[str]:
    return [f"{one.key.path[-1]}[{one.partition}]" if one.partition else one.key.path[-1] for one in found]


def test_the_event_log_and_the_package_agree(recorded: RecordedVoice) -> None:
    log, package = of_log(recorded, newest(recorded, "voice_package", EPOCH)), of_package(recorded)
    assert differences(package, log) == []
    assert package.materialisations[1:] == log.materialisations[1:]
    assert package.data_sets() == log.data_sets()
    assert len(log.materialisations) == 2 * len(SHARDED) + len(BEFORE_TRAINING) - len(SHARDED) + 5


def test_a_verdict_after_the_package_is_a_difference(recorded: RecordedVoice) -> None:
    package, validation = of_package(recorded), newest(recorded, "whisper_validation")
    rule = dg.AssetCheckKey(validation.key, "mean_similarity")
    recorded.judge(rule.name, validation, False, str(recorded.graph.get_check_spec(rule).metadata[SUITE]))
    assert differences(package, of_log(recorded, newest(recorded, "voice_package", EPOCH))) == [
        "toy/whisper_validation: the verdict of mean_similarity differs"
    ]


def test_a_limit_or_a_waiver_that_changed_since_contradicts_no_package(recorded: RecordedVoice) -> None:
    package = of_package(recorded)
    changes = {"whisper": {"min_mean_similarity": 0.5}, "listening": "advisory"}
    write_voice(recorded.voice.file, recorded.voice.dataset, shards=2, **changes)
    changed = opened_voice(recorded.instance)
    assert differences(package, of_log(changed, newest(changed, "voice_package", EPOCH))) == []


def test_the_lineage_ends_at_every_shard_of_the_data_set(recorded: RecordedVoice) -> None:
    lineage = of_package(recorded)
    ends = {one.name: one.data_version for one in lineage.ancestors(lineage.root) if one.observed}
    observed = {shard: recorded.gate().history.observed_version(recorded.target("raw_dataset").key, shard) for shard in SHARDS}
    assert ends == {f"toy/raw_dataset[{shard}]": version for shard, version in observed.items()}


def test_every_verdict_is_recorded_with_both_numbers(recorded: RecordedVoice) -> None:
    (validation,) = (one for one in of_package(recorded).materialisations if one.asset == "toy/whisper_validation")
    rules = recorded.gate().rules(recorded.target("whisper_validation").key)
    assert {rule.rule for rule in validation.verdicts} == {rule.name for rule in rules}
    assert {(rule.passed, rule.observed, rule.limit) for rule in validation.verdicts} == {(True, 0.5, ">= 0.9")}


def test_the_checkpoint_leads_to_the_training_that_wrote_it(recorded: RecordedVoice) -> None:
    (checkpoint,) = (one for one in of_package(recorded).materialisations if one.asset == "toy/checkpoint")
    assert checkpoint.trained_by is not None
    assert checkpoint.trained_by.storage_id == newest(recorded, "mini_training").storage_id


@pytest.mark.parametrize(
    ("asset", "entry"), [("checkpoint", "checkpoint"), ("onnx_voice", "model"), ("voice_package", "package")]
)
def test_a_file_is_found_by_its_hash(recorded: RecordedVoice, asset: str, entry: str) -> None:
    made = newest(recorded, asset, EPOCH)
    found = find_file(recorded.gate(), made.artifact(entry).sha256)
    assert found == made
    assert find_file(recorded.gate(), "0" * 64) is None


def test_a_report_and_the_judged_evidence_are_found_by_their_hash(recorded: RecordedVoice) -> None:
    made = newest(recorded, "whisper_validation")
    assert made.report is not None
    assert find_file(recorded.gate(), made.report.sha256) == made
    assert find_file(recorded.gate(), made.evidence["facts"].sha256) == made


def test_an_epoch_is_its_last_asset(recorded: RecordedVoice) -> None:
    gate = recorded.gate()
    assert names([last_of_epoch(gate, "toy", EPOCH)]) == [f"voice_package[{EPOCH}]"]
    assert names([last_of_epoch(gate, "toy", OTHER_EPOCH)]) == [f"checkpoint[{OTHER_EPOCH}]"]
    assert names([last_made(gate, "toy")]) == [f"voice_package[{EPOCH}]"]


def test_a_run_names_an_older_materialisation(recorded: RecordedVoice) -> None:
    first = newest(recorded, "whisper_validation")
    recorded.make("whisper_validation", data="B")
    target = recorded.target("whisper_validation")
    assert materialisations_of(recorded.gate(), target, first.run_id[:8]) == [first]
    assert materialisations_of(recorded.gate(), target) == [newest(recorded, "whisper_validation")]


@pytest.mark.parametrize(
    ("asset", "partition", "run", "message"),
    [
        ("nope", None, None, "there is no asset 'nope' of a voice 'toy'; the assets of toy: raw_dataset, clips"),
        ("clips", "0-of-9", None, "toy/clips[0-of-9]: there is no such partition; the last of them: 0-of-2, 1-of-2"),
        ("clips", "0-of-2", "xyz", "toy/clips[0-of-2]: never materialised by a run xyz..."),
    ],
)
def test_what_does_not_exist(recorded: RecordedVoice, asset: str, partition: str | None, run: str | None, message: str) -> None:
    with pytest.raises(SubjectError) as missing:
        materialisations_of(recorded.gate(), recorded.target(asset, partition), run)
    assert str(missing.value).startswith(message)


def test_an_unknown_epoch_names_those_there_are(recorded: RecordedVoice) -> None:
    with pytest.raises(SubjectError, match=f"no epoch 'v9-e0000' of toy; the newest epochs: {OTHER_EPOCH}, {EPOCH}"):
        last_of_epoch(recorded.gate(), "toy", "v9-e0000")
    with pytest.raises(SubjectError, match="no voice 'nobody'; the voices: toy"):
        last_of_epoch(recorded.gate(), "nobody", EPOCH)


def test_what_was_built_on_a_shard(recorded: RecordedVoice) -> None:
    built = descendants(recorded.gate(), [newest(recorded, "whisper_shard", "0-of-2")])
    expected = ["whisper_validation", "training_set", f"checkpoint[{OTHER_EPOCH}]", *TRAINED]
    assert sorted(names(built)) == sorted(expected)


def test_what_was_built_on_the_data_of_a_validation_that_ran_again(recorded: RecordedVoice) -> None:
    again = recorded.make("whisper_validation", data="A")
    assert names(descendants(recorded.gate(), [again]))[-1] == f"voice_package[{EPOCH}]"


def test_nothing_was_built_on_new_data(recorded: RecordedVoice) -> None:
    assert descendants(recorded.gate(), [recorded.make("whisper_validation", data="B")]) == []
    assert descendants(recorded.gate(), [newest(recorded, "voice_package", EPOCH)]) == []


def test_a_training_leads_to_the_checkpoints_that_it_wrote(recorded: RecordedVoice) -> None:
    built = names(descendants(recorded.gate(), [newest(recorded, "mini_training")]))
    assert f"checkpoint[{OTHER_EPOCH}]" in built
    assert built[-1] == f"voice_package[{EPOCH}]"


def test_a_failure_today_speaks_against_everything_downstream(recorded: RecordedVoice) -> None:
    shard = newest(recorded, "whisper_shard", "0-of-2")
    recorded.make("whisper_shard", "0-of-2", failing=["every_clip_scored"])
    gate = recorded.gate()
    built = descendants(gate, [shard])
    reasons = {str(blocker) for one in built for blocker in gate.objections(one)}
    assert all(gate.objections(one) for one in built)
    assert any(reason.startswith("toy/whisper_shard[0-of-2]: every_clip_scored: failed in run") for reason in reasons)


def test_the_links_of_the_ui(recorded: RecordedVoice) -> None:
    assert run_url("abc/../x") == "/runs/abc%2F..%2Fx"
    report = newest(recorded, "whisper_validation")
    assert report_url("toy", report.report) == "/reports/toy/whisper_validation_A"
    assert report_url("toy", newest(recorded, "training_set").report) is None
