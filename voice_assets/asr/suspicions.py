"""Suspicions that take every hypothesis of a clip, not only the kept one. Not here: scores of one hypothesis (``asr.scoring``).

Numbers and small words change few letters, and Whisper often mishears them. So they are a suspicion only when no decoding pass
heard them as the reference has them.
"""

from functools import lru_cache

from voice_assets.asr.similarity import similarity
from voice_assets.text.comparison import pair
from voice_assets.text.number_values import numbers_differ
from voice_assets.text.small_words import small_words_differ

# The halves of a clip whose text is spoken twice are this similar to each other, and each is this similar to the text. Measured
# on 80 doubled clips of four languages: 79 are over both. Of 68 slow clips that are not doubled, none is over both: half of a
# text has a similarity of 0.67 to the whole text.
_SAME_HALVES = 0.8
_WHOLE_TEXT = 0.7
BETWEEN_HALVES = "\n"
"""Stands between the hypotheses of the two halves in the text of the pass ``asr.policy.HALVES``."""


@lru_cache(maxsize=4096)
def other_numbers(reference: str, hypotheses: tuple[str, ...], language: str) -> bool:
    """Whether the numbers of the reference differ from the numbers of each of ``hypotheses``, one at least."""
    return bool(hypotheses) and all(numbers_differ(reference, one, language) for one in hypotheses)


@lru_cache(maxsize=4096)
def small_words(reference: str, hypotheses: tuple[str, ...], language: str) -> bool:
    """Whether each of ``hypotheses``, one at least, lacks or adds a negation or a short word."""
    pairs = (pair(reference, one, language) for one in hypotheses)
    return bool(hypotheses) and all(small_words_differ(*both, language) for both in pairs)


def spoken_twice(reference: str, halves: str, language: str) -> bool:
    """Whether both halves of a clip have the whole reference. ``halves``: the hypotheses of both; empty: not decoded."""
    one, _, other = halves.partition(BETWEEN_HALVES)
    if min(similarity(reference, half, language) for half in (one, other)) < _WHOLE_TEXT:
        return False
    return bool(one and other) and similarity(one, other, language) >= _SAME_HALVES
