"""The readings of figures with what stands beside them: sums, times of day, fractions, ranges, units, ordinals.

Each reader gets a match of its pattern and returns readings in the notation of ``text.conventions``. No reading has another
value than the figures. Not here: figures alone (``text.amounts``), other signs and words (``text.scanner``).
"""

import itertools
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction

from voice_assets.text.amounts import FEWEST_IN_GROUPS, Readings, amounts, readings, token, values
from voice_assets.text.conventions import Conventions, hours, minutes
from voice_assets.text.digits import MAX_DIGITS, numeral
from voice_assets.text.western_numbers import is_number_word

_GROUPED = r"\d{1,3}(?:(?:,\d{3})+|(?:\.\d{3})+|(?:[ \u00a0\u202f]\d{3})+|(?:['’]\d{3})+)(?!\d)"
_NUM = rf"(?:{_GROUPED}(?:[.,]\d+)?|\d+[.,]\d+|\d+|(?<!\w)[.,]\d+)"
_MINUS = r"(?:(?<![\w)\]])[-−–‑](?=[\d.$€£]))"
_SIGN = rf"(?P<sign>{_MINUS}|\+(?=\d))?"
_VULGAR = "½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅐⅛⅜⅝⅞⅑⅒"
_SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻"
_DASH = r"[-–—‑−]"
# A dot between figures is a clock's when one of these words is before it. All languages together: they do not collide.
_BEFORE_TIME = re.compile(
    r"(?:^|\s)(?:um|at|by|from|until|till|bis|von|ab|gegen|vers|dès|alle|dalle|ore|las|la|kl|klo|om|à)\s$", re.I
)
_AFTER_TIME = re.compile(r"\s?(?:uhr|h\b|[ap]\.?\s?m\b|o'clock)", re.I)
_BETWEEN = rf"(?:\s?{_DASH}\s?|:)"
_MOST_READINGS = 8
# Part of a longer row, such as a telephone number, or of a code: B52.
_ROW_BEFORE = re.compile(r"(?:\d[\s.()/-]{1,3}|[^\W\d_]-?)$")
_ROW_AFTER = re.compile(r"[\s.()/-]{1,3}\d|[^\W\d_]")
_LEAST_ROW = 5
# 2 M€, $2m. Elsewhere an m is a metre.
_MILLION = 10**6

Reader = Callable[[re.Match[str], Conventions], Sequence[str] | None]
Rule = tuple[str, Reader]
"""A pattern, and what reads its matches."""


def _scaled(number: str, scale: str | None, conventions: Conventions) -> Readings:
    if not scale:
        return readings(number, conventions)
    factor = conventions.scales.get(scale.lower(), _MILLION)
    spoken = [word for word, value in conventions.scales.items() if value == factor and len(word) > 2]
    words = dict.fromkeys([scale.lower(), *spoken])  # "Mio" and "Mrd" are alike, their values are not
    full = [word for word in words if len(word) == 1 or is_number_word(word, conventions.language)]
    found = [f"{one} {'|'.join(full or words)}" for one in readings(number, conventions)]
    return found + [f"#{value * factor}" for value in values(number, conventions)]


def said(words: str) -> str:
    """Alternative words without the empty one, which lets a reader say nothing."""
    return "|".join(filter(None, words.split("|")))


def _signed(match: re.Match[str], found: Iterable[str], conventions: Conventions) -> Readings:
    sign = match["sign"]
    if not sign:
        return list(found)
    word = conventions.signs.get("+", "|") if sign == "+" else conventions.minus
    if match.string[: match.start()][-1:].isdigit():
        word = said(word)  # 5+3 is not 5 3
    return [f"{word} {one}" for one in found]


def _currency(sign: str, conventions: Conventions) -> tuple[str, str]:
    """The unit and the hundredth of a currency sign."""
    return next(names for key, names in conventions.currencies.items() if key.lower() == sign.lower())


