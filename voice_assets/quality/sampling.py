"""Drawing clips by a seed, so that everybody draws the same clips. Hashes only: no random state, no order of rows.

Clips are drawn in the order of SHA-256 of seed and clip id. The hash does not depend on the other clips, so a new clip can
replace one drawn clip but never changes the rest.
"""

import hashlib
import math
from collections.abc import Iterable

import pandas as pd


def _draw_key(clip_id: str, seed: int) -> str:
    return hashlib.sha256(f"{seed}:{clip_id}".encode("utf-8", "surrogatepass")).hexdigest()


def seeded_ids(clip_ids: Iterable[str], count: int, seed: int) -> set[str]:
    """The ``count`` different ids with the smallest SHA-256 of ``<seed>:<clip id>``; all ids when there are fewer.

    Raises:
        ValueError: ``count`` is negative.
    """
    _require_count(count)
    return set(sorted(set(clip_ids), key=lambda clip_id: _draw_key(clip_id, seed))[:count])


def _require_count(count: int) -> None:
    if count < 0:
        raise ValueError(f"cannot draw {count} clips")


def _octave(value: float) -> float:
    """The power of two under the value: 0.5 to 1 s, 1 to 2 s, 2 to 4 s and so on are one stratum each."""
    return math.floor(math.log2(value)) if value > 0 else -math.inf


def sample(frame: pd.DataFrame, count: int, seed: int) -> pd.DataFrame:
    """``count`` rows of ``frame``, drawn in turn from every octave of ``duration_s``: short and long clips both appear.

    Strata are octaves and not quantiles, because octaves stay the same when clips are added. Within a stratum the hash of the
    clip id decides. Every stratum gives one clip, then every stratum with more clips gives a second, and so on.

    Args:
        frame: has ``clip_id`` (unique) and ``duration_s`` (zero and less are one stratum).
        count: rows to draw; all rows when there are fewer.
        seed: another seed draws other clips.

    Returns:
        The rows in the order of the draw, which does not depend on the order of ``frame``.

    Raises:
        ValueError: ``count`` is negative, or a duration is not finite.
    """
    _require_count(count)
    for clip_id, value in zip(frame["clip_id"], frame["duration_s"], strict=True):
        if not math.isfinite(value):
            raise ValueError(f"clip {clip_id}: duration_s is {value}; a sample needs finite values")
    numbered = frame.reset_index(drop=True)  # concatenated shards repeat their row labels
    keys = numbered["clip_id"].map(lambda clip_id: _draw_key(clip_id, seed))
    order = pd.DataFrame({"stratum": numbered["duration_s"].map(_octave), "key": keys})
    order["turn"] = order.groupby("stratum")["key"].rank(method="first")
    chosen = order.sort_values(["turn", "key"], kind="stable").index[:count]
    return numbered.loc[chosen].reset_index(drop=True)
