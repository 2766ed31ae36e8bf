"""Epoch keys: one spelling for each training and epoch."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_assets.orchestration.partitions import epoch_key, parse_epoch_key


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_an_epoch_key_is_parsed_to_what_it_was_made_of(version: int, epoch: int) -> None:
    assert parse_epoch_key(epoch_key(version, epoch)) == (version, epoch)


@pytest.mark.parametrize(
    "key",
    ["", "v3", "3-e0050", "v3-e50", "v03-e0050", "v-1-e0050", "v3-e-050", "v3-e0050 ", "v٣-e0050", "v²-e0050"],
)
def test_another_spelling_is_no_epoch_key(key: str) -> None:
    with pytest.raises(ValueError, match="is not an epoch key such as v3-e0050"):
        parse_epoch_key(key)
