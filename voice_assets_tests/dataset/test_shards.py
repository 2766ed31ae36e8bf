"""Shards: stable, complete, never mixed."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_assets.dataset.shards import ShardError, parse_shard_key, shard_key, shard_keys, shard_of, share_of


def test_shard_is_the_hash_of_the_name() -> None:
    expected = int(hashlib.sha256(b"conf-getpin").hexdigest()[:16], 16) % 7
    assert shard_of("conf-getpin", 7) == expected


def test_these_names_stay_in_their_shards() -> None:
    assert [shard_of(name, 7) for name in ("a", "b", "c", "клип", "clip-001")] == [4, 0, 3, 6, 6]


@given(st.text(), st.integers(1, 50))
def test_every_name_has_one_shard(name: str, shards: int) -> None:
    assert 0 <= shard_of(name, shards) < shards


def test_shards_are_about_even() -> None:
    counts = [0, 0, 0, 0]
    for number in range(4000):
        counts[shard_of(f"clip-{number:05d}", 4)] += 1
    assert max(counts) - min(counts) < 200


@pytest.mark.parametrize(
    ("index", "shards", "key"), [(0, 1, "0-of-1"), (0, 4, "0-of-4"), (3, 12, "03-of-12"), (9, 10, "9-of-10")]
)
def test_keys_round_trip(index: int, shards: int, key: str) -> None:
    assert shard_key(index, shards) == key
    assert parse_shard_key(key) == (index, shards)


def test_keys_sort_as_numbers() -> None:
    keys = shard_keys(101)
    assert keys == sorted(keys)
    assert [parse_shard_key(key)[0] for key in keys] == list(range(101))


@pytest.mark.parametrize(
    "key", ["", "4-of-4", "0-of-0", "00-of-4", "3-of-12", "1", "1-of-2 ", "-1-of-2", "a-of-b", "1-of-2-of-3", "٠-of-4"]
)
def test_other_keys_are_errors(key: str) -> None:
    with pytest.raises(ShardError, match="is not a shard"):
        parse_shard_key(key)


@pytest.mark.parametrize("shards", [0, -1])
def test_no_shards(shards: int) -> None:
    with pytest.raises(ShardError, match=f"{shards} shards"):
        shard_of("a", shards)
    with pytest.raises(ShardError, match=f"{shards} shards"):
        shard_keys(shards)


@given(st.integers(0, 500), st.integers(1, 20))
def test_shares_add_up_and_differ_by_one_at_most(total: int, shards: int) -> None:
    shares = [share_of(total, index, shards) for index in range(shards)]
    assert sum(shares) == total
    assert max(shares) - min(shares) <= 1
