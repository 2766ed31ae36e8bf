"""Parsing runs of number words to values, in any language that has a lexicon.

A number word is one or more `Step`: add a value (``forty``), multiply by a hundred, or close a group with a scale
(``thousand``). A word that does not fit the words before it begins the next number. So a phone number that is read in groups
gives one number per group. Not here: the number words of a language (``russian_numerals``, ``western_numbers``).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

# A run of numbers with this many digits or more is compared digit by digit: people read and write phone and card numbers in
# groups of different lengths.
DIGITS_READ_SINGLY = 7


@dataclass(frozen=True)
class Step:
    """The effect of one number word. ``kind`` is ``add``, ``hundred`` or ``scale``; an ``ordinal`` ends the number."""

    kind: str
    value: int
    ordinal: bool = False


@dataclass(frozen=True)
class ParsedNumber:
    """The value of one or more number words; ``ordinal``: "fifth", not "five"."""

    value: Fraction
    ordinal: bool = False


Element = ParsedNumber | str
Lexicon = Callable[[str], Sequence[Step]]
Adds = Callable[[int, int], int | None]


def word_list(text: str) -> tuple[str, ...]:
    """The words of ``text``. Used to write tables of number words as one string."""
    return tuple(text.split())


def decimal_adds(group: int, value: int) -> int | None:
    """``group`` and then ``value`` as one number below 1000: 20 and 5, 100 and 45; None for two numbers, such as 5 and 20."""
    return group + value if value and group and group % 10 ** len(str(value)) == 0 else None


class _Parser:
    """The number up to the current word: the part that scales have closed (``total``), and the group below the next scale."""

    def __init__(self, adds: Adds) -> None:
        self._adds = adds
        self.found: list[Element] = []
        self._start()

    def _start(self) -> None:
        self._total, self._group, self._scale = 0, -1, 0

    def flush(self, ordinal: bool = False) -> None:
        """End the number."""
        if self._group >= 0 or self._total:
            self.found.append(ParsedNumber(Fraction(self._total + max(self._group, 0)), ordinal))
        self._start()

    def take(self, step: Step) -> None:
        """Take the next step; a step that does not fit begins a new number."""
        {"add": self._add, "hundred": self._hundred, "scale": self._close}[step.kind](step.value)
        if step.ordinal:
            self.flush(ordinal=True)

    def _add(self, value: int) -> None:
        if self._group < 0 and (not self._total or 0 < value < self._scale):
            self._group = value
            return
        together = self._adds(self._group, value) if self._group > 0 else None
        if together is None:
            self.flush()
            together = value
        self._group = together

    def _hundred(self, value: int) -> None:
        if self._group > 0 and self._group < value:
            self._group *= value
        else:
            self._add(value)

    def _close(self, value: int) -> None:
        if (self._total and self._scale <= value) or self._group == 0:
            self.flush()
        self._total += max(self._group, 1) * value
        self._group, self._scale = -1, value

    @property
    def round(self) -> bool:
        """Whether a linking word (``hundred and five``) may follow."""
        return (self._group < 0 and self._total > 0) or (self._group > 0 and self._group % 10 == 0)


def parse_numbers(words: Sequence[str], lexicon: Lexicon, adds: Adds = decimal_adds, link: str = "") -> list[Element]:
    """``words`` with every run of number words replaced by its numbers.

    Args:
        words: normalised words.
        lexicon: gives the steps of a word; none for a word that is no number word.
        adds: how two values join within a group of a thousand.
        link: the word that may stand inside a number, such as ``and``.
    """
    parser = _Parser(adds)
    for index, word in enumerate(words):
        steps = lexicon(word)
        for step in steps:
            parser.take(step)
        if steps:
            continue
        following = lexicon(words[index + 1]) if link and word == link and index + 1 < len(words) else ()
        if following and parser.round and following[0].kind == "add" and adds_up(following[0].value):
            continue
        parser.flush()
        parser.found.append(word)
    parser.flush()
    return parser.found


def adds_up(value: int) -> bool:
    """Whether ``value`` may follow a linking word: one hundred and *five*, treinta y *uno*; not two and *three hundred*."""
    return 0 < value < 100


def runs(elements: Sequence[Element]) -> list[list[ParsedNumber] | str]:
    """``elements`` with neighbouring numbers in one list."""
    found: list[list[ParsedNumber] | str] = []
    for element in elements:
        if isinstance(element, str):
            found.append(element)
        elif found and isinstance(found[-1], list):
            found[-1].append(element)
        else:
            found.append([element])
    return found


def _digits(run: Sequence[ParsedNumber]) -> str:
    whole = all(number.value.denominator == 1 for number in run)
    return "".join(str(number.value) for number in run) if whole else ""


def all_digits(elements: Sequence[Element]) -> str:
    """The digits of every number in ``elements``, a space between two runs; empty when a number has a fraction."""
    found = [_digits(run) for run in runs(elements) if not isinstance(run, str)]
    return " ".join(found) if all(found) else ""


def render_words(elements: Sequence[Element], say: Callable[[Fraction], str], singly: bool = False) -> str:
    """``elements`` as words, each number as ``say`` writes it. Long runs of digits are written one by one, without groups.

    ``singly``: all whole numbers are written digit by digit.
    """
    words: list[str] = []
    for run in runs(elements):
        if isinstance(run, str):
            words.append(run)
            continue
        digits = _digits(run)
        is_amount = len(run) == 1 and run[0].value % 1000 == 0
        if digits and (singly or (len(digits) >= DIGITS_READ_SINGLY and not is_amount)):
            words.extend(say(Fraction(int(digit))) for digit in digits)
        else:
            words.extend(say(number.value) for number in run)
    return " ".join(words)
