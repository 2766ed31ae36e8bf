"""The split is a property of each clip's name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_assets.piper.splits import SplitError, hash_fraction, split_all, split_of

NAMES = [f"clip_{number:05d}" for number in range(10_000)]


@given(st.text())
def test_a_fraction_is_stable_and_in_range(name: str) -> None:
    assert 0 <= hash_fraction(name) < 1
    assert hash_fraction(name) == hash_fraction(name)


def test_known_names_never_move() -> None:
    """These values are written down: a change of the hash would move every clip of every data set."""
    assert [split_of(name, 0.05) for name in ("activated", "clip_00001", "")] == ["train", "train", "train"]
    assert round(hash_fraction("activated"), 6) == FRACTION_OF_ACTIVATED


FRACTION_OF_ACTIVATED = 0.406836


@pytest.mark.parametrize("ratio", [0.01, 0.05, 0.5])
def test_the_share_of_validation_is_about_the_ratio(ratio: float) -> None:
    held_out = sum(split_of(name, ratio) == "validation" for name in NAMES) / len(NAMES)
    assert abs(held_out - ratio) < 4 * (ratio * (1 - ratio) / len(NAMES)) ** 0.5


def test_the_threshold_itself_is_train() -> None:
    share = hash_fraction("clip")
    assert split_of("clip", share) == "train"
    assert split_of("clip", share + 1e-12) == "validation"


def test_adding_a_clip_moves_no_other() -> None:
    before = dict(zip(NAMES[:200], split_all(NAMES[:200], 0.1), strict=True))
    after = dict(zip(NAMES[:201], split_all(NAMES[:201], 0.1), strict=True))
    assert before.items() <= after.items()


@pytest.mark.parametrize(("ratio", "side"), [(0.0, "validation"), (1.0, "train")])
def test_an_empty_side_is_an_error(ratio: float, side: str) -> None:
    with pytest.raises(SplitError, match=f"none of 50 clips falls to {side} at validation_ratio {ratio}"):
        split_all(NAMES[:50], ratio)


def test_no_clips_is_an_error() -> None:
    with pytest.raises(SplitError, match="none of 0 clips"):
        split_all([], 0.5)
