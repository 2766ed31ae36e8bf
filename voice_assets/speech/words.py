"""Errors counted in words, and at the two ends of a clip. Works on normalised texts; characters are ``speech.similarity``."""

from rapidfuzz.distance import Indel, Levenshtein

# Two words closer than this are one word spelled in two ways, or heard a little wrong.
SAME_WORD = 0.5


def word_error_rate(said: str, heard: str) -> float:
    """Words to replace, insert or drop / words of the reference; over 1 when much is inserted.

    For a reference without words: 0.0 when the hypothesis has none either, else 1.0.
    """
    reference, hypothesis = said.split(), heard.split()
    if not reference:
        return 1.0 if hypothesis else 0.0
    return Levenshtein.distance(reference, hypothesis) / len(reference)


def _likeness(one: list[str], at: int, other: list[str], there: int) -> float:
    return Indel.normalized_similarity(one[at], other[there]) if at < len(one) and there < len(other) else 0.0


def _differ(reference: list[str], hypothesis: list[str]) -> bool:
    """Whether two lists of words begin with different words."""
    if not reference or not hypothesis:
        return bool(reference or hypothesis)
    # One word written as two: "вай фай" and "вайфай".
    if reference[0] == "".join(hypothesis[:2]) or hypothesis[0] == "".join(reference[:2]):
        return False
    same = _likeness(reference, 0, hypothesis, 0)
    # "мама мыла" heard as "мыла": the words are half alike, but the second word stands where the first should.
    shifted = max(_likeness(reference, 1, hypothesis, 0), _likeness(reference, 0, hypothesis, 1))
    return same < SAME_WORD or shifted > same


def first_word_wrong(said: str, heard: str) -> bool:
    """Whether the first word is missing, another one, or comes after a word that the reference does not have."""
    return _differ(said.split(), heard.split())


def last_word_wrong(said: str, heard: str) -> bool:
    """Whether the last word is missing, another one, or comes before a word that the reference does not have."""
    # Whole texts backwards, so that a word written as two is joined in reading order.
    return _differ([word[::-1] for word in said.split()][::-1], [word[::-1] for word in heard.split()][::-1])
