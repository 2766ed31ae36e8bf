import math

import pandas as pd
import pytest

from voice_assets.asr.categories import by_category, with_categories
from voice_assets.asr.validation import sample_facts, shard_facts, shards_without_transcripts, validation_facts
from voice_assets.dataset.shards import shard_key, shard_of


def transcripts(*rows):
    frame = pd.DataFrame(rows, columns=["clip_id", "similarity"])
    return frame.assign(reference="Обычное предложение", duration_s=3.0)


@pytest.mark.parametrize(
    ("expected", "rows", "missing", "extra"),
    [
        (["a", "b"], [("a", 1.0), ("b", 0.5)], 0, 0),
        (["a", "b"], [("a", 1.0)], 1, 0),
        (["a", "b"], [("a", 1.0), ("b", math.nan)], 1, 0),
        (["a"], [("a", 1.0), ("b", 1.0)], 0, 1),
        (["a"], [("a", 1.0), ("a", 1.0)], 0, 1),
        (["a"], [("b", 1.0)], 1, 1),
        ([], [], 0, 0),
    ],
)
def test_missing_and_extra_clips_are_counted(expected, rows, missing, extra):
    found = shard_facts(expected, transcripts(*rows))
    assert found == {"clips": len(expected), "clips_missing": missing, "clips_extra": extra}


def test_the_facts_of_a_validation():
    frame = transcripts(("a", 1.0), ("b", 0.8), ("c", 0.79), ("d", 0.41))
    found = validation_facts(["a", "b", "c", "d", "e"], frame, by_category(with_categories(frame, "ru"), 0.8), 0.8, shards=1000)
    assert found == {
        "clips": 5,
        "clips_missing": 1,
        "clips_extra": 0,
        "shards_missing": 1,
        "missing_shards": shard_key(shard_of("e", 1000), 1000),
        "mean_similarity": pytest.approx(0.75),
        "low": 2,
        "low_ratio": 0.5,
        "kept_low": 0,
        "kept_by": "",
        "worst_category_gap": 0.0,
        "worst_category": "",
    }


@pytest.mark.parametrize(
    ("rows", "missing"),
    [
        ([("a", 1.0), ("b", 1.0), ("c", 1.0)], []),
        ([("a", 1.0), ("c", 1.0)], ["b"]),
        ([("a", 1.0), ("b", math.nan), ("c", 1.0)], ["b"]),
        ([("x", 1.0)], ["a", "b", "c"]),
    ],
    ids=["all", "one lost", "one without scores", "transcripts of other clips"],
)
def test_a_shard_without_transcripts_of_its_clips_is_missing(rows, missing):
    """With 1000 shards each of these clips is alone in its shard, and most shards have no clip."""
    expected = sorted(shard_key(shard_of(clip_id, 1000), 1000) for clip_id in missing)
    assert shards_without_transcripts(["a", "b", "c"], transcripts(*rows), 1000) == expected


def test_a_validation_of_nothing_has_the_worst_mean():
    frame = transcripts()
    found = validation_facts(["a"], frame, by_category(with_categories(frame, "ru"), 0.8), 0.8, shards=1)
    assert (found["clips_missing"], found["mean_similarity"], found["shards_missing"]) == (1, 0.0, 1)


def test_kept_clips_are_not_low_and_the_facts_say_who_kept_them():
    rows = [("a", 1.0), ("b", 0.8), ("c", 0.79), ("d", 0.41), ("e", 0.1), ("f", 0.1)]
    frame = transcripts(*rows).assign(kept=["x-v2"] * 4 + ["x-v3", ""], kept_by=["Анна"] * 3 + ["Борис", "", ""])
    table = by_category(with_categories(frame, "ru"), 0.8)
    found = validation_facts(list("abcdef"), frame, table, 0.8, shards=1)
    assert (found["low"], found["low_ratio"]) == (1, pytest.approx(1 / 6))
    assert (found["kept_low"], found["kept_by"]) == (3, "? 1, Анна 1, Борис 1")
    assert found["mean_similarity"] == pytest.approx(3.2 / 6)


def test_low_clips_of_a_category_do_not_count_kept_ones():
    frame = transcripts(("a", 0.1), ("b", 0.1)).assign(reference="Слово", kept=["x-v2", ""])
    assert by_category(with_categories(frame, "ru"), 0.8).set_index("category").at["one_word", "low"] == 1


def test_a_sample_counts_what_was_drawn():
    frame = transcripts(("a", 1.0), ("b", 0.5))
    found = sample_facts(3, frame, by_category(with_categories(frame, "ru"), 0.8), 0.8)
    assert (found["clips"], found["clips_missing"], found["low"]) == (3, 1, 1)
    assert found["worst_category"] == ""
