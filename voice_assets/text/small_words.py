"""Whether two texts differ in a negation or in a short word. Such a word changes few letters, and may reverse the meaning.

Works on texts in one form (``text.comparison.pair``). Not here: words that are quite different (``text.words.other_words``).
"""

from collections.abc import Callable, Sequence

from rapidfuzz.distance import Indel

from voice_assets.text.number_words import word_list
from voice_assets.text.words import LEAST_LETTERS, differing_runs

_NEGATIONS = {
    "ru": "не ни нет нельзя без никогда никто ничего нигде",
    "uk": "не ні немає без ніколи",
    "en": "no not nt never none nor neither nobody nothing without",
    "es": "no ni nunca jamás nada nadie sin tampoco",
    "pt": "não nem nunca nada sem",
    "it": "non né mai niente nulla senza",
    "fr": "ne n pas ni jamais rien aucun aucune sans",
    "de": "nicht nichts nie niemals kein nein ohne",
    "nl": "niet niets nooit geen zonder",
    "pl": "nie ani nigdy bez",
}
_NT = frozenset(word_list(
    "dont doesnt didnt isnt arent wasnt werent cant couldnt wont wouldnt shouldnt mustnt neednt hasnt havent hadnt aint"
))  # fmt: skip
# A single added or missing letter is no sign: Whisper ``base`` does not hear «в конференции» or "parler à", in no pass.
_LEAST_SHORT = 2


def _english(word: str, _: frozenset[str]) -> list[str]:
    """``dont`` as ``do nt`` and ``cannot`` as ``can not``."""
    if word == "cannot":
        return ["can", "not"]
    return [word[:-2] if word != "cant" else "can", "nt"] if word in _NT else [word]


def _german(word: str, _: frozenset[str]) -> list[str]:
    """``keinen`` as ``kein einen``: the rest is the article without the negation."""
    return ["kein", word[1:]] if word.startswith("kein") and len(word) <= len("keinen") else [word]


def _russian(word: str, other: frozenset[str]) -> list[str]:
    """«неверен» as «не верен», when the other text has «верен» as a word: people and Whisper write both."""
    return [word[:2], word[2:]] if word.startswith(("не", "ни")) and word[2:] in other else [word]


_Split = Callable[[str, frozenset[str]], list[str]]
_SPLITS: dict[str, _Split] = {"en": _english, "de": _german, "ru": _russian, "uk": _russian}


def _words(text: str, other: str, language: str) -> list[str]:
    split = _SPLITS.get(language)
    if split is None:
        return text.split()
    known = frozenset(other.split())
    return [part for word in text.split() for part in split(word, known)]


def _similarity(words: Sequence[str], other: Sequence[str]) -> float:
    """Of the joined words: a word written as two is no difference."""
    return Indel.normalized_similarity("".join(words), "".join(other))


def _negated(more: Sequence[str], fewer: Sequence[str], negations: frozenset[str]) -> bool:
    """Whether ``more`` has a negation that ``fewer`` lacks, and is closer to ``fewer`` without its negations."""
    number, others = (sum(word in negations for word in words) for words in (more, fewer))
    if number <= others:
        return False
    return _similarity([word for word in more if word not in negations], fewer) > _similarity(more, fewer)


def small_words_differ(reference: str, hypothesis: str, language: str) -> bool:
    """Whether one text has a negation, or a word of two or three letters, that the other text lacks.

    Words that are written together in one text and apart in the other («что бы», "can not") are no difference.
    """
    negations = frozenset(_NEGATIONS.get(language, "").split())
    expected, found = _words(reference, hypothesis, language), _words(hypothesis, reference, language)
    for missing, added in differing_runs(expected, found):
        if _negated(missing, added, negations) or _negated(added, missing, negations):
            return True
        only = "".join([*missing, *added])
        if not (missing and added) and _LEAST_SHORT <= len(only) < LEAST_LETTERS:
            return True
    return False
