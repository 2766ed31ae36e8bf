"""Suspicions that take every hypothesis of a clip, not only the kept one. Not here: scores of one hypothesis (``asr.scoring``).

Numbers and small words change few letters, and Whisper often mishears them. So they are a suspicion only when no decoding pass
heard them as the reference has them.
"""

from functools import lru_cache

from rapidfuzz.distance import Indel

from voice_assets.asr.similarity import similarity
from voice_assets.text.comparison import pair
from voice_assets.text.number_values import numbers_differ
from voice_assets.text.small_words import small_words_differ

# The halves of a clip whose text is spoken twice are this similar to each other, and each is this similar to the text. Measured
# on 80 doubled clips of four languages: 79 are over both. Of 68 slow clips that are not doubled, none is over both: half of a
# text has a similarity of 0.67 to the whole text.
_SAME_HALVES = 0.8
_WHOLE_TEXT = 0.7
# One half alone has the whole text with this similarity, while the cheapest pass stopped early on the other half.
_ALL_OF_IT = 0.9
BETWEEN_HALVES = "\n"
"""Stands between the hypotheses of the halves in the text of the pass ``asr.policy.HALVES``."""


@lru_cache(maxsize=4096)
def other_numbers(reference: str, hypotheses: tuple[str, ...], language: str) -> bool:
    """Whether the numbers of the reference differ from the numbers of each of ``hypotheses``, one at least."""
    return bool(hypotheses) and all(numbers_differ(reference, one, language) for one in hypotheses)


@lru_cache(maxsize=4096)
def small_words(reference: str, hypotheses: tuple[str, ...], language: str) -> bool:
    """Whether each of ``hypotheses``, one at least, lacks or adds a negation or a short word."""
    pairs = (pair(reference, one, language) for one in hypotheses)
    return bool(hypotheses) and all(small_words_differ(*both, language) for both in pairs)


def same_beginning(halves: str) -> bool:
    """Whether the shorter of two hypotheses is like the beginning of the longer: a text may be spoken twice.

    Such a hypothesis may lack its end, because the cheapest pass sometimes stops after a sentence.
    """
    shorter, longer = sorted((half.casefold() for half in halves.split(BETWEEN_HALVES)), key=len)
    return Indel.normalized_similarity(shorter, longer[: len(shorter)]) >= _SAME_HALVES


def spoken_twice(reference: str, halves: str, language: str) -> bool:
    """Whether both halves of a clip have the whole reference, in one of the passes that decoded them.

    ``halves``: two hypotheses for each such pass; empty when the halves were not decoded.
    """
    lines = halves.split(BETWEEN_HALVES)
    return any(_both_whole(reference, *both, language) for both in zip(lines[::2], lines[1::2], strict=False))


def _both_whole(reference: str, one: str, other: str, language: str) -> bool:
    if not (one and other):
        return False
    worse, better = sorted(similarity(reference, half, language) for half in (one, other))
    # No half of a text that is spoken once has all of it. The other half may stop early, but not after a single word.
    words = min(len(half.split()) for half in (one, other))
    if better >= _ALL_OF_IT and words > 1 and same_beginning(BETWEEN_HALVES.join((one, other))):
        return True
    return worse >= _WHOLE_TEXT and similarity(one, other, language) >= _SAME_HALVES
