"""Reading many records at once: the answers are those of one question at a time, and more shards need no more queries."""

from pathlib import Path

import pytest

from voice_assets.orchestration.history import History
from voice_assets.orchestration.records import Materialisation
from voice_assets_tests.datasets import write_voice
from voice_assets_tests.recorded_voice import RecordedVoice, opened_voice
from voice_assets_tests.statements import counted
from voice_assets_tests.toy_project import ToyProject, copied, opened

pytestmark = pytest.mark.slow

SHARDED = ("clips", "clip_stats", "asr_sample", "whisper_shard")
SHARDS = ("0-of-2", "1-of-2")


def everything_made(voice: RecordedVoice) -> list[Materialisation]:
    return [one for name in SHARDED for one in voice.gate().history.all(voice.target(name).key)]


def test_the_newest_of_each_shard_is_the_same_asked_alone_or_with_the_others(recorded: RecordedVoice) -> None:
    recorded.make("whisper_shard", "1-of-2", "B")
    recorded.make("clips", "0-of-2", "C")
    together = History(recorded.instance)
    for name in SHARDED:
        for shard in (*SHARDS, "2-of-2"):
            key = recorded.target(name).key
            assert together.latest(key, shard) == History(recorded.instance).latest(key, shard)
    assert together.latest(recorded.target("clips").key, "2-of-2") is None


def test_the_governing_materialisation_is_the_same(recorded: RecordedVoice) -> None:
    recorded.make("whisper_shard", "1-of-2", "B")
    again = recorded.make("whisper_shard", "1-of-2", "A")
    together = History(recorded.instance)
    for one in everything_made(recorded):
        assert together.governing(one) == History(recorded.instance).governing(one)
    older = next(
        one for one in everything_made(recorded) if one.partition == "1-of-2" and one.data_version == again.data_version
    )
    assert together.governing(older) == again


def test_the_observed_versions_are_the_same(recorded: RecordedVoice) -> None:
    key, together = recorded.target("raw_dataset").key, History(recorded.instance)
    versions = [together.observed_version(key, shard) for shard in (*SHARDS, "2-of-2")]
    assert versions == [History(recorded.instance).observed_version(key, shard) for shard in (*SHARDS, "2-of-2")]
    assert (None in versions[:2], versions[2]) == (False, None)


def test_the_verdicts_are_the_same(recorded: RecordedVoice) -> None:
    recorded.make("whisper_shard", "0-of-2", "B", failing=["every_clip_scored"])
    recorded.make("whisper_shard", "1-of-2", "B")
    newest = recorded.gate().history.latest(recorded.target("whisper_shard").key, "1-of-2")
    assert newest is not None
    recorded.judge("cer_range", newest, False, suite="of another day")
    together = recorded.gate()
    for one in everything_made(recorded):
        assert list(together.check_verdicts(one)) == list(recorded.gate().check_verdicts(one))


def test_the_pinned_inputs_are_the_same(recorded: RecordedVoice) -> None:
    made = recorded.gate().history.latest(recorded.target("whisper_validation").key)
    assert made is not None
    recorded.instance.wipe_assets([recorded.target("clips").key])
    alone = [History(recorded.instance).exact(pin) for pin in made.pins]
    assert History(recorded.instance).exact_of(made.pins) == alone
    assert [one is None for one in alone] == [pin.asset == "toy/clips" for pin in made.pins]


def validated(toy: ToyProject, shards: int) -> RecordedVoice:
    write_voice(toy.root / "voices" / "toy.yaml", Path("../dataset"), shards=shards)
    voice = opened_voice(toy.instance)
    voice.observe()
    voice.validate()
    return voice


@pytest.mark.parametrize("name", ["whisper_shard", "mini_training"])
def test_more_shards_need_no_more_queries(new_once: Path, tmp_path: Path, name: str) -> None:
    numbers = []
    for shards in (2, 5):
        with opened(copied(new_once, tmp_path / str(shards))) as toy:
            voice = validated(toy, shards)
            target = voice.target(name, f"0-of-{shards}" if name in SHARDED else None)
            gate = voice.gate()
            with counted() as statements:
                assert gate.blockers(target) == []
            numbers.append(len(statements))
    assert numbers[0] == numbers[1] <= 20
