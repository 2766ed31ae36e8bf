import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_assets.piper.candidates import choose


@pytest.mark.parametrize(
    ("kept", "mel", "most", "expected"),
    [
        ([0, 1], {}, 6, [0, 1]),
        ([0, 1, 2], {0: 0.1, 1: 0.3, 2: 0.2}, 1, [2]),
        ([0, 1, 2], {0: 0.1, 1: 0.3, 2: 0.2}, 2, [0, 2]),
        ([49, 99, 120, 149, 180, 199], {99: 0.5, 120: 0.2, 180: 0.3, 199: 0.4}, 4, [49, 120, 180, 199]),
        ([49, 99, 149, 199], {}, 3, [49, 149, 199]),  # nothing was validated: spread over the training
    ],
)
def test_the_newest_the_best_and_the_others_spread(
    kept: list[int], mel: dict[int, float], most: int, expected: list[int]
) -> None:
    assert choose(kept, mel, most) == expected


@given(st.sets(st.integers(0, 500), min_size=1), st.dictionaries(st.integers(0, 500), st.floats(0, 5)), st.integers(1, 9))
def test_as_many_as_there_are_places_each_once_and_always_the_newest(kept: set[int], mel: dict[int, float], most: int) -> None:
    chosen = choose(kept, mel, most)
    assert len(chosen) == len(set(chosen)) == min(most, len(kept))
    assert set(chosen) <= kept
    assert max(kept) in chosen
