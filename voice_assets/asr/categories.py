"""Categories of clips, and whether one category fails as a whole: the plan's "no systematic error (e.g. all numbers failing)".

Here: finding the categories of a clip from its text and length, and comparing the scores of categories. Not here: the limit
of a gap (a rule in ``data_checks``).
"""

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from voice_assets.asr.low_clips import is_low
from voice_assets.text import russian_numerals, western_numbers
from voice_assets.text.normalisation import normalise

# In the plan, clips are up to 15 s long: over 10 s is the upper third. A clip under 1.5 s has one or two words.
LONG_S = 10.0
SHORT_S = 1.5
# Russian and English read aloud have 12 to 18 characters a second. Over 25, a text is longer than its audio.
FAST_NORMALISED_CHARS_PER_S = 25.0
# Iglewicz and Hoaglin's limit for a robust z-score. The MAD of a normal distribution times 1.4826 is its standard deviation.
FAST_Z = 3.5
_MAD_TO_SIGMA = 1.4826
# A category with fewer clips is not judged.
MINIMUM_CLIPS = 10

CATEGORIES = {
    "numbers": "figures, or a number word of two or more",
    "latin": "Latin letters in a language that is not written with them",
    "abbreviations": "words in capitals, or shortened by a full stop inside a sentence",
    "names": "a capitalised word inside a sentence",
    "one_word": "one word",
    "long": f"over {LONG_S:g} s",
    "short": f"under {SHORT_S:g} s",
    "fast": (
        f"over {FAST_NORMALISED_CHARS_PER_S:g} characters a second, or a robust z-score over {FAST_Z:g} among the voice's clips"
    ),
}
CATEGORY_COLUMNS = ("category", "clips", "mean_similarity", "low", "low_ratio", "gap_to_rest")

_NOT_LATIN = {"ru", "uk", "be", "bg", "mk", "sr", "kk", "el", "ar", "he", "fa", "hi", "zh", "ja", "ko", "ka", "hy", "th"}
# In German every noun has a capital, so a capital does not mark a name.
_NO_NAMES = {"de"}
_WORD = re.compile(r"[^\W\d_]+(?:[-‐‑'’][^\W\d_]+)*")
_CAPITALS = re.compile(r"(?<!\w)[^\W\d_a-zа-яё]{2,}(?!\w)")
_SHORTENED = re.compile(r"(?<!\w)[^\W\d_]{1,4}\.(?=\s*[^\W\d_A-ZА-ЯЁ]|\s*[,;:\d])")
_INSIDE = re.compile(r"(?<=[\w,;:»\"”)])\s+[«\"“(]?([^\W\d_]+)")


def _has_name(text: str) -> bool:
    return any(word[0].isupper() and not word.isupper() for word in _INSIDE.findall(text))


def _has_abbreviation(text: str) -> bool:
    capitals = [word for word in _CAPITALS.findall(text) if word.isupper()]
    # In a text that is wholly in capitals, capitals mark no abbreviation.
    return (bool(capitals) and not text.isupper()) or bool(_SHORTENED.search(text))


def _has_number(text: str, language: str) -> bool:
    if any(char.isdigit() for char in text):
        return True
    words = normalise(text, language).split()
    if language == "ru":
        return any(russian_numerals.is_number_word(word) for word in words)
    return any(western_numbers.is_number_word(word, language) for word in words)


def normalised_chars_per_s(text: str, duration_s: float, language: str) -> float:
    """Characters of the normalised text per second of the clip, without spaces; 0.0 for a text without words or a clip of 0 s.

    The normalised text has numbers in words. The column ``chars_per_s`` of CLIP_STATS differs: it counts the letters and digits
    of the text as written, and only the time between the two silences (`audio.signals.chars_per_s`).
    """
    letters = len(normalise(text, language).replace(" ", ""))
    return letters / duration_s if duration_s > 0 else 0.0