def money(match: re.Match[str], conventions: Conventions) -> Readings:
    """$5.50, 20 €, $20 million, 2000,- Euro."""
    groups = match.groupdict()
    number, scale = groups["num"], groups.get("scale")
    unit, part = _currency(groups["currency"], conventions)
    link = "de|of|d|" if scale else ""
    found = [f"{one} {link} {unit}" if link else f"{one} {unit}" for one in _scaled(number, scale, conventions)]
    cents = re.fullmatch(r"(.*)[.,](\d\d)", number)
    if cents and not scale and part:
        whole, hundredths = re.sub(r"\D", "", cents[1]) or "0", int(cents[2])
        split = [
            f"{token(whole)} {unit} {conventions.money_link} #{hundredths} {part}|",
            f"{token(whole)} {conventions.money_link} #{hundredths}",
        ]
        if hundredths == 0:
            split = [f"{token(whole)} {unit}"]
        elif int(whole) == 0:
            split = [f"#{hundredths} {part}"]
        found = split + found
    return _signed(match, amounts(found, conventions.one), conventions)


def clock(match: re.Match[str], conventions: Conventions) -> Readings | None:
    """10:30, 9.30 Uhr, 8h30."""
    hour, minute, mark = int(match["hour"]), int(match["minute"]), match["mark"].strip()
    text = match.string
    is_time = _AFTER_TIME.match(text, match.end("minute"))
    if mark == "." and not (_BEFORE_TIME.search(text[: match.start()][-12:]) or is_time):
        return None
    # A score of 10:30 is ten to thirty, but 10:30 a.m. is not.
    pair = [f"#{hour} {conventions.to} #{minute}"] if mark == ":" and not is_time else []
    if conventions.clock is None:
        return [f"#{one} {minutes(minute)}" for one in hours(hour)] + [f"#{hour}"] * (minute == 0) + pair
    return [*conventions.clock(hour, minute), f"#{hour} {minutes(minute)}", *pair]


def fraction(match: re.Match[str], conventions: Conventions) -> Readings | None:
    """½, 2½, 3/4, 24/7, 2 1/2."""
    whole, sign = int(match["whole"] or 0), match.groupdict().get("vulgar")
    if sign:
        part = Fraction(unicodedata.numeric(sign)).limit_denominator(100)
        return [f"#{whole + part}"]
    upper, lower = int(match["upper"]), int(match["lower"])
    if lower == 0 or len(match["upper"] + match["lower"]) > MAX_DIGITS or (whole and upper >= lower):
        return None
    before = f"#{whole} " if whole else ""
    row = f"{before}{token(match['upper'])} {conventions.over} {token(match['lower'])}"
    value = f"#{whole + Fraction(upper, lower)}"
    found = [value, row] if 0 < upper < lower <= 20 else [row, value]
    months = conventions.months.split()
    if months and not whole:
        found += [f"{months[one - 1]} the| #{day}?" for one, day in ((upper, lower), (lower, upper)) if 0 < one <= 12]
        found += [f"#{day}? of|de| {months[one - 1]}" for one, day in ((upper, lower), (lower, upper)) if 0 < one <= 12]
    return found


def date(match: re.Match[str], conventions: Conventions) -> Readings | None:
    """15.05.2026, 5/12/2024: the month as a number or by name."""
    one, two, *years = (part for part in re.split(r"\D+", match["date"]) if part)
    year = token(years[0]) if years else ""
    row = f"{token(str(int(one)))} {conventions.point}| {token(str(int(two)))} {conventions.point}| {year}"
    found = [f"#{int(one)}? #{int(two)}? {year}", row] if years else [f"{token(one)} {conventions.point} @{two}", row]
    months = conventions.months.split()
    for day, month in ((int(one), int(two)), (int(two), int(one))):
        if months and 0 < month <= 12 and 0 < day <= 31:
            found.append(f"#{day}? of|de| {months[month - 1]} de|del|of| {year}")
            found.append(f"{months[month - 1]} the| #{day}? {year}")
    return found


