"""Both sides of every change between two validations."""

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_assets.asr.drift import CHANGES, CLIP_COLUMNS, STEP, Drift, clips_with, compare


def validation(*clips: dict[str, object], kept: bool = True) -> pd.DataFrame:
    usual = {"path": "wavs/a.wav", "audio_sha256": "00", "reference": "Да.", "hypothesis": "Да", "similarity": 0.9, "cer": 0.1}
    marks = {"kept": "", "kept_by": ""} if kept else {}
    return pd.DataFrame(
        [{"clip_id": "a", **usual, **marks, **clip} for clip in clips], columns=["clip_id", *usual, *marks]
    ).astype({"similarity": float, "cer": float})


def changes(before: dict[str, object] | None, now: dict[str, object] | None, low_now: float = 0.8) -> str:
    """The changes of one clip; None: the clip is not there."""
    sides = (validation(*([] if side is None else [side])) for side in (before, now))
    return " ".join(compare(*sides, 0.8, low_now).clips["changes"])


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        ({}, {}, ""),
        ({"similarity": 0.8}, {"similarity": 0.79}, "newly_low"),
        ({"similarity": 0.8}, {"similarity": 0.8}, ""),
        ({"similarity": 0.79}, {"similarity": 0.8}, "fixed"),
        ({"similarity": 0.79}, {"similarity": 0.799}, ""),
        ({"similarity": 0.95}, {"similarity": 0.9}, "worse"),
        ({"similarity": 0.95}, {"similarity": 0.9001}, ""),
        ({"similarity": 0.85}, {"similarity": 0.9}, "better"),
        ({"similarity": 0.85}, {"similarity": 0.8999}, ""),
        ({"similarity": 0.9}, {"similarity": 0.1}, "newly_low worse"),
        ({"similarity": 0.1}, {"similarity": 0.9}, "fixed better"),
        ({}, {"audio_sha256": "01"}, "audio_changed"),
        ({}, {"reference": "Нет."}, "text_changed"),
        ({}, {"hypothesis": "Нет", "path": "wavs/b.wav"}, ""),
        (None, {}, "added"),
        (None, {"similarity": 0.1}, "newly_low added"),
        ({}, None, "removed"),
        ({"similarity": 0.1}, None, "removed fixed"),
        ({"similarity": 0.1}, {"similarity": 0.1, "kept": "x-v2"}, "fixed"),
        ({"similarity": 0.1, "kept": "x-v2"}, {"similarity": 0.1, "kept": "x-v2"}, ""),
        ({"similarity": 0.1, "kept": "x-v2"}, {"similarity": 0.1}, "newly_low"),
        ({"similarity": math.nan}, {"similarity": 0.9}, ""),
        ({"similarity": 0.9}, {"similarity": math.nan}, ""),
    ],
)
def test_the_changes_of_a_clip(before: dict[str, object] | None, now: dict[str, object] | None, expected: str) -> None:
    assert changes(before, now) == expected


@pytest.mark.parametrize(("low_now", "expected"), [(0.85, ""), (0.8501, "newly_low")])
def test_each_validation_has_its_own_limit(low_now: float, expected: str) -> None:
    assert changes({"similarity": 0.85}, {"similarity": 0.85}, low_now) == expected


def test_every_change_is_tried_above() -> None:
    words = " ".join(case[2] for case in test_the_changes_of_a_clip.pytestmark[0].args[1])
    assert set(words.split()) == set(CHANGES)


def drift() -> Drift:
    before = validation(
        *({"clip_id": name, "similarity": value} for name, value in zip("abcde", (0.9, 0.9, 0.5, 0.9, 0.7), strict=True))
    )
    now = validation(
        *({"clip_id": name, "similarity": value} for name, value in zip("abcdf", (0.7, 0.2, 0.6, 0.84, 1.0), strict=True))
    )
    return compare(before, now, 0.8, 0.8)


def test_newly_low_clips_come_first_and_the_largest_fall_before_a_smaller_one() -> None:
    found = drift()
    assert list(found.clips["clip_id"]) == ["b", "a", "d", "c", "f", "e"]
    assert list(found.clips.columns) == list(CLIP_COLUMNS)
    assert list(clips_with(found, "worse")["clip_id"]) == ["b", "a", "d"]
    assert found.clips["difference"].iloc[:4].tolist() == pytest.approx([-0.7, -0.2, -0.06, 0.1])
    assert found.clips["difference"].iloc[4:].isna().all()


def test_the_figures_before_and_now() -> None:
    found = drift()
    assert found.counts == {
        "newly_low": 2, "worse": 3, "audio_changed": 0, "text_changed": 0, "added": 1, "removed": 1, "fixed": 1, "better": 1,
    }  # fmt: skip
    assert found.before is not None
    assert (found.before["low"], found.before["low_ratio"]) == (2, 0.4)
    assert (found.now["clips"], found.now["low"], found.now["mean_similarity"]) == (5, 3, pytest.approx(0.668))
    assert len(found.pairs) == 4


def test_a_first_validation_is_compared_with_nothing() -> None:
    found = compare(None, validation({"similarity": 0.1}), 0.8, 0.8)
    assert (len(found.clips), found.before, set(found.counts.values()), len(found.pairs)) == (0, None, {0}, 0)
    assert list(found.clips.columns) == list(CLIP_COLUMNS)
    assert found.now["low"] == 1


def test_a_table_from_before_there_were_kept_clips_is_compared() -> None:
    found = compare(validation({"similarity": 0.1}, kept=False), validation({"similarity": 0.1, "kept": "x-v2"}), 0.8, 0.8)
    assert found.counts["fixed"] == 1
    assert found.clips["kept_before"].tolist() == [""]


def test_a_clip_in_two_rows_is_compared_once() -> None:
    assert len(compare(validation({}), validation({"similarity": 0.1}, {"similarity": 0.2}), 0.8, 0.8).clips) == 1


def test_two_validations_without_clips() -> None:
    found = compare(validation(), validation(), 0.8, 0.8)
    assert (len(found.clips), found.now["mean_similarity"]) == (0, 0.0)


SIDE = st.dictionaries(st.sampled_from("abcdef"), st.tuples(st.floats(0, 1), st.sampled_from(["", "x-v2"])))


@pytest.mark.slow
@given(SIDE, SIDE)
def test_the_low_clips_before_and_the_changes_give_the_low_clips_now(before: dict, now: dict) -> None:
    sides = [
        validation(*({"clip_id": name, "similarity": value, "kept": kept} for name, (value, kept) in side.items()))
        for side in (before, now)
    ]
    found = compare(*sides, 0.8, 0.7)
    assert found.before is not None
    assert found.before["low"] + found.counts["newly_low"] - found.counts["fixed"] == found.now["low"]
    assert found.before["clips"] + found.counts["added"] - found.counts["removed"] == found.now["clips"]
    assert ((found.clips["difference"].abs() >= STEP) | ~found.clips["changes"].str.contains("worse|better")).all()
