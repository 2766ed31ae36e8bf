"""Russian number words and their values: every case, gender and kind, and the one form of a value.

Here: the lexicon and `say`. Not here: parsing runs of number words (``number_words``), the words beside a
number such as units, halves and the clock (``russian_numbers``).
"""

from collections.abc import Sequence
from fractions import Fraction
from functools import cache, lru_cache

from voice_assets.text.number_words import Step, word_list

_ONES = word_list(
    "ноль один два три четыре пять шесть семь восемь девять десять одиннадцать двенадцать тринадцать четырнадцать "
    "пятнадцать шестнадцать семнадцать восемнадцать девятнадцать"
)
_TENS = word_list("двадцать тридцать сорок пятьдесят шестьдесят семьдесят восемьдесят девяносто")
_HUNDREDS = word_list("сто двести триста четыреста пятьсот шестьсот семьсот восемьсот девятьсот")
SCALES = {10**12: "триллион", 10**9: "миллиард", 10**6: "миллион", 1000: "тысяча"}
_HIGHEST = 10**15

_IRREGULAR = {
    0: "ноль ноля нолю нолем ноле нуль нуля нулю нулем нуле",
    1: "один одна одно одного одной одному одну одним одною одном",
    2: "два две двух двум двумя двое двоих двоим двоими",
    3: "три трех трем тремя трое троих троим троими",
    4: "четыре четырех четырем четырьмя четверо четверых четверым",
    8: "восемь восьми восемью восьмью",
    40: "сорок сорока",
    90: "девяносто девяноста",
    100: "сто ста",
    200: "двести двухсот двумстам двумястами двухстах",
    300: "триста трехсот тремстам тремястами трехстах",
    400: "четыреста четырехсот четыремстам четырьмястами четырехстах",
}
_ADJECTIVE = word_list("ый ий ой ая ое ого ому ым ом ую ою ые ых ыми")
_THIRD = word_list("третий третья третье третьего третьему третьим третьем третьей третью третьи третьих третьими")
_ORDINALS = {
    0: "нулев", 1: "перв", 2: "втор", 4: "четверт", 5: "пят", 6: "шест", 7: "седьм", 8: "восьм", 9: "девят", 10: "десят",
    11: "одиннадцат", 12: "двенадцат", 13: "тринадцат", 14: "четырнадцат", 15: "пятнадцат", 16: "шестнадцат",
    17: "семнадцат", 18: "восемнадцат", 19: "девятнадцат", 20: "двадцат", 30: "тридцат", 40: "сороков", 50: "пятидесят",
    60: "шестидесят", 70: "семидесят", 80: "восьмидесят", 90: "девяност", 100: "сот", 200: "двухсот", 300: "трехсот",
    400: "четырехсот", 500: "пятисот", 600: "шестисот", 700: "семисот", 800: "восьмисот", 900: "девятисот",
}  # fmt: skip
# «семью» and «сорока» mean a family and a magpie more often than seven and forty.
_NO_NUMBERS = frozenset(("семью", "сорока"))
# The form of a number inside a longer word: «двух» in «двухлетний».
_COMBINING = {
    1: "одно", 2: "двух", 3: "трех", 4: "четырех", 5: "пяти", 6: "шести", 7: "семи", 8: "восьми", 9: "девяти", 10: "десяти",
    11: "одиннадцати", 12: "двенадцати", 13: "тринадцати", 14: "четырнадцати", 15: "пятнадцати", 16: "шестнадцати",
    17: "семнадцати", 18: "восемнадцати", 19: "девятнадцати", 20: "двадцати", 30: "тридцати", 40: "сорока", 50: "пятидесяти",
    60: "шестидесяти", 70: "семидесяти", 80: "восьмидесяти", 90: "девяносто", 100: "сто", 200: "двухсот", 300: "трехсот",
    400: "четырехсот", 500: "пятисот", 600: "шестисот", 700: "семисот", 800: "восьмисот", 900: "девятисот", 1000: "тысяче",
}  # fmt: skip
_SCALE_STEMS = {
    1000: ("тысяч", "тысячн"), 10**6: ("миллион", "миллионн"), 10**9: ("миллиард", "миллиардн"),
    10**12: ("триллион", "триллионн"),
}  # fmt: skip
_SCALE_ENDINGS = {1000: " а и е у ей ью ею ам ами ах"}
_MASCULINE = " а у ом е ы ов ам ами ах"
# «одиннадцать сотен»; «сотка» is a hundred square metres.
_HUNDREDS_AS_NOUN = word_list("сотня сотни сотне сотню сотней сотен сотням сотнями сотнях")


def _cardinals() -> dict[str, tuple[Step, ...]]:
    found: dict[str, tuple[Step, ...]] = {}
    values = {**dict(enumerate(_ONES)), **dict(zip(range(20, 100, 10), _TENS, strict=True))}
    values |= dict(zip(range(100, 1000, 100), _HUNDREDS, strict=True))
    for value, word in values.items():
        forms = _IRREGULAR.get(value, "").split() or _declined(value, word)
        found |= dict.fromkeys(forms, (Step("add", value),))
    for value, word in enumerate(word_list("пятеро шестеро семеро восьмеро девятеро десятеро"), start=5):
        found |= dict.fromkeys((word, word[:-1] + "ых", word[:-1] + "ым"), (Step("add", value),))
    return found


