"""How close a hypothesis is to its reference. Not here: normalising the texts (``text.normalisation``).

rapidfuzz, not difflib: difflib's ``autojunk`` lowers the scores of texts of 200 characters and more.
"""

import re
from collections import Counter

from rapidfuzz.distance import Indel, Levenshtein

from voice_assets.text.comparison import pair

# The same words this many times in a row are a loop: people say "да, да, да", but hardly the same words four times.
_LOOP_TIMES = 4
_LONGEST_LOOP = 12
# A letter or syllable 8 times in a row, with or without hyphens: «о-о-о-о», "hahahaha". Digits may repeat in a number.
_STUTTER = re.compile(r"([^\W\d]{1,3}?)(?:\W*\1){7,}", re.IGNORECASE)
# The second saying may differ, or Whisper may mishear it. Each half of the hypothesis is this similar to the text.
_SAID_AGAIN = 0.8


def similarity(reference: str, hypothesis: str, language: str) -> float:
    """2 * L / (m + n), with L the longest common subsequence of the normalised texts and m, n their lengths.

    This is the formula of ``SequenceMatcher.ratio`` without its heuristics, so the plan's thresholds keep their meaning.
    1.0 for two texts without words, 0.0 when only one has none.
    """
    return normalised_similarity(*pair(reference, hypothesis, language))


def normalised_similarity(reference: str, hypothesis: str) -> float:
    """`similarity` of two texts that are normalised already."""
    return Indel.normalized_similarity(reference, hypothesis)


def cer(reference: str, hypothesis: str, language: str) -> float:
    """Character error rate: Levenshtein distance of the normalised texts / characters of the reference, spaces included.

    Over 1 when much is inserted. For a reference without words: 0.0 when the hypothesis has none either, else 1.0.
    """
    return normalised_cer(*pair(reference, hypothesis, language))


def normalised_cer(reference: str, hypothesis: str) -> float:
    """`cer` of two texts that are normalised already."""
    if not reference:
        return 1.0 if hypothesis else 0.0
    return Levenshtein.distance(reference, hypothesis) / len(reference)


def _longest_run(words: list[str], size: int) -> int:
    """The largest number of times that the same ``size`` words come in a row."""
    best = same = 0
    for index in range(size, len(words)):
        same = same + 1 if words[index] == words[index - size] else 0
        best = max(best, same // size)
    return best + 1 if len(words) >= size else 0


def _loops(words: list[str]) -> int:
    return max((_longest_run(words, size) for size in range(1, min(_LONGEST_LOOP, len(words)) + 1)), default=0)


def _spaced(words: list[str]) -> str:
    """Each word with a space before and after it: whole words are found, and neighbours do not share a space."""
    return "".join(f" {word} " for word in words)


def stutters(hypothesis: str, reference: str) -> bool:
    """Whether ``hypothesis`` has a letter or syllable many times in a row, and the reference has not. Texts as written."""
    return bool(_STUTTER.search(hypothesis)) and not _STUTTER.search(reference)


def _said_again(words: list[str], expected: list[str]) -> bool:
    """Whether ``words`` are about twice ``expected``: cut in two near the middle, each part is similar to ``expected``."""
    if not 1.5 * len(expected) <= len(words) <= 2.5 * len(expected):
        return False
    text, middle = " ".join(expected), len(words) // 2
    return any(
        min(normalised_similarity(text, " ".join(part)) for part in (words[:cut], words[cut:])) >= _SAID_AGAIN
        for cut in range(max(1, middle - 2), min(len(words), middle + 3))
    )


def repeats(hypothesis: str, reference: str) -> bool:
    """Whether ``hypothesis`` repeats the reference or loops. Both are normalised texts.

    Repeats: the hypothesis has the whole reference at least twice, the second time perhaps with other words or errors.
    Loops: a sequence of up to 12 words comes 4 times or more in a row, and more often than in the reference.
    """
    words, expected = hypothesis.split(), reference.split()
    if expected and (_spaced(words).count(_spaced(expected)) >= 2 or _said_again(words, expected)):
        return True
    if not words or max(Counter(words).values()) < _LOOP_TIMES:
        return False
    times = _loops(words)
    return times >= _LOOP_TIMES and times > _loops(expected)
