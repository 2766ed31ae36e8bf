"""Choosing, where a text can be read in several ways, the reading that is nearest to the other text.

"12:45" is read «двенадцать сорок пять» or «без четверти час»; "г." is a year, a town or grams. A language lists such places
(`Choice`) and the spellings with one meaning only. Each reading keeps the value that is written. A reading is taken only when
more whole words of the two texts become equal: letters that are alike by chance do not count. Not here: the places of a
language (``russian_readings``), the forms of two texts (``text.comparison``).
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Indel, LCSseq

Pair = tuple[str, str]
# More comparisons than these do not help: a clip of 15 s has a few places with a few readings each.
_MOST_COMPARISONS = 100
_SPACES = re.compile(" {2,}")


@dataclass(frozen=True)
class Choice:
    """A place of a text, from ``start`` to ``end``, and one way to write it out."""

    start: int
    end: int
    reading: str


Finder = Callable[[str, str], Sequence[Choice]]
"""Gets a text and the other text; returns all choices of the text, in any order."""


def _clusters(choices: Sequence[Choice]) -> list[list[Choice]]:
    """Choices that overlap in one list, the last place of the text first. Only one choice of a list can be taken."""
    found: list[list[Choice]] = []
    end = -1
    for choice in sorted(choices, key=lambda choice: (choice.start, -choice.end)):
        if found and choice.start < end:
            found[-1].append(choice)
            end = max(end, choice.end)
        else:
            found.append([choice])
            end = choice.end
    return found[::-1]


def _equal_words(form: Pair) -> float:
    """The share of words that both texts have in the same order, 0 to 1."""
    one, other = form[0].split(), form[1].split()
    return 2 * LCSseq.similarity(one, other) / max(len(one) + len(other), 1)


def _one_space(text: str) -> str:
    return _SPACES.sub(" ", text)


class _Search:
    """Two texts as written, their nearest form so far, and how many comparisons are left."""

    def __init__(self, texts: Pair, compare: Callable[[Pair], Pair]) -> None:
        self._compare, self._left = compare, _MOST_COMPARISONS
        self.texts, self.form = texts, compare(texts)
        self.similarity = Indel.normalized_similarity(*self.form)

    def offer(self, texts: Pair) -> bool:
        """Take ``texts`` when more words are equal than in the best form so far; returns whether they were taken."""
        if self.similarity == 1 or not self._left:
            return False
        self._left -= 1
        form = self._compare(texts)
        similarity = Indel.normalized_similarity(*form)
        if similarity <= self.similarity or _equal_words(form) <= _equal_words(self.form):
            return False
        self.texts, self.form, self.similarity = texts, form, similarity
        return True

    def read(self, side: int, find: Finder) -> bool:
        """Try every choice of one text; returns whether one was taken."""
        better = False
        for cluster in _clusters(find(self.texts[side], self.texts[1 - side])):
            before = self.texts[side]
            for choice in cluster:
                changed = _one_space(before[: choice.start] + choice.reading + before[choice.end :])
                other = self.texts[1 - side]
                better |= self.offer((changed, other) if side == 0 else (other, changed))
        return better


def nearest(texts: Pair, starts: Sequence[Pair], find: Finder, compare: Callable[[Pair], Pair]) -> Pair:
    """The forms in which two texts are most similar, over all their readings. The order of the texts does not matter.

    Args:
        texts: both texts as written.
        starts: other spellings of both texts at once, such as without drawn-out vowels.
        find: the choices of a text.
        compare: the form in which two texts with chosen readings are compared.
    """
    # With single spaces, a reading at a later place does not move an earlier place.
    texts = _one_space(texts[0]), _one_space(texts[1])
    swapped = texts[0] > texts[1]
    search = _Search(texts[::-1] if swapped else texts, compare)
    for start in starts:
        search.offer(start[::-1] if swapped else start)
    for _ in range(2):
        taken = [search.read(side, find) for side in (0, 1)]
        if not any(taken) or search.similarity == 1:
            break
    return (search.form[1], search.form[0]) if swapped else search.form