def _declined(value: int, word: str) -> list[str]:
    """The forms of words in -ь; both halves of 50 to 80 and 500 to 900 are declined."""
    if value < 50:
        return [word, word[:-1] + "и", word[:-1] + "ью"]
    stem = {"семь": "сем", "восемь": "восьм"}.get(word[: word.index("ь") + 1], word[: word.index("ь")])
    first = word[: word.index("ь") + 1]
    instrumental = {"семь": "семью", "восемь": "восемью"}.get(first, first + "ю")
    if value < 100:
        return [word, f"{stem}идесяти", f"{instrumental}десятью"]
    return [word, f"{stem}исот", f"{stem}истам", f"{instrumental}стами", f"{stem}истах"]


@cache
def lexicon() -> dict[str, tuple[Step, ...]]:
    """Every number word, in every form, with ``е`` for ``ё``."""
    found = _cardinals()
    found |= dict.fromkeys(_THIRD, (Step("add", 3, ordinal=True),))
    for value, stem in _ORDINALS.items():
        found |= {stem + ending: (Step("add", value, ordinal=True),) for ending in (*_ADJECTIVE, "ей")}
    found |= dict.fromkeys(_HUNDREDS_AS_NOUN, (Step("hundred", 100),))
    for scale, (noun, adjective) in _SCALE_STEMS.items():
        found |= {noun + ending: (Step("scale", scale),) for ending in _SCALE_ENDINGS.get(scale, _MASCULINE).split(" ")}
        for factor, prefix in {**_COMBINING, 1: ""}.items():
            steps = (*((Step("add", factor),) if factor > 1 else ()), Step("scale", scale, ordinal=True))
            found |= {prefix + adjective + ending: steps for ending in _ADJECTIVE}
    return found


def combining(number: int) -> str:
    """``number`` as the first part of a longer word: «двадцатипяти» before «летний». From 10,000 on, figures."""
    if number in _COMBINING:
        return _COMBINING[number]
    parts: list[str] = []
    if number >= 1000:
        count, number = divmod(number, 1000)
        if count > 9:
            return str(count * 1000 + number)
        parts.append((_COMBINING[count] if count > 1 else "") + _COMBINING[1000])
    hundreds, rest = number - number % 100, number % 100
    tens, ones = (rest, 0) if rest < 20 else (rest - rest % 10, rest % 10)
    return "".join([*parts, *(_COMBINING[part] for part in (hundreds, tens, ones) if part)])


def adds(group: int, value: int) -> int | None:
    """``group`` and ``value`` after it as one number below 1000: двадцать пять, сто сорок; not «десять пять»."""
    tens = group % 100
    fits = tens == 0 or (tens >= 20 and tens % 10 == 0 and value < 10)
    return group + value if fits and 0 < value < 100 else None


def steps(word: str) -> Sequence[Step]:
    """The steps of ``word`` (normalised); none when it is no number word."""
    return lexicon().get(word, ())


def is_number_word(word: str) -> bool:
    """Whether ``word`` (normalised) is a number of two or more; «один» and «первый» often have another meaning."""
    return word not in _NO_NUMBERS and any(step.value > 1 for step in steps(word))


@lru_cache(maxsize=4096)
def say(value: Fraction) -> str:
    """``value`` in the one form that is compared; a fraction by its digits: «три запятая ноль пять»."""
    whole, rest = int(value), value - int(value)
    if rest:
        return f"{say(Fraction(whole))} запятая {_fraction(rest)}"
    if whole >= _HIGHEST:
        return " ".join(_ONES[int(digit)] for digit in str(whole))
    words = []
    for scale, name in SCALES.items():
        if whole >= scale:
            count, whole = divmod(whole, scale)
            words += [*([_below_thousand(count)] if count > 1 else []), name]
    return " ".join([*words, *([_below_thousand(whole)] if whole or not words else [])])


def _fraction(rest: Fraction) -> str:
    digits = f"{float(rest):.6f}".removeprefix("0.").rstrip("0") or "0"
    zeros = len(digits) - len(digits.lstrip("0"))
    return " ".join(
        [*["ноль"] * zeros, *([_below_thousand(int(digits))] if len(digits) <= 3 else [_ONES[int(one)] for one in digits])]
    )


def _below_thousand(number: int) -> str:
    if number == 0:
        return _ONES[0]
    hundreds, rest = divmod(number, 100)
    tens, ones = (0, rest) if rest < 20 else divmod(rest, 10)
    parts = [_HUNDREDS[hundreds - 1] if hundreds else "", _TENS[tens - 2] if tens else "", _ONES[ones] if ones else ""]
    return " ".join(part for part in parts if part)
