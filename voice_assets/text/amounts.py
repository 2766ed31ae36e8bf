"""The readings of figures alone: 32, 007, 1,200, 3.14. Not here: what stands beside the figures (``text.figures``).

A mark that can group or part decimals ("1,200" is 1200 in Mexico, 1.2 in Spain) gives both readings.
"""

import re
from collections.abc import Iterable, Iterator
from fractions import Fraction

from voice_assets.text.conventions import Conventions
from voice_assets.text.digits import MAX_DIGITS

# People read a row of three digits or more in groups: 112 as "one one two". Two digits are one number or two.
FEWEST_IN_GROUPS = 3
Readings = list[str]


def token(digits: str, fewest: int = FEWEST_IN_GROUPS) -> str:
    """Digits as a number of open kind, and in groups; digit by digit alone for 007 and for rows too long to be amounts.

    ``fewest``: with fewer digits than these, the figures are one number only. Two for a part of a longer row.
    """
    if len(digits) > MAX_DIGITS or (len(digits) > 1 and digits.startswith("0")):
        return f"@{digits}"
    return f"#{int(digits)}?|@{digits}" if len(digits) >= fewest else f"#{int(digits)}?"


def amounts(found: Iterable[str], one: str = "") -> Readings:
    """Readings without years and ordinals: $1941 is no year. ``one``: other words for 1."""
    closed = [reading.replace("?", "") for reading in found]
    return [re.sub(r"#1(?![\d/.])", f"#1|{one}", reading) for reading in closed] if one else closed


def _decimal(whole: str, part: str, point: str) -> Readings:
    before = token(whole) if whole else "|#0"
    return [f"{before} {point} @{part}", f"#{whole or 0}.{part}", f"{before} {point} {token(part)}"]


def readings(number: str, conventions: Conventions, fewest: int = FEWEST_IN_GROUPS) -> Readings:
    """The readings of figures with marks of groups and decimals. The usual one is first. ``fewest``: see `token`."""
    parts = re.split(r"[^\d]", number)
    marks = re.findall(r"[^\d]", number)
    digits = "".join(parts)
    if not marks or len(digits) > MAX_DIGITS:
        return [token(digits, fewest)]
    *groups, last = marks
    grouped = all(len(part) == 3 for part in parts[1:]) and len(set(marks)) == 1 and parts[0] not in ("", "0")
    english = conventions.decimal == "."
    found = []
    if grouped and not (english and last == "."):
        found.append(amounts([token(digits)]))
    if last in ".," and (not groups or (last not in groups and len(set(groups)) == 1)):
        is_decimal = not (grouped and english)
        decimal = _decimal("".join(parts[:-1]), parts[-1], conventions.point)
        # Where 1.200 may be 1200, its digits are compared, not its value: 1.200 is 1,200, but never 1,2.
        found += [decimal[::2] if grouped else decimal] if is_decimal else []
    if len(found) > 1 and last == conventions.decimal:
        found.reverse()
    return [one for reading in found for one in reading] or [" ".join(token(part) for part in parts if part)]


def values(number: str, conventions: Conventions) -> Iterator[Fraction]:
    """The values in ``readings``."""
    for reading in readings(number, conventions):
        match = re.match(r"#(\d+(?:[./]\d+)?)\??(?:\|@\d+)?$", reading)
        if match:
            yield Fraction(match[1])
