import hashlib

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_assets.quality.sampling import sample, seeded_ids


def clips(durations: list[float], prefix: str = "c") -> pd.DataFrame:
    return pd.DataFrame({"clip_id": [f"{prefix}{index}" for index in range(len(durations))], "duration_s": durations})


MANY = clips(np.random.default_rng(3).uniform(0.3, 15.0, 800).tolist())


def test_seeded_ids_are_those_with_the_smallest_hash():
    ids = [f"clip_{index}" for index in range(50)]
    by_hash = sorted(ids, key=lambda clip_id: hashlib.sha256(f"7:{clip_id}".encode()).hexdigest())
    assert seeded_ids(ids, 5, 7) == set(by_hash[:5])


@given(st.lists(st.text(), unique=True), st.integers(0, 30), st.integers())
def test_seeded_ids_do_not_depend_on_order_or_repeats(ids, count, seed):
    chosen = seeded_ids(ids, count, seed)
    assert chosen == seeded_ids(reversed(ids), count, seed) == seeded_ids(ids + ids, count, seed)
    assert len(chosen) == min(count, len(ids))
    assert chosen <= set(ids)


def test_a_new_clip_replaces_at_most_one():
    ids = [f"clip_{index}" for index in range(300)]
    before = seeded_ids(ids, 40, 1)
    for new in range(20):
        assert len(before - seeded_ids([*ids, f"new_{new}"], 40, 1)) <= 1


def test_another_seed_draws_other_clips():
    assert seeded_ids(MANY["clip_id"], 30, 1) != seeded_ids(MANY["clip_id"], 30, 2)
    assert set(sample(MANY, 30, 1)["clip_id"]) != set(sample(MANY, 30, 2)["clip_id"])


def test_a_sample_has_short_and_long_clips():
    rare = pd.concat([clips([5.0] * 500), clips([0.3], "short"), clips([14.0], "long")])
    drawn = set(sample(rare, 6, 1)["clip_id"])
    assert {"short0", "long0"} <= drawn
    assert len(drawn) == 6


def test_every_octave_gives_the_same_number_of_clips():
    drawn = sample(MANY, 30, 1)["duration_s"]
    octaves = np.floor(np.log2(drawn)).value_counts()
    assert octaves.to_dict() == {-2.0: 5, -1.0: 5, 0.0: 5, 1.0: 5, 2.0: 5, 3.0: 5}


def test_the_order_of_the_frame_changes_nothing():
    shuffled = MANY.sample(frac=1.0, random_state=5)
    pd.testing.assert_frame_equal(sample(MANY, 30, 1), sample(shuffled, 30, 1))


def test_repeated_row_labels_give_no_row_twice():
    halves = pd.concat([MANY.iloc[:400].reset_index(drop=True), MANY.iloc[400:].reset_index(drop=True)])
    pd.testing.assert_frame_equal(sample(halves, 30, 1), sample(MANY, 30, 1))


def test_adding_a_clip_changes_at_most_one_row():
    before = set(sample(MANY, 30, 1)["clip_id"])
    for new in range(20):
        more = pd.concat([MANY, clips([1.0 + new / 2], f"new{new}_")])
        assert len(before - set(sample(more, 30, 1)["clip_id"])) <= 1


@pytest.mark.parametrize(("count", "rows"), [(0, 0), (3, 3), (4, 4), (9, 4)])
def test_a_sample_has_the_requested_count_or_all_rows(count, rows):
    assert len(sample(clips([0.0, 1.0, 2.0, 3.0]), count, 1)) == rows


def test_negative_counts_and_values_that_are_not_finite_are_errors():
    with pytest.raises(ValueError, match="-1 clips"):
        sample(MANY, -1, 1)
    with pytest.raises(ValueError, match="-2 clips"):
        seeded_ids([], -2, 1)
    with pytest.raises(ValueError, match="clip c1: duration_s is nan"):
        sample(clips([1.0, float("nan")]), 1, 1)