def dated(match: re.Match[str], _conventions: Conventions) -> Readings:
    """5 November, November 5th: the article and "of" are left out in writing."""
    day, month = int(match["day"]), match["month"].lower()
    orders = [f"|the #{day}? |of {month}", f"{month} |the #{day}?"]
    return orders if match.start("day") < match.start("month") else orders[::-1]


def power(match: re.Match[str], conventions: Conventions) -> Readings | None:
    """10², x³, 10^6."""
    base, raised = match["base"], match["caret"]
    exponent = raised or unicodedata.normalize("NFKC", match["raised"]).replace("−", "-")
    if not re.fullmatch(r"-?\d{1,6}", exponent):
        return None
    spoken = readings(base, conventions) if base[0].isdigit() else [base.lower()]
    named = {"2": conventions.squared, "3": conventions.cubed}.get(exponent)
    endings = [named] if named else []
    negative = f"{conventions.minus} " if exponent.startswith("-") else ""
    endings += [one.format(e=f"{negative}#{exponent.lstrip('-')}") for one in conventions.power]
    name = conventions.units.get((base + (match["raised"] or "")).lower())
    unit = [name] if name else []
    return unit + [f"{one} {ending}" for one in spoken[:2] for ending in endings] or [f"{spoken[0]} #{exponent.lstrip('-')}"]


def times(match: re.Match[str], conventions: Conventions) -> Readings:
    """2x4, 45 × 60."""
    return [f"{token(match['one'])} {conventions.times} {token(match['two'])}"]


def row(match: re.Match[str], conventions: Conventions) -> Readings:
    """10-15 %, $5-10 thousand, 3:1, 555-1212: a range, a score, or a number that is read in groups."""
    parts = re.split(_BETWEEN, match["row"])
    link = conventions.to if len(parts) == 2 and len(parts[0]) == len(parts[1]) < 3 else f"|{conventions.to}"
    unit = conventions.units.get((match["unit"] or "").lower(), "")
    currency = match["currency"] or match["currency_after"]
    if currency:
        unit = _currency(currency, conventions)[0]
    scale = (match["scale"] or "").lower()
    fewest = 2 if len(parts) > 2 or len("".join(parts)) >= _LEAST_ROW else FEWEST_IN_GROUPS
    each = (readings(part, conventions, fewest)[:2] for part in parts)
    spoken = list(itertools.islice(itertools.product(*each), _MOST_READINGS))
    found = [f"{f' {link} '.join(one)} {scale} {unit}".rstrip() for one in spoken]
    if scale and scale in conventions.scales:
        *others, last = parts
        scaled = [f"#{value * conventions.scales[scale]}" for value in values(last, conventions)][:1]
        found += [f" {link} ".join([*(readings(part, conventions)[0] for part in others), one]) + f" {unit}" for one in scaled]
    return _signed(match, found, conventions)


def dotted(match: re.Match[str], conventions: Conventions) -> Readings:
    """1.2.3, 192.168.0.1."""
    return [f" {conventions.point}| ".join(token(part, fewest=2) for part in match["dotted"].split("."))]


def feet(match: re.Match[str], _conventions: Conventions) -> Readings:
    """6'2", 10', 5"."""
    upper, lower = match.groupdict().get("feet"), match["inches"]
    if upper and lower:
        return [f"#{int(upper)} foot|feet|minutes|minute {token(lower)} inches|inch|seconds|"]
    names = "feet|foot|minutes|minute" if upper else "inches|inch|seconds|second"
    return [token(upper or lower), f"{token(upper or lower)} {names}"]


