"""Whether two texts differ in a negation, a short word, or in words such as km and cm: few letters, and another meaning.

Works on texts in one form (``text.comparison.pair``). Not here: words that are quite different (``text.words.other_words``).
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, zip_longest

from rapidfuzz.distance import Indel

from voice_assets.text.number_words import word_list
from voice_assets.text.unit_words import name_different_things
from voice_assets.text.words import LEAST_LETTERS, SAME_WORD

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
# The cost of a missing or added word in an alignment. Two words without a common letter cost 1.
_GAP = 0.5
# The most pairs of words that one alignment compares: about 0.2 s. A clip of 30 s has fewer than 120 words.
_MOST_PAIRS = 250_000
# In a longer text, the most pairs of words between two equal words. 100,000 words have 10 million such pairs at most.
_MOST_BETWEEN = 10_000
# Joined with a word that belongs to it, a misheard word may be less like the other text by this similarity.
_JOINED = 0.05
# A shortened word that is a part of the next word: "tel qu'entendue".
_ELIDED = {"fr": frozenset(("qu",))}


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


def _similarity(word: str, other: str) -> float:
    return Indel.normalized_similarity(word, other)


def _alignment(expected: Sequence[str], found: Sequence[str]) -> list[tuple[str, str]]:
    """Both texts side by side: pairs of words, with an empty word beside a missing or added word.

    The cheapest alignment (`_cheapest`). For texts that need more than `_MOST_PAIRS` comparisons: as many equal words as
    possible are pairs, and the words between are aligned. Where many words between are different, they are aligned by place.
    """
    if len(expected) * len(found) <= _MOST_PAIRS:
        return _cheapest(expected, found)
    pairs: list[tuple[str, str]] = []
    row = column = 0
    for block in Indel.opcodes(expected, found).as_matching_blocks():
        one, other = expected[row : block.a], found[column : block.b]
        few = len(one) * len(other) <= _MOST_BETWEEN
        pairs += _cheapest(one, other) if few else zip_longest(one, other, fillvalue="")
        row, column = block.a + block.size, block.b + block.size
        pairs += [(word, word) for word in expected[block.a : row]]
    return pairs


def _cheapest(expected: Sequence[str], found: Sequence[str]) -> list[tuple[str, str]]:
    """The alignment that costs least. A missing or added word costs `_GAP`, two words cost what their letters differ."""
    costs = [[column * _GAP for column in range(len(found) + 1)]]
    for row, word in enumerate(expected, 1):
        line = [row * _GAP]
        for column, other in enumerate(found, 1):
            pair = costs[row - 1][column - 1] + 1 - _similarity(word, other)
            line.append(min(pair, costs[row - 1][column] + _GAP, line[column - 1] + _GAP))
        costs.append(line)
    pairs, row, column = [], len(expected), len(found)
    while row or column:
        cost = costs[row][column]
        if row and column and cost == costs[row - 1][column - 1] + 1 - _similarity(expected[row - 1], found[column - 1]):
            row, column = row - 1, column - 1
            pairs.append((expected[row], found[column]))
        elif row and cost == costs[row - 1][column] + _GAP:
            row -= 1
            pairs.append((expected[row], ""))
        else:
            column -= 1
            pairs.append(("", found[column]))
    return pairs[::-1]


def _part_of(word: str, own: str, other: str, before: bool) -> bool:
    """Whether ``word`` is a part of ``own``, its neighbour in the same text.

    It is when both joined are about as close to ``other``, the word beside ``own`` in the other text, as ``own`` alone.
    """
    joined = word + own if before else own + word
    return own != other and bool(own and other) and _similarity(joined, other) >= _similarity(own, other) - _JOINED


def _replaced(word: str, other: str, negations: frozenset[str]) -> bool:
    """Whether two unlike short words stand side by side, and one of the two is a negation."""
    is_negated = (word in negations) != (other in negations)
    short = min(len(word), len(other)) > 0 and max(len(word), len(other)) < LEAST_LETTERS
    return is_negated and short and _similarity(word, other) < SAME_WORD


def _runs(pairs: Sequence[tuple[str, str]]) -> Iterator[tuple[list[str], tuple[str, str], tuple[str, str]]]:
    """Each run of words that one text lacks, and the pairs of words before and after it, the text with the run first."""
    both, missing, added = 2, 0, 1
    kinds = [both if one and other else missing if one else added for one, other in pairs]
    for side, group in groupby(range(len(pairs)), key=kinds.__getitem__):
        if side == both:
            continue
        places = list(group)
        around = [pairs[place] if 0 <= place < len(pairs) else ("", "") for place in (places[0] - 1, places[-1] + 1)]
        before, after = ((one[side], one[1 - side]) for one in around)
        yield [pairs[place][side] for place in places], before, after


def small_words_differ(reference: str, hypothesis: str, language: str) -> bool:
    """Whether one text has a negation, or two or three letters in words of their own, that the other text lacks.

    Also whether the texts have different units, titles, months or opposites in the same place (``text.unit_words``).

    Words that are written together in one text and apart in the other («что бы», "can not") are no difference.
    """
    if reference == hypothesis:
        return False
    negations = frozenset(_NEGATIONS.get(language, "").split())
    pairs = _alignment(_words(reference, hypothesis, language), _words(hypothesis, reference, language))
    if any(_replaced(*both, negations) or name_different_things(*both, language) for both in pairs):
        return True
    for words, before, after in _runs(pairs):
        run = "".join(words)
        small = _LEAST_SHORT <= len(run) < LEAST_LETTERS and run not in _ELIDED.get(language, ())
        if not small and negations.isdisjoint(words):
            continue
        if not _part_of(run, *before, before=False) and not _part_of(run, *after, before=True):
            return True
    return False
