"""Shards: fixed parts of a data set, by a stable hash of the clip's name.

Adding or removing a clip moves no other clip to another shard.
"""

import hashlib
import re


class ShardError(ValueError):
    """An invalid shard key or number of shards. The message names the value."""


def shard_of(clip_id: str, shards: int) -> int:
    """The shard of a clip, ``0 <= shard < shards``: the first 8 bytes of SHA-256 of the name, modulo ``shards``.

    Raises:
        ShardError: ``shards`` is under 1.
    """
    if shards < 1:
        raise ShardError(f"{shards} shards: at least 1 is needed")
    digest = hashlib.sha256(clip_id.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") % shards


def shard_key(index: int, shards: int) -> str:
    """The name of a shard, such as ``0-of-4`` or ``07-of-12``. Zeros in front make the names sort like numbers.

    The number of shards is a part of the name, so that results for another number of shards are never mixed in.

    Raises:
        ShardError: ``index`` is not from 0 to ``shards`` - 1.
    """
    if not 0 <= index < shards:
        raise ShardError(f"shard {index} of {shards}: the first is 0, the last {shards - 1}")
    return f"{index:0{len(str(shards - 1))}d}-of-{shards}"


def shard_keys(shards: int) -> list[str]:
    """The names of all shards, sorted.

    Raises:
        ShardError: ``shards`` is under 1.
    """
    if shards < 1:
        raise ShardError(f"{shards} shards: at least 1 is needed")
    return [shard_key(index, shards) for index in range(shards)]


def parse_shard_key(key: str) -> tuple[int, int]:
    """``(index, shards)`` of a name: the exact reverse of `shard_key`.

    Raises:
        ShardError: `shard_key` would not write the name like this. The message names the key.
    """
    match = re.fullmatch(r"([0-9]+)-of-([0-9]+)", key)
    if match is not None:
        index, shards = int(match[1]), int(match[2])
        if index < shards and shard_key(index, shards) == key:
            return index, shards
    raise ShardError(f"{key!r} is not a shard: a shard's name looks like `0-of-4`")


def share_of(total: int, index: int, shards: int) -> int:
    """The size of one shard's part of ``total``, with parts as equal as possible: the first shards get one more.

    Raises:
        ShardError: ``index`` is not from 0 to ``shards`` - 1.
    """
    shard_key(index, shards)
    return total // shards + (index < total % shards)