def compound(match: re.Match[str], conventions: Conventions) -> Readings | None:
    """3-mal, 20-jährig, 100%ig: the number and the rest are one word in full."""
    tail = match["tail"].lower()
    if tail in conventions.units or re.fullmatch(f"{conventions.decade}|{conventions.ordinal}", tail):
        return None
    percent = conventions.units["%"] if "%" in match[0] else ""
    spoken = numeral(int(match["num"]), conventions.language)
    words = [spoken, spoken.removeprefix("ein")] if spoken.startswith("einhundert") else [spoken]
    return [*(f"{word}{percent}{tail}" for word in words), f"{token(match['num'])} {percent} {tail}"]


def _in_row(match: re.Match[str]) -> bool:
    """Whether other figures stand beside the number, so that all of them may be one row."""
    start, end = match.span("num")
    return bool(_ROW_BEFORE.search(match.string[:start][-4:]) or _ROW_AFTER.match(match.string, end))


def number(match: re.Match[str], conventions: Conventions) -> Readings:
    """Figures with an ordinal ending, a scale, a unit, or alone."""
    groups = match.groupdict()
    digits = re.sub(r"\D", "", match["num"])
    if (groups["ordinal"] or groups["decade"]) and len(digits) <= MAX_DIGITS:
        open_kind = [token(digits)] if conventions.ordinal_or_cardinal else []
        if groups["ordinal"]:
            # In Spanish and Italian the sign of ordinals and the sign of degrees are confused.
            degrees = (
                [f"#{int(digits)} {conventions.units['°']}"] if groups["ordinal"] in "º°" and "°" in conventions.units else []
            )
            return _signed(match, [f"#{int(digits)}o", *open_kind, *degrees], conventions)
        whole = [f"{numeral(int(digits), conventions.language)}er"] if conventions.compounds else []
        return _signed(match, [f"#{int(digits)}", *whole, f"{token(digits)} s|es|er|seconds"], conventions)
    found = _scaled(match["num"], groups["scale"], conventions)
    if len(digits) == len(match["num"]) == 2 and not groups["scale"] and _in_row(match):
        found = readings(digits, conventions, fewest=2)
    unit = (groups["unit"] or "").lower()
    if unit:
        found = amounts(found, conventions.one)
        name = conventions.units[unit]
        literal = re.sub(r"[^\w]", "", unicodedata.normalize("NFKC", unit)) or ""
        is_word = unit in ("a", "to") or unit in conventions.also_words
        literal = literal if is_word else f"={literal}"
        pair = [f"{one} {name}" for one in found], [f"{one} {literal}" for one in found if literal.strip("=").isalpha()]
        found = [*pair[1], *pair[0]] if is_word else [*pair[0], *pair[1]]
        if unit == "h" and conventions.clock and len(digits) <= 2 and int(digits) <= 24:
            found += conventions.clock(int(digits), 0)
        found += [f"{name} {one}" for one in found[:1]] if unit == "%" and conventions.language == "tr" else []
    return _signed(match, found, conventions)


