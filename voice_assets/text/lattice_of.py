"""The lattice of a text's readings, and the edges that the other text needs. Not here: the readings (``text.scanner``)."""

from collections.abc import Iterator, Sequence
from fractions import Fraction

from voice_assets.text import number_spans, western_numbers
from voice_assets.text.digits import numeral
from voice_assets.text.lattice import Lattice
from voice_assets.text.scanner import CONVENTIONS
from voice_assets.text.spelling import key

# A row of digits is read in groups of at most three, or whole.
_LONGEST_GROUP = 3
# Longer rows are no telephone or card numbers: they are said digit by digit.
_LONGEST_ROW = 40
# A word that is written as several: E-Mail and Email, M G C P and MGCP.
_LONGEST_JOIN = 8

_GAPS = str.maketrans("-,", "  ", "'’ʼ")

Slots = Sequence[Sequence[str]]


def say(value: Fraction, ordinal: bool, language: str) -> str:
    """A number in the words that are shown. A number too long for num2words stays in figures."""
    if value.denominator > 1:
        upper, lower = (say(Fraction(part), False, language) for part in (value.numerator, value.denominator))
        return f"{upper} {lower}"
    if value >= 10**12:
        return str(value)
    whole = int(value)
    words = numeral(whole, language, to="ordinal") if ordinal and whole else numeral(whole, language)
    return _plain(words)


def say_decimal(digits: str, language: str) -> str:
    """Decimals with a dot in the words that are shown: the whole part, the word for the mark, digit by digit."""
    whole, part = digits.split(".")
    point = CONVENTIONS[language].point.split("|")[0]
    return " ".join([say(Fraction(whole), False, language), point, *(say(Fraction(one), False, language) for one in part)])


def _plain(words: str) -> str:
    """Words of num2words as they are compared: without hyphens, commas and apostrophes."""
    return " ".join(words.translate(_GAPS).lower().split())


