"""Drawing clips by a seed, so that everybody draws the same ones. Hashes only: no random state, no order of rows.

A clip's place in the draw is SHA-256 of seed and clip id. It does not depend on the other clips, so a new clip can push
out one that was drawn but never shuffles the rest.
"""

import hashlib
import math
from collections.abc import Iterable

import pandas as pd


def _place(clip_id: str, seed: int) -> str:
    return hashlib.sha256(f"{seed}:{clip_id}".encode("utf-8", "surrogatepass")).hexdigest()


def seeded_ids(clip_ids: Iterable[str], count: int, seed: int) -> set[str]:
    """The ``count`` different ids with the smallest SHA-256 of ``<seed>:<clip id>``; all of them when there are fewer.

    Applied to the ids of all shards, it tells every shard its own share of one sample.

    Raises:
        ValueError: ``count`` is negative.
    """
    _require_count(count)
    return set(sorted(set(clip_ids), key=lambda clip_id: _place(clip_id, seed))[:count])


def _require_count(count: int) -> None:
    if count < 0:
        raise ValueError(f"cannot draw {count} clips")


def _octave(value: float) -> float:
    """Which power of two the value lies over: 0.5 to 1 s, 1 to 2 s, 2 to 4 s and so on are one stratum each."""
    return math.floor(math.log2(value)) if value > 0 else -math.inf


def sample(frame: pd.DataFrame, count: int, seed: int, by: str = "duration_s") -> pd.DataFrame:
    """``count`` rows of ``frame``, drawn in turn from every octave of the column ``by``: the short and the long both appear.

    Strata are octaves and not quantiles, because their borders stay where they are when clips are added. Within a stratum
    the clip's hash decides. Every stratum gives one clip, then every stratum that has more gives a second, and so on.

    Args:
        frame: has ``clip_id`` (unique) and ``by`` (numbers; zero and less are one stratum).
        count: rows wanted; all rows when there are fewer.
        seed: another seed draws other clips.
        by: the column that is to be covered.

    Returns:
        The rows in the order they were drawn, which does not depend on the order of ``frame``.

    Raises:
        ValueError: ``count`` is negative, or a value of ``by`` is not finite.
    """
    _require_count(count)
    for clip_id, value in zip(frame["clip_id"], frame[by], strict=True):
        if not math.isfinite(value):
            raise ValueError(f"clip {clip_id}: {by} is {value}, it cannot be sampled by that")
    numbered = frame.reset_index(drop=True)  # shards that were put together repeat their row labels
    places = numbered["clip_id"].map(lambda clip_id: _place(clip_id, seed))
    order = pd.DataFrame({"stratum": numbered[by].map(_octave), "place": places})
    order["turn"] = order.groupby("stratum")["place"].rank(method="first")
    chosen = order.sort_values(["turn", "place"], kind="stable").index[:count]
    return numbered.loc[chosen].reset_index(drop=True)
