"""A lineage as plain values: what is read, what is refused, and how shards are put together."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from voice_assets.reports.lineage import Lineage, LineageError, differences, parse, read
from voice_assets.reports.lineage_groups import groups
from voice_assets.reports.lineage_picture import picture


def pin(asset: str, storage_id: int, partition: str | None = None, **changes: Any) -> dict[str, Any]:
    return {
        "asset": f"toy/{asset}",
        "partition": partition,
        "storage_id": storage_id,
        "run_id": f"run-{storage_id}",
        "data_version": f"data-{storage_id}",
        **changes,
    }


def rule(passed: bool, **changes: Any) -> dict[str, Any]:
    facts = {"observed": 0.5, "limit": ">= 0.9", "message": "Clips fit."}
    return {"rule": "mean", "passed": passed, "blocks": not passed, **facts, **changes}


def entry(asset: str, storage_id: int | None, partition: str | None = None, **changes: Any) -> dict[str, Any]:
    made = pin(asset, storage_id or 0, partition) | {"storage_id": storage_id, "time": "2026-11-22T10:15:00+00:00"}
    return {**made, "code_version": "1", "built_from": [], "trained_by": None, "verdicts": [], "artifacts": {}, **changes}


def shards(count: int) -> list[dict[str, Any]]:
    """``clips`` of every shard, each from its shard of the data set."""
    return [
        entry(
            "clips",
            100 + index,
            f"{index}-of-{count}",
            built_from=[pin("raw_dataset", 0, f"{index}-of-{count}", data_version=f"hash {index}")],
        )
        for index in range(count)
    ]


def lineage_of(*entries: dict[str, Any]) -> Lineage:
    return parse({"format": 2, "materialisations": list(entries)}, "a test")


def validated(count: int = 64) -> Lineage:
    """A validation of ``count`` shards and the set that came from it, which ``whisper`` also gated."""
    clips = shards(count)
    pins = [pin("clips", one["storage_id"], one["partition"]) for one in clips]
    gate = pin("report", 20, gate_only=True)
    return lineage_of(
        entry("training_set", 30, built_from=[*pins, gate]),
        entry("report", 20, built_from=pins, verdicts=[rule(True), rule(False, blocks=False, advisory="known")]),
        *clips,
    )


def test_all_shards_of_an_asset_are_one_group() -> None:
    titles = sorted(one.title for one in groups(validated()))
    assert titles == ["clips, 64 shards", "raw_dataset, 64 shards", "report", "training_set"]
    assert len(groups(validated(), merged=False)) == 2 + 2 * 64


def test_shards_are_in_the_order_of_their_numbers() -> None:
    (clips,) = (one for one in groups(validated(12)) if one.asset == "clips")
    assert [one.partition for one in clips.entries] == [f"{index}-of-12" for index in range(12)]


def test_an_older_materialisation_of_a_shard_is_a_group_of_its_own() -> None:
    old = entry("clips", 5, "0-of-2")
    pins = [pin("clips", one["storage_id"], one["partition"]) for one in [*shards(2), old]]
    made = groups(lineage_of(entry("report", 20, built_from=pins), *shards(2), old))
    assert sorted(one.title for one in made if one.asset == "clips") == ["clips 0-of-2", "clips, 2 shards"]


def test_an_input_that_only_gates_somewhere_and_is_read_elsewhere_is_read() -> None:
    read_pin = pin("report", 20)
    first = entry("clips", 1, "0-of-2", built_from=[{**read_pin, "gate_only": True}])
    second = entry("clips", 2, "1-of-2", built_from=[read_pin])
    pins = [pin("clips", 1, "0-of-2"), pin("clips", 2, "1-of-2")]
    made = groups(lineage_of(entry("set", 30, built_from=pins), first, second, entry("report", 20)))
    (clips,) = (one for one in made if one.asset == "clips")
    assert list(clips.sources.values()) == [False]


def test_the_verdict_of_a_group_is_its_worst() -> None:
    verdicts = [[rule(True)], [rule(False, blocks=False, advisory="known")], [rule(False)], []]
    words = [groups(lineage_of(entry("report", 1, verdicts=each)))[0].word for each in verdicts]
    assert words == ["PASS", "WARNING", "FAIL", None]


def test_a_rule_that_did_not_pass_is_told_with_both_numbers_and_the_reason() -> None:
    passed, others = groups(lineage_of(entry("report", 1, verdicts=[rule(True), rule(False, blocks=False, advisory="known")])))[
        0
    ].rules()
    assert passed == 1
    assert others == ["WARNING mean: Clips fit. (observed 0.5, limit >= 0.9); advisory: known"]


def test_the_hash_of_the_data_set_depends_on_every_shard_and_on_no_order() -> None:
    def digest(*versions: str) -> str:
        pins = [pin("raw_dataset", 0, f"{i}-of-{len(versions)}", data_version=one) for i, one in enumerate(versions)]
        (found,) = {
            lineage_of(entry("clips", 1, built_from=order)).data_sets()["toy/raw_dataset"] for order in (pins, pins[::-1])
        }
        return found

    assert re.fullmatch("[0-9a-f]{64}", digest("a", "b"))
    assert len({digest("a", "b"), digest("b", "a"), digest("a", "c"), digest("a")}) == 4


def test_a_file_is_found_by_its_hash_with_the_part_that_made_it() -> None:
    lineage = lineage_of(
        entry("voice_package", 3, built_from=[pin("checkpoint", 2), pin("other", 9)]),
        entry("checkpoint", 2, artifacts={"a.ckpt": "abc"}, built_from=[pin("training_set", 1)]),
        entry("training_set", 1),
        entry("other", 9),
    )
    found = lineage.with_file("abc")
    assert found is not None
    assert [one.asset for one in lineage.about(found).materialisations] == ["toy/checkpoint", "toy/training_set"]
    assert lineage.with_file("xyz") is None


def test_the_training_of_a_checkpoint_comes_before_its_data() -> None:
    checkpoint = entry("checkpoint", 2, built_from=[pin("training_set", 1)], trained_by=pin("mini_training", 3))
    lineage = lineage_of(checkpoint, entry("mini_training", 3, built_from=[pin("training_set", 1)]), entry("training_set", 1))
    assert [one.asset for one, _ in lineage.sources(lineage.root)] == ["toy/mini_training", "toy/training_set"]


def test_what_was_wiped_is_gone_and_what_was_observed_is_not() -> None:
    lineage = lineage_of(entry("clips", 3, built_from=[pin("raw_dataset", 0, "0-of-1"), pin("report", 2)]))
    raw, report = (one for one, _ in lineage.sources(lineage.root))
    assert (raw.observed, raw.gone, report.observed, report.gone) == (True, False, False, True)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[]", "no JSON object"),
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ('{"materialisations": []}', "format '1'; this version of voice-assets reads format 2"),
        ('{"format": 2, "materialisations": []}', "materialisations: Tuple should have at least 1 item"),
        (json.dumps({"format": 2, "materialisations": [entry("a", -1)]}), "storage_id: Input should be greater than or equal"),
        (json.dumps({"format": 2, "materialisations": [entry("a" * 10_001, 1)]}), "asset: String should have at most 10000"),
        (
            json.dumps(
                {
                    "format": 2,
                    "materialisations": [entry("a", 1, built_from=[pin("b", 2)]), entry("b", 2, built_from=[pin("a", 1)])],
                }
            ),
            "these were built from each other: toy/",
        ),
    ],
)
def test_a_foreign_file_is_refused_with_its_name_and_the_place(content: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "lineage.json"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(LineageError) as refused:
        read(file)
    assert str(refused.value).startswith(str(file))
    assert message in str(refused.value)


def test_what_json_says_can_be_read_again() -> None:
    lineage = validated(3)
    again = json.loads(json.dumps(lineage.as_json()))
    assert parse(again, "a test") == lineage
    assert list(again["data_sets"]) == ["toy/raw_dataset"]


def test_two_lineages_differ_where_one_value_does() -> None:
    root = entry("voice_package", 9, built_from=[pin("clips", 1)])
    own = root | {"storage_id": None, "time": None, "data_version": "", "verdicts": []}
    clips = entry("clips", 1, verdicts=[rule(True)])
    log = lineage_of(root | {"verdicts": [rule(True)]}, clips)
    assert differences(lineage_of(own, clips), log) == []
    assert differences(lineage_of(own, clips | {"verdicts": [rule(False)]}), log) == ["toy/clips: the verdict of mean differs"]
    assert differences(lineage_of(own | {"code_version": "other"}, clips), log) == ["toy/voice_package: code_version differs"]
    assert differences(lineage_of(own), log) == ["toy/clips: not in the package"]
    assert differences(lineage_of(own, clips, entry("more", 4)), log) == ["toy/more: not in the event log"]


def test_the_picture_has_a_box_per_asset_and_an_arrow_per_input() -> None:
    drawn = picture(validated())
    assert re.findall(r'class="title"[^>]*>([^<]*)<', drawn) == [
        "raw_dataset, 64 shards",
        "clips, 64 shards",
        "report",
        "training_set",
    ]
    assert drawn.count('class="edge"') == 3  # data set -> clips -> report; clips -> training set
    assert drawn.count('class="edge gate"') == 1
    assert "1 of 2 rules passed" in drawn


def test_a_gate_that_follows_from_other_lines_is_not_drawn() -> None:
    first = entry("first", 1)
    second = entry("second", 2, built_from=[pin("first", 1)])
    third = entry("third", 3, built_from=[pin("second", 2), pin("first", 1, gate_only=True)])
    assert 'class="edge gate"' not in picture(lineage_of(third, second, first))


def test_a_name_from_outside_is_text_in_the_picture() -> None:
    drawn = picture(lineage_of(entry("<script>alert(1)</script>", 1)))
    assert "<script" not in drawn