class Builder:
    """Adds the readings of one text to a lattice."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.lattice = Lattice()
        self.labels: set[str] = set()
        # Neighbouring places with one word each: their nodes and the word.
        self._runs: list[list[tuple[int, int, str]]] = [[]]
        # Groups of digits: their nodes and the number.
        self._groups: list[tuple[int, int, str]] = []

    def _edge(self, start: int, end: int, label: str, words: str, exact: bool = False) -> None:
        self.labels.add(label)
        self.lattice.add(start, end, label, words, exact)

    def slot(self, readings: Sequence[str]) -> None:
        """Add the readings of the next place in the text."""
        start, end = self.lattice.last, self.lattice.node()
        self.lattice.last = end
        for reading in readings:
            self.template(start, end, reading)
        first = readings[0].split("|")[0]
        if first.isalpha() and " " not in readings[0]:
            self._runs[-1].append((start, end, first))
        elif first:
            # A sign that is usually silent does not end the run.
            self._runs.append([])

    def silent_links(self) -> None:
        """Let "and" be left out after a hundred, a thousand and so on: one hundred and five is one hundred five."""
        link = western_numbers.LINKS.get(self.language)
        for run in self._runs if link else ():
            for (_, _, before), (start, end, word), (_, _, after) in zip(run, run[1:], run[2:], strict=False):
                if (
                    word == link
                    and before in number_spans.SCALES
                    and western_numbers.is_number_word(after, self.language, least=1)
                ):
                    self._edge(start, end, "", "")

    @property
    def has_figures(self) -> bool:
        """Whether the text has figures."""
        return any(label.startswith("#") for label in self.labels)

    def numbers(self) -> frozenset[str]:
        """The labels of the numbers that the words say, and of the groups that the digits can be read in."""
        return frozenset(label for _, _, label, _ in self._spans()) | frozenset(group for _, _, group in self._groups)

    def _spans(self) -> Iterator[tuple[int, int, str, str]]:
        """The numbers that words say: their nodes, label and words."""
        for run in self._runs:
            words = tuple(word for _, _, word in run)
            for first, after, label in number_spans.spans(words, self.language):
                yield run[first][0], run[after - 1][1], label, " ".join(words[first:after])

    def match(self, labels: frozenset[str], numbers: frozenset[str]) -> None:
        """Add the edges that can match the other text.

        Args:
            labels: of the other text. Words that are one word there are joined here.
            numbers: of the other text. Words and groups of digits that are one of them get an edge for the number.
        """
        for start, end, label, words in self._spans() if numbers else ():
            if label in numbers:
                # A fraction has many names: anderthalb, one and a half. It is shown as the text has it.
                self._edge(start, end, label, words) if "/" in label else self.number(start, end, label)
        for start, end, group in self._groups:
            if group in numbers:
                self.number(start, end, group)
        longest = max(map(len, labels), default=0)
        # The first two letters of a joined word tell nearly always that the other text does not have it.
        begins = {label[:2] for label in labels}
        for run in self._runs:
            for first in range(len(run) - 1):
                joined = run[first][2]
                for _, end, word in run[first + 1 : first + _LONGEST_JOIN]:
                    joined += word
                    if len(joined) > longest + 1:
                        break
                    if joined[:2] in begins and key(joined, self.language) in labels:
                        self.word(run[first][0], end, joined)

    def word(self, start: int, end: int, word: str) -> None:
        """One word; a word of several (``per_cent``) gets nodes of its own; no word leaves nothing to read."""
        parts = word.split("_")
        for index, part in enumerate(parts):
            after = end if index == len(parts) - 1 else self.lattice.node()
            self._edge(start, after, key(part, self.language), part)
            start = after

    def number(self, start: int, end: int, token: str) -> None:
        """``#5``, ``#5o``, ``#5?`` as an edge for the value; as words in a language whose number words are not known."""
        kinds = {"?": (False, True), "o": (True,)}.get(token[-1], (False,))
        value = Fraction(token[1:].rstrip("?o"))
        for ordinal in kinds:
            if ordinal and value.denominator > 1:
                continue
            words = say_decimal(token[1:], self.language) if "." in token else say(value, ordinal, self.language)
            if token.endswith("?") and not ordinal and self.language == "en" and 1100 <= value <= 1999:
                words = _plain(numeral(int(value), "en", to="year"))
            if self.language in western_numbers.LANGUAGES:
                self._edge(start, end, number_spans.label(value, ordinal), words)
            else:
                self.word(start, end, words.replace(" ", "_"))
        if token.endswith("?") and self.language not in western_numbers.LANGUAGES and 1100 <= value <= 1999:
            self.word(start, end, _plain(numeral(int(value), self.language, to="year")).replace(" ", "_"))

    def digits(self, start: int, end: int, digits: str) -> None:
        """A row of digits in every grouping: 101 is also one oh one, ten one."""
        nodes = [start, *(self.lattice.node() for _ in digits[1:]), end]
        groups = _LONGEST_GROUP if len(digits) <= _LONGEST_ROW else 1
        for first in range(len(digits)):
            for last in range(first + 1, min(first + groups, len(digits)) + 1):
                group = digits[first:last]
                if len(group) == 1:
                    self.number(nodes[first], nodes[last], f"#{group}")
                elif group[0] != "0":
                    self._groups.append((nodes[first], nodes[last], f"#{group}"))
            if self.language == "en" and digits[first : first + 2] == digits[first] * 2:
                self.template(nodes[first], nodes[first + 2], f"double #{digits[first]}")

    def template(self, start: int, end: int, template: str) -> None:
        """One reading in the notation of ``text.conventions``, between two nodes."""
        tokens = template.split() or [""]
        for index, token in enumerate(tokens):
            after = end if index == len(tokens) - 1 else self.lattice.node()
            for word in token.split("|"):
                if word.startswith("#") and len(word) > 1:
                    self.number(start, after, word)
                elif word.startswith("@") and len(word) > 1:
                    self.digits(start, after, word[1:])
                elif word.startswith("="):
                    self._edge(start, after, key(word[1:], self.language), word[1:], exact=True)
                else:
                    self.word(start, after, word)
            start = after


def build(slots: Slots, language: str) -> Builder:
    """The lattice of the readings in ``slots``; the first reading of each slot is the usual one."""
    builder = Builder(language)
    for slot in slots:
        builder.slot(slot)
    builder.silent_links()
    return builder


def connect(one: Builder, other: Builder) -> None:
    """Add the edges to both lattices that can match an edge of the other: numbers in words, and words written as one."""
    labels, other_labels = frozenset(one.labels), frozenset(other.labels)
    numbers = other_numbers = frozenset[str]()
    if one.has_figures or other.has_figures:
        numbers, other_numbers = labels | one.numbers(), other_labels | other.numbers()
    one.match(other_labels, other_numbers)
    other.match(labels, numbers)
