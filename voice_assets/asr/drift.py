"""The drift between two validations of a voice: which clips are new, low, fixed, worse or better. Tables in, tables out.

Not here: which two validations are compared (``orchestration``), and the report (``reports.drift``).
"""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from voice_assets.asr.low_clips import is_low, kept_low
from voice_assets.dataset.tables import KEPT

STEP = 0.05
"""The least change of a clip's similarity that counts as worse or better: one letter in a text of 20. Smaller changes come
from rounding on another device; they are in the mean."""

CHANGES = {
    "newly_low": "low now, and not low before",
    "worse": f"the similarity fell by {STEP:g} or more",
    "audio_changed": "the audio is another one",
    "text_changed": "the text is another one",
    "added": "was not validated before",
    "removed": "is not validated any more",
    "fixed": "low before, and not low now",
    "better": f"the similarity rose by {STEP:g} or more",
}
"""What can have happened to a clip; several can be true of one clip."""

_COMPARED = ("path", "audio_sha256", "reference", "hypothesis", "similarity", *KEPT)
CLIP_COLUMNS = ("clip_id", "changes", "difference", *_COMPARED, *(f"{name}_before" for name in _COMPARED))
"""The columns of `Drift.clips`. ``difference``: similarity now minus before, NaN where one is missing."""

Figures = dict[str, float | int]


@dataclass(frozen=True)
class Drift:
    """The result of a comparison.

    Attributes:
        clips: every clip with one of ``CHANGES``, a row each (``CLIP_COLUMNS``): newly low clips first, then the largest fall.
        before: the figures of the earlier validation; None when there is none.
        now: the figures of the later validation.
        counts: the number of clips by the names of ``CHANGES``.
        pairs: ``similarity_before`` and ``similarity`` of every clip that both validations scored.
    """

    clips: pd.DataFrame
    before: Figures | None
    now: Figures
    counts: dict[str, int]
    pairs: pd.DataFrame


def figures(transcripts: pd.DataFrame, low_similarity: float) -> Figures:
    """The figures of one validation: ``clips``, ``mean_similarity``, ``mean_cer``, ``low``, ``low_ratio``, ``kept_low``."""
    clips, low = len(transcripts), int(is_low(transcripts, low_similarity).sum())
    return {
        "clips": clips,
        "mean_similarity": float(transcripts["similarity"].mean()) if clips else 0.0,
        "mean_cer": float(transcripts["cer"].mean()) if clips else 0.0,
        "low": low,
        "low_ratio": low / clips if clips else 0.0,
        "kept_low": len(kept_low(transcripts, low_similarity)),
    }


def compare(before: pd.DataFrame | None, now: pd.DataFrame, low_before: float, low_now: float) -> Drift:
    """Compare two validations clip by clip.

    Args:
        before: TRANSCRIPTS and KEPT of the earlier validation; an old table without KEPT has no kept clip. None: there is no
            earlier validation, and no clip has changed.
        now: the same of the later validation.
        low_before: a clip of ``before`` is low under this similarity.
        low_now: the same for ``now``.

    Returns:
        The drift. Low clips before, plus newly low, minus fixed, are the low clips now.
    """
    found = figures(now, low_now)
    if before is None:
        nothing = pd.DataFrame(columns=list(CLIP_COLUMNS))
        return Drift(nothing, None, found, dict.fromkeys(CHANGES, 0), nothing[["similarity_before", "similarity"]])
    both = _joined(_side(before, low_before), _side(now, low_now))
    holds = {name: test(both) for name, test in _TESTS.items()}
    words = [" ".join(name for name, one in zip(CHANGES, row, strict=True) if one) for row in _rows(holds)]
    both = both.assign(
        changes=pd.Series(words, both.index, "object"),
        difference=both["similarity"] - both["similarity_before"],
        first=holds["newly_low"],
    )
    changed = both[both["changes"] != ""]
    changed = changed.sort_values(["first", "difference", "similarity", "clip_id"], ascending=[False, True, True, True])
    return Drift(
        clips=changed[list(CLIP_COLUMNS)].reset_index(drop=True),
        before=figures(before, low_before),
        now=found,
        counts={name: int(one.sum()) for name, one in holds.items()},
        pairs=both.loc[both["difference"].notna(), ["similarity_before", "similarity"]].reset_index(drop=True),
    )


def clips_with(drift: Drift, change: str) -> pd.DataFrame:
    """The rows of ``drift.clips`` with this change."""
    found = [change in words.split() for words in drift.clips["changes"]]
    return drift.clips[pd.Series(found, drift.clips.index, dtype=bool)]


def _side(transcripts: pd.DataFrame, low_similarity: float) -> pd.DataFrame:
    """One validation, a row per clip: the first, where a fault of the validation gives a clip several."""
    table = transcripts.assign(**dict.fromkeys(KEPT.keys() - set(transcripts.columns), ""))
    table = table.assign(low=is_low(table, low_similarity), there=True)[["clip_id", *_COMPARED, "low", "there"]]
    return table.drop_duplicates("clip_id")


def _joined(before: pd.DataFrame, now: pd.DataFrame) -> pd.DataFrame:
    """Both sides by clip id; a missing side has empty texts, no similarity, and is neither low nor there."""
    both = now.merge(before, on="clip_id", how="outer", suffixes=("", "_before"))
    for name in both.columns:
        if name.startswith(("low", "there")):
            both[name] = both[name].eq(True)
        elif not name.startswith("similarity"):
            both[name] = both[name].where(both[name].notna(), "")
    return both


def _both(both: pd.DataFrame) -> pd.Series:
    return both["there"] & both["there_before"]


def _difference(both: pd.DataFrame) -> pd.Series:
    """Rounded, so that 0.85 - 0.8 is a step of 0.05."""
    return (both["similarity"] - both["similarity_before"]).round(9)


_TESTS: dict[str, Callable[[pd.DataFrame], pd.Series]] = {
    "newly_low": lambda both: both["low"] & ~both["low_before"],
    "worse": lambda both: _difference(both) <= -STEP,
    "audio_changed": lambda both: _both(both) & (both["audio_sha256"] != both["audio_sha256_before"]),
    "text_changed": lambda both: _both(both) & (both["reference"] != both["reference_before"]),
    "added": lambda both: ~both["there_before"],
    "removed": lambda both: ~both["there"],
    "fixed": lambda both: both["low_before"] & ~both["low"],
    "better": lambda both: _difference(both) >= STEP,
}


def _rows(holds: dict[str, pd.Series]) -> "zip[tuple[bool, ...]]":
    return zip(*(holds[name].to_numpy(dtype=bool) for name in CHANGES), strict=True)
