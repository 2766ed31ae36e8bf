"""The split into training and validation by a hash of the clip's name: adding a clip moves no other clip."""

import hashlib
from collections.abc import Sequence


class SplitError(ValueError):
    """A split with an empty side."""


def hash_fraction(clip_id: str) -> float:
    """A number from 0 to under 1 that depends on the clip's name only; the numbers of many names are spread evenly."""
    digest = hashlib.sha256(f"split:{clip_id}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def split_of(clip_id: str, validation_ratio: float) -> str:
    """``validation`` for about this share of all names, 0 to 1, else ``train``. A larger share keeps the clips of a smaller."""
    return "validation" if hash_fraction(clip_id) < validation_ratio else "train"


def split_all(clip_ids: Sequence[str], validation_ratio: float) -> list[str]:
    """:func:`split_of` for every clip, in order.

    Raises:
        SplitError: one side is empty; Lightning would accept an empty side silently.
    """
    splits = [split_of(clip_id, validation_ratio) for clip_id in clip_ids]
    for side in ("train", "validation"):
        if side not in splits:
            raise SplitError(
                f"none of {len(clip_ids)} clips falls to {side} at validation_ratio {validation_ratio}: "
                f"raise or lower it, or use more clips"
            )
    return splits
