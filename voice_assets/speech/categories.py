"""Kinds of clips, and whether one kind fails as a whole: the plan's "no systematic error (e.g. all numbers failing)".

Belongs here: telling a clip's categories from its text and length, and comparing their scores. What limit a gap may
reach is a rule's business.
"""

import re

import pandas as pd

# From the plan: clips go up to 15 s; over 10 s is the long third, under 1.5 s is a word or two.
LONG_S = 10.0
SHORT_S = 1.5
# Fewer clips than this say nothing about their kind (issue 3).
MINIMUM_CLIPS = 10

CATEGORIES = {
    "numbers": "digits in the text",
    "latin": "Latin letters in a language that is not written with them",
    "abbreviations": "words in capitals, or shortened by a full stop inside a sentence",
    "names": "a capitalised word inside a sentence",
    "one_word": "one word",
    "long": f"over {LONG_S:g} s",
    "short": f"under {SHORT_S:g} s",
}
COLUMNS = ("category", "clips", "mean_similarity", "low", "low_ratio", "gap_to_rest")

_NOT_LATIN = {"ru", "uk", "be", "bg", "mk", "sr", "kk", "el", "ar", "he", "fa", "hi", "zh", "ja", "ko", "ka", "hy", "th"}
# In German every noun has a capital, so a capital does not tell a name.
_NO_NAMES = {"de"}
_WORD = re.compile(r"[^\W\d_]+")
_CAPITALS = re.compile(r"(?<!\w)[^\W\d_a-zа-яё]{2,}(?!\w)")
_SHORTENED = re.compile(r"(?<!\w)[^\W\d_]{1,4}\.(?=\s*[^\W\d_A-ZА-ЯЁ]|\s*[,;:\d])")
_INSIDE = re.compile(r"(?<=[\w,;:»\"”)])\s+[«\"“(]?([^\W\d_]+)")


def _has_name(text: str) -> bool:
    return any(word[0].isupper() and not word.isupper() for word in _INSIDE.findall(text))


def _has_abbreviation(text: str) -> bool:
    capitals = [word for word in _CAPITALS.findall(text) if word.isupper()]
    # A text wholly in capitals is shouted, not abbreviated.
    return (bool(capitals) and not text.isupper()) or bool(_SHORTENED.search(text))


def categories(text: str, duration_s: float, language: str) -> set[str]:
    """The categories (keys of ``CATEGORIES``) of a clip with the reference ``text``, as written, and its length."""
    words = _WORD.findall(text)
    found = {
        "numbers": any(char.isdigit() for char in text),
        "latin": language in _NOT_LATIN and bool(re.search("[A-Za-z]", text)),
        "abbreviations": _has_abbreviation(text),
        "names": language not in _NO_NAMES and _has_name(text),
        "one_word": len(words) == 1 and not any(char.isdigit() for char in text),
        "long": duration_s > LONG_S,
        "short": duration_s < SHORT_S,
    }
    return {name for name, is_so in found.items() if is_so}


def by_category(transcripts: pd.DataFrame, language: str, low_similarity: float) -> pd.DataFrame:
    """One row per category that has clips, worst gap first.

    Args:
        transcripts: TRANSCRIPTS.
        language: Whisper's code.
        low_similarity: a clip is low under this.

    Returns:
        ``category``, ``clips``, ``mean_similarity``, ``low`` (clips), ``low_ratio``, ``gap_to_rest`` (mean similarity of the
        clips outside the category minus the mean inside; 0.0 when no clip is outside).
    """
    kinds = [
        categories(text, duration, language)
        for text, duration in zip(transcripts["reference"], transcripts["duration_s"], strict=True)
    ]
    scores = transcripts["similarity"].reset_index(drop=True)
    rows = []
    for name in CATEGORIES:
        inside = pd.Series([name in kind for kind in kinds], dtype=bool)
        if not inside.any():
            continue
        mean, rest = float(scores[inside].mean()), scores[~inside]
        low = int((scores[inside] < low_similarity).sum())
        gap = float(rest.mean()) - mean if len(rest) else 0.0
        rows.append((name, int(inside.sum()), mean, low, low / int(inside.sum()), gap))
    return pd.DataFrame(rows, columns=list(COLUMNS)).sort_values("gap_to_rest", ascending=False, ignore_index=True)


def worst_gap(table: pd.DataFrame, minimum: int = MINIMUM_CLIPS) -> tuple[float, str]:
    """Largest gap of a category with at least ``minimum`` clips, and its name; ``(0.0, "")`` when none is under the rest."""
    judged = table[(table["clips"] >= minimum) & (table["gap_to_rest"] > 0)]
    if judged.empty:
        return 0.0, ""
    worst = judged.sort_values("gap_to_rest", ascending=False, kind="stable").to_dict("records")[0]
    return float(worst["gap_to_rest"]), str(worst["category"])