def fast_limit(rates: Sequence[float]) -> float:
    """The limit of `normalised_chars_per_s` over which a clip is `fast`; at most `FAST_NORMALISED_CHARS_PER_S`.

    Args:
        rates: `normalised_chars_per_s` of all clips of the voice.
    """
    values = np.asarray(rates, dtype=float)
    if len(values) < MINIMUM_CLIPS:
        return FAST_NORMALISED_CHARS_PER_S
    middle = float(np.median(values))
    sigma = _MAD_TO_SIGMA * float(np.median(np.abs(values - middle)))
    return min(FAST_NORMALISED_CHARS_PER_S, middle + FAST_Z * sigma) if sigma > 0 else FAST_NORMALISED_CHARS_PER_S


def categories(text: str, duration_s: float, language: str, fast_over: float = FAST_NORMALISED_CHARS_PER_S) -> set[str]:
    """The categories (keys of ``CATEGORIES``) of a clip with the reference ``text``, as written, and its length.

    ``fast_over`` is a limit of `normalised_chars_per_s`; `fast_limit` computes it when the other clips are known.
    """
    words = _WORD.findall(text)
    found = {
        "numbers": _has_number(text, language),
        "latin": language in _NOT_LATIN and bool(re.search("[A-Za-z]", text)),
        "abbreviations": _has_abbreviation(text),
        "names": language not in _NO_NAMES and _has_name(text),
        "one_word": len(words) == 1 and not any(char.isdigit() for char in text),
        "long": duration_s > LONG_S,
        "short": duration_s < SHORT_S,
        "fast": normalised_chars_per_s(text, duration_s, language) > fast_over,
    }
    return {name for name, is_so in found.items() if is_so}


def with_categories(transcripts: pd.DataFrame, language: str) -> pd.DataFrame:
    """``transcripts`` with the column ``categories``, where `fast` follows from the `fast_limit` of these clips.

    Only this function finds the categories of a set of clips; tables, rows and rules read the column.
    """
    clips = list(zip(transcripts["reference"], transcripts["duration_s"], strict=True))
    fast_over = fast_limit([normalised_chars_per_s(text, duration, language) for text, duration in clips])
    kinds = [" ".join(sorted(categories(text, duration, language, fast_over))) for text, duration in clips]
    return transcripts.assign(categories=pd.Series(kinds, index=transcripts.index, dtype="object"))


def by_category(transcripts: pd.DataFrame, low_similarity: float) -> pd.DataFrame:
    """One row per category that has clips, worst gap first.

    Args:
        transcripts: TRANSCRIPTS, from `with_categories`.
        low_similarity: a clip is low under this.

    Returns:
        ``category``, ``clips``, ``mean_similarity``, ``low`` (clips), ``low_ratio``, ``gap_to_rest`` (mean similarity of the
        clips outside the category minus the mean inside; 0.0 when no clip is outside).
    """
    kinds = [str(text).split() for text in transcripts["categories"]]
    scores = transcripts["similarity"].reset_index(drop=True)
    rows = []
    for name in CATEGORIES:
        inside = pd.Series([name in kind for kind in kinds], dtype=bool)
        if not inside.any():
            continue
        mean, rest = float(scores[inside].mean()), scores[~inside]
        low = int(is_low(transcripts, low_similarity).to_numpy()[inside.to_numpy()].sum())
        gap = float(rest.mean()) - mean if len(rest) else 0.0
        # Rounded, so that 1.0 - 0.85 is not over a limit of 0.15.
        rows.append((name, int(inside.sum()), mean, low, low / int(inside.sum()), round(gap, 6)))
    return pd.DataFrame(rows, columns=list(CATEGORY_COLUMNS)).sort_values("gap_to_rest", ascending=False, ignore_index=True)


def worst_gap(table: pd.DataFrame) -> tuple[float, str]:
    """The largest gap of a category with `MINIMUM_CLIPS` clips or more, and its name; ``(0.0, "")`` when no gap is over 0."""
    judged = table[(table["clips"] >= MINIMUM_CLIPS) & (table["gap_to_rest"] > 0)]
    if judged.empty:
        return 0.0, ""
    worst = judged.sort_values("gap_to_rest", ascending=False, kind="stable").to_dict("records")[0]
    return float(worst["gap_to_rest"]), str(worst["category"])
