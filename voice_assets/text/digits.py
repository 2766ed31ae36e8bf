"""Numbers as words in any language that num2words knows. Not here: finding the numbers (``text.normalisation``)."""

from functools import lru_cache

# num2words can write this many digits in every language used here. A longer run is an identifier, not a quantity.
MAX_DIGITS = 12


def integer(digits: str) -> int | None:
    """The number as a quantity, or ``None`` when its digits are read one by one: ``007``, a phone or card number."""
    if len(digits) > MAX_DIGITS or (len(digits) > 1 and digits.startswith("0")):
        return None
    return int(digits)


@lru_cache(maxsize=4096)
def _words(number: str, language: str, grammar: tuple[tuple[str, object], ...]) -> str:
    # Imported here, because num2words loads every language at once: 0.1 s.
    from num2words import num2words

    try:
        return str(num2words(number, lang=language, **dict(grammar)))
    except NotImplementedError:
        return number


def numeral(number: int | str, language: str, **grammar: object) -> str:
    """``number`` in words; ``grammar`` is num2words' (``to``, ``case``, ``gender``, ``plural``).

    In a language that num2words lacks, the digits stay. Reference and hypothesis are equal then, so comparing still works.
    """
    return _words(str(number), language, tuple(sorted(grammar.items())))


def digit_by_digit(digits: str, language: str) -> str:
    """Each digit as a word."""
    return " ".join(numeral(digit, language) for digit in digits)