def _names(words: Iterable[str]) -> str:
    """A pattern of ``words``, the longest first."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True)) or r"(?!)"


def _scale(conventions: Conventions, more: str = "") -> str:
    return rf"(?:\s?(?P<scale>{more}{_names(conventions.scales)})\.?(?!\w))?"


def _unit(conventions: Conventions) -> str:
    # "6 a.m." has no amperes, "6 p.m." no pence.
    return rf"(?:\s?(?P<unit>{_names(conventions.units)})(?![\w²³]|/[^\W\d_]|(?<=[ap])\.\s?m\b))?"


def _sums(conventions: Conventions) -> list[Rule]:
    """Sums, and ranges with or without a currency."""
    amount, every = _scale(conventions, "m|"), _names(conventions.currencies)
    signs = _names(name for name in conventions.currencies if not name.isalpha() or name.isupper())
    before, after = rf"(?:(?<!\w)(?P<currency>{signs})\s?)?", rf"(?:\s?(?P<currency_after>{every})(?!\w))?"
    row_of = rf"(?P<row>{_NUM}(?:{_BETWEEN}{_NUM})+){_scale(conventions)}"
    return [
        (rf"{_SIGN}(?<!\w)(?P<currency>{signs})\s?(?P<num>{_NUM})(?!{_BETWEEN}\d){amount}", money),
        (rf"{_SIGN}(?P<num>{_NUM})(?:,[-–—]+)?{amount}\s?(?P<currency>{every})(?!\w)", money),
        *_parts(conventions),
        (rf"{_SIGN}{before}{row_of}{after}{_unit(conventions)}", row),
    ]


def _parts(conventions: Conventions) -> list[Rule]:
    """Times of day, fractions, powers and products: figures with a mark between them that is not a range's."""
    marks = "|".join({":": ":", ".": r"\.", "h": r"\s?h\s?", "u": r"\s?Uhr\s"}[mark] for mark in conventions.clock_marks)
    clock_of = rf"(?P<hour>[01]?\d|2[0-4])(?P<mark>{marks})(?P<minute>[0-5]\d)"
    return [
        (rf"(?<![\d:.,]){clock_of}(?![\d:]|[.,]\d)(?:{conventions.clock_after})?", clock),
        (rf"(?:(?P<whole>\d+)\s?)?(?P<vulgar>[{_VULGAR}])", fraction),
        (r"(?:(?P<whole>\d{1,3})\s)?(?P<upper>\d+)[/⁄](?P<lower>\d+)(?![/\d])", fraction),
        (rf"(?P<base>(?<!\w)[A-Za-z]{{1,2}}|{_NUM})(?:(?P<raised>[{_SUPERSCRIPTS}]+)|\^(?P<caret>[-−]?\d+))", power),
        (r"(?P<one>\d+)\s?[x×X*]\s?(?P<two>\d+)(?!\w)", times),
    ]


def _dates(conventions: Conventions) -> list[Rule]:
    dots = r"\d{1,2}\.\s?\d{1,2}\.(?:\s?(?:\d{4}|\d{2})(?!\w))?"
    found: list[Rule] = [(rf"(?<![\w./])(?P<date>{dots}|\d{{1,2}}/\d{{1,2}}/(?:\d{{4}}|\d{{2}}))(?![\w/]|\.\d)", date)]
    if conventions.language == "en":
        months = "|".join(conventions.months.split())
        day = r"(?P<day>[0-3]?\d)(?:st|nd|rd|th)?(?![\w:])"
        found += [(rf"(?<!\w)(?P<month>{months})\s{day}", dated), (rf"{day}\s(?P<month>{months})(?!\w)", dated)]
    return found


def _numbers(conventions: Conventions) -> list[Rule]:
    found: list[Rule] = [(rf"(?!{_GROUPED})(?P<dotted>\d+(?:\.\d+){{2,}})(?!\w)", dotted)]
    if conventions.language == "en":
        found.append((r"(?P<feet>\d+)['′’]\s?(?:(?P<inches>\d+)(?:[\"″”]|'')?)?(?!\w)", feet))
        found.append((r"(?P<inches>\d+)[\"″”](?!\w)", feet))
    if conventions.compounds:
        found.append((r"(?P<num>\d{1,6})(?:\s?%)?-?(?P<tail>[a-zäöüß]{2,})(?![\w.])", compound))
    ending = rf"(?P<ordinal>{conventions.ordinal})|(?P<decade>{conventions.decade})|{_scale(conventions)}{_unit(conventions)}"
    return [*found, (rf"{_SIGN}(?P<num>{_NUM})(?:{ending})", number)]


def rules(conventions: Conventions) -> Sequence[tuple[re.Pattern[str], Reader]]:
    """Every pattern with its reader, in the order in which they are tried."""
    patterns = [*_dates(conventions), *_sums(conventions), *_numbers(conventions)]
    return [(re.compile(pattern, re.IGNORECASE), reader) for pattern, reader in patterns]
