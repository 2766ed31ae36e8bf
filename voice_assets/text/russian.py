"""Russian as it is read aloud: numbers, abbreviations and Latin words spelled out in Russian words.

Belongs here: what turns written Russian into the words a speaker says. Does not belong here: cleaning that every
language shares (``text.normalisation``), Latin words and spelled letters (``russian_latin``), forgetting the case of a number
where figures leave it open (``russian_numbers``). Numbers get the case that the writing shows (``1-го``,
``в 1941 году``) and the citation form where it shows none.
"""

import re
from collections.abc import Callable

from voice_assets.text import russian_latin
from voice_assets.text.digits import digit_by_digit, integer, numeral

_Match = re.Match[str]

# Endings written after a hyphen, as in "1-го": case, gender, plural of the ordinal they stand for.
_ENDINGS = {
    **dict.fromkeys(("й", "ый", "ой", "ий"), ("n", "m", False)),
    **dict.fromkeys(("я", "ая", "ья"), ("n", "f", False)),
    **dict.fromkeys(("е", "ое", "ье"), ("n", "n", False)),
    **dict.fromkeys(("го", "ого", "его"), ("g", "m", False)),
    **dict.fromkeys(("му", "ому", "ему"), ("d", "m", False)),
    **dict.fromkeys(("м", "ом", "ем"), ("p", "m", False)),
    **dict.fromkeys(("ым", "им"), ("i", "m", False)),
    **dict.fromkeys(("ю", "ую", "ью"), ("a", "f", False)),
    **dict.fromkeys(("х", "ых", "их"), ("g", "m", True)),
    **dict.fromkeys(("ми", "ыми", "ими"), ("i", "m", True)),
}
_CARDINAL_ENDINGS = {"ти": "g", "и": "g", "мя": "i", "ю": "i"}
_YEAR_CASES = {"год": "n", "года": "g", "году": "p", "годом": "i", "годе": "p"}
_CENTURY_CASES = {"век": "n", "века": "g", "веке": "p", "веку": "d", "веком": "i"}
# Years that are read as ordinals. Smaller and larger numbers before "год" count years.
_YEARS = range(1000, 2101)

# After a number: one, two to four, five and more.
_UNITS = {
    "км/ч": ("километр в час", "километра в час", "километров в час"),
    "кв. м": ("квадратный метр", "квадратных метра", "квадратных метров"),
    "кв.м": ("квадратный метр", "квадратных метра", "квадратных метров"),
    "м2": ("квадратный метр", "квадратных метра", "квадратных метров"),
    "м3": ("кубический метр", "кубических метра", "кубических метров"),
    "куб. м": ("кубический метр", "кубических метра", "кубических метров"),
    "мбит/с": ("мегабит в секунду", "мегабита в секунду", "мегабит в секунду"),
    "гбит/с": ("гигабит в секунду", "гигабита в секунду", "гигабит в секунду"),
    "м/с": ("метр в секунду", "метра в секунду", "метров в секунду"),
    "км": ("километр", "километра", "километров"),
    "м": ("метр", "метра", "метров"),
    "см": ("сантиметр", "сантиметра", "сантиметров"),
    "мм": ("миллиметр", "миллиметра", "миллиметров"),
    "кг": ("килограмм", "килограмма", "килограммов"),
    "гр": ("грамм", "грамма", "граммов"),
    "г": ("грамм", "грамма", "граммов"),
    "мг": ("миллиграмм", "миллиграмма", "миллиграммов"),
    "мл": ("миллилитр", "миллилитра", "миллилитров"),
    "т": ("тонна", "тонны", "тонн"),
    "га": ("гектар", "гектара", "гектаров"),
    "вт": ("ватт", "ватта", "ватт"),
    "квт": ("киловатт", "киловатта", "киловатт"),
    "ккал": ("килокалория", "килокалории", "килокалорий"),
    "шт": ("штука", "штуки", "штук"),
    "чел": ("человек", "человека", "человек"),
    "мес": ("месяц", "месяца", "месяцев"),
    "л": ("литр", "литра", "литров"),
    "ч": ("час", "часа", "часов"),
    "мин": ("минута", "минуты", "минут"),
    "сек": ("секунда", "секунды", "секунд"),
    "руб": ("рубль", "рубля", "рублей"),
    "коп": ("копейка", "копейки", "копеек"),
    "тыс": ("тысяча", "тысячи", "тысяч"),
    "млн": ("миллион", "миллиона", "миллионов"),
    "млрд": ("миллиард", "миллиарда", "миллиардов"),
    "л.с.": ("лошадиная сила", "лошадиные силы", "лошадиных сил"),
    "л. с.": ("лошадиная сила", "лошадиные силы", "лошадиных сил"),
    "ггц": ("гигагерц", "гигагерца", "гигагерц"),
    "ма": ("миллиампер", "миллиампера", "миллиампер"),
    "гц": ("герц", "герца", "герц"),
    "кгц": ("килогерц", "килогерца", "килогерц"),
    "мб": ("мегабайт", "мегабайта", "мегабайт"),
    "кб": ("килобайт", "килобайта", "килобайт"),
    "тб": ("терабайт", "терабайта", "терабайт"),
    "дб": ("децибел", "децибела", "децибел"),
    "гб": ("гигабайт", "гигабайта", "гигабайт"),
    "%": ("процент", "процента", "процентов"),
    "°c": ("градус", "градуса", "градусов"),
    "°с": ("градус", "градуса", "градусов"),
    "°": ("градус", "градуса", "градусов"),
    "$": ("доллар", "доллара", "долларов"),
    "€": ("евро", "евро", "евро"),
    "₽": ("рубль", "рубля", "рублей"),
    "£": ("фунт", "фунта", "фунтов"),
}
# What a sum with two digits after the comma has besides whole units.
_SMALL_MONEY = {
    **dict.fromkeys(("руб", "₽"), ("копейка", "копейки", "копеек")),
    **dict.fromkeys(("$", "€"), ("цент", "цента", "центов")),
}
_FEMININE = {"мин", "сек", "коп", "тыс", "т", "ккал", "шт", "л.с.", "л. с."}
_MONTHS = "января|февраля|марта|апреля|мая|июня|июля|августа|сентября|октября|ноября|декабря"
_FRACTION_UNITS = {unit: forms[1] for unit, forms in _UNITS.items()}
# Units that are no other word, so they can be read without a number before them.
_BARE_UNITS = ("км", "см", "мм", "кг", "руб", "тыс", "млн", "млрд")

# Read before the text is lower-cased and its dots are gone. Longer patterns first.
_ABBREVIATIONS = [
    (r"до\s+н\.\s*э\.", "до нашей эры"),
    (r"н\.\s*э\.", "нашей эры"),
    (r"и\s+т\.?\s*д\.", "и так далее"),
    (r"и\s+т\.?\s*п\.", "и тому подобное"),
    (r"и\s+др\.", "и другие"),
    (r"и\s+пр\.", "и прочее"),
    (r"т\.\s*е\.", "то есть"),
    (r"т\.\s*к\.", "так как"),
    (r"т\.\s*н\.", "так называемый"),
    (r"т\.\s*ч\.", "том числе"),
    (r"т\.\s*о\.", "таким образом"),
    (r"с\.\s*г\.", "сего года"),
    (r"напр\.", "например"),
    (r"см\.(?=\s*[а-яё])", "смотри"),
    (r"ул\.", "улица"),
    (r"пр-т\b", "проспект"),
    (r"просп\.", "проспект"),
    (r"пер\.", "переулок"),
    (r"кв\.(?=\s*\d)", "квартира"),
    (r"д\.(?=\s*\d)", "дом"),
    (r"стр\.", "страница"),
    (r"рис\.", "рисунок"),
    (r"табл\.", "таблица"),
    (r"гл\.(?=\s*\d)", "глава"),
    (r"тел\.(?=\s*[\d+(:])", "телефон"),
    (r"им\.(?=\s*[А-ЯЁ«])", "имени"),
    (r"св\.", "святой"),
    (r"проф\.", "профессор"),
    (r"д-р\b", "доктор"),
    (r"тов\.", "товарищ"),
    (r"акад\.", "академик"),
    (r"г-жа\b", "госпожа"),
    (r"г-да\b", "господа"),
    (r"г-на\b", "господина"),
    (r"г-н\b", "господин"),
    (r"ок\.(?=\s*\d)", "около"),
    (r"гг\.", "годов"),
    (r"г\.(?=\s*[А-ЯЁ][а-яё])", "город"),
    (r"(?<=\d)\s?р\.", " руб "),
    (r"тыс\.(?=\s*руб)", "тыс"),
    (r"обл\.", "область"),
    (r"р-н\b", "район"),
    (r"корп\.(?=\s*\d)", "корпус"),
    (r"эт\.(?=\s*\d)", "этаж"),
    (r"пл\.(?=\s*[А-ЯЁ])", "площадь"),
    (r"наб\.(?=\s*[А-ЯЁ])", "набережная"),
    (r"ст\.(?=\s*\d)", "статья"),
    (r"п\.(?=\s*\d)", "пункт"),
    (r"с\.(?=\s*\d)", "страница"),
    (r"доп\.", "дополнительный"),
    (r"мин\.(?=\s*[а-яё])", "минут"),
    (r"м\.\s*б\.", "может быть"),
    (r"ж/д\b", "железнодорожный"),
    (r"б/у\b", "бэу"),
    (r"@(?=[A-Za-z])", " собака "),
    (r"±", " плюс минус "),
    (r"(?<=\d)\sВ(?=\s*(?:[.,;!?)]|$))", " вольт "),
    (r"(?<=[A-Za-z])\.(?=[A-Za-z]{2,})", " точка "),
    (r"&", " и "),
    (r"§\s*", " параграф "),
]
# One letter before a name is an initial where it is a capital.
_NEVER_FIRST = ("г\\.", "п\\.", "м\\.", "т\\.\\s*о")


def _abbreviation(pattern: str) -> re.Pattern[str]:
    """The rule for one abbreviation, which may open a sentence with a capital."""
    if not pattern[0].isalpha():
        return re.compile(pattern)
    first = pattern[0] if pattern.startswith(_NEVER_FIRST) else f"[{pattern[0]}{pattern[0].upper()}]"
    return re.compile(rf"(?<![А-Яа-яЁёA-Za-z0-9]){first}{pattern[1:]}")


_ABBREVIATION_RULES = [(_abbreviation(pattern), words) for pattern, words in _ABBREVIATIONS]

# Up to 39, enough for centuries and kings; from L on it is more likely a size or an abbreviation.
_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_ROMAN_NUMBER = r"\b(?=[IVX])X{0,3}(?:IX|IV|V?I{0,3})(?<=[IVX])(?![A-Za-z])"
# Four letters and more are no size and hardly an abbreviation.
_LONG_ROMAN = r"M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})"
_UNIT_NAMES = "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))


def _forms(number: int, forms: tuple[str, str, str]) -> str:
    """The form of a noun that agrees with ``number``: 1 рубль, 2 рубля, 5 рублей, 11 рублей, 21 рубль."""
    tens, ones = number % 100, number % 10
    if ones == 1 and tens != 11:
        return forms[0]
    return forms[1] if 2 <= ones <= 4 and not 12 <= tens <= 14 else forms[2]


def _say(digits: str, **grammar: object) -> str:
    """Russian words for a string of digits. Leading zeros and very long numbers are read digit by digit."""
    number = integer(digits)
    if number is None:
        return digit_by_digit(digits, "ru")
    words = numeral(number, "ru", **grammar)
    return words.removeprefix("одна ") if words.startswith("одна тысяч") else words


def _ordinal(number: int, case: str, gender: str = "m", plural: bool = False) -> str:
    return numeral(number, "ru", to="ordinal", case=case, gender=gender, plural=plural)


def _roman(text: str) -> int:
    values = [_ROMAN[letter] for letter in text]
    return sum(-value if value < following else value for value, following in zip(values, [*values[1:], 0], strict=True))


def _year(match: _Match) -> str:
    digits, word = match["number"], match["word"]
    if int(digits) not in _YEARS:
        return f" {_say(digits)} {word} "
    return f" {_ordinal(int(digits), _YEAR_CASES[word.lower()])} {word} "


def _year_abbreviated(match: _Match) -> str:
    before = match["before"]
    if int(match["number"]) not in _YEARS:
        return match[0]
    return f"{before}{match['number']} {'году' if before.strip().lower() in ('в', 'во') else 'года'} "


def _century(match: _Match) -> str:
    number = _roman(match["roman"]) if match["roman"] else int(match["number"])
    if not 0 < number < 100:
        return match[0]
    word = match["word"].lower()
    abbreviated = word == "в."
    case = "p" if abbreviated and match["before"] else _CENTURY_CASES.get(word, "n")
    spoken = ("веке" if case == "p" else "век") if abbreviated else word
    return f"{match['before'] or ''}{_ordinal(number, case)} {spoken} "


def _roman_number(match: _Match) -> str:
    return f" {_ordinal(_roman(match[0]), 'n')} "


def _with_ending(match: _Match) -> str:
    digits, ending = match["number"], match["ending"].lower()
    number = integer(digits)
    if number is None:
        return match[0]
    if ending in _CARDINAL_ENDINGS and (ending in ("ти", "мя") or number % 100 in range(5, 21)):
        return f" {_say(digits, case=_CARDINAL_ENDINGS[ending])} "
    if ending == "х" and number in (2, 3, 4):
        return f" {_say(digits, case='g')} "
    if ending not in _ENDINGS:
        return match[0]
    case, gender, plural = _ENDINGS[ending]
    if ending == "е" and (match["years"] or (number % 10 == 0 and 40 <= number <= 90)):
        gender, plural = "m", True
    return f" {_ordinal(number, case, gender, plural)} "


def _compound(match: _Match) -> str:
    number = int(match["number"])
    return f" {numeral(number, 'ru', case='g' if number not in (90, 100) else 'n').replace(' ', '')}{match['rest']} "


def _date(match: _Match) -> str:
    return f" {_ordinal(int(match['number']), 'g')} {match['month']} "


def _agreeing(match: _Match) -> str:
    """1 and 2 before a feminine noun, told by the noun's ending: одна минута, одну минуту, две минуты."""
    digits, ending = match["number"], match["noun"][-1]
    if digits.endswith(("11", "12")) or (digits[-1] == "1") != (ending in "аяую"):
        return match[0]
    words = _say(digits, gender="f")
    if ending in "ую":
        words = words.removesuffix("одна") + "одну"
    return f" {words} {match['noun']}"


def _with_unit(match: _Match) -> str:
    whole, fraction, unit = match["number"], match["fraction"], match["unit"].lower()
    if fraction and len(fraction) == 2 and unit in _SMALL_MONEY:
        return f" {_sum(whole, fraction, unit)} "
    if fraction:
        return f" {_decimal(whole, fraction)} {_FRACTION_UNITS[unit]} "
    number = integer(whole)
    word = _UNITS[unit][2] if number is None else _forms(number, _UNITS[unit])
    return f" {_say(whole, gender='f' if unit in _FEMININE else 'm')} {word} "


def _sum(whole: str, fraction: str, unit: str) -> str:
    number, part = integer(whole), int(fraction)
    money = f"{_say(whole)} {_UNITS[unit][2] if number is None else _forms(number, _UNITS[unit])}"
    gender = "f" if unit in ("руб", "₽") else "m"
    return f"{money} {_say(str(part), gender=gender)} {_forms(part, _SMALL_MONEY[unit])}" if part else money


def _numeric_date(match: _Match) -> str:
    day, month, year = int(match["day"]), int(match["month"]), int(match["year"])
    if not (1 <= day <= 31 and 1 <= month <= 12):
        return match[0]
    spoken = _ordinal(year, "g") if year in _YEARS else _say(str(year))
    return f" {_ordinal(day, 'g')} {_MONTHS.split('|')[month - 1]} {spoken} года "


def _percent_adjective(match: _Match) -> str:
    number = int(match["number"])
    return f" {numeral(number, 'ru', case='g' if number not in (90, 100) else 'n').replace(' ', '')}процентн{match['ending']} "


def _currency_first(match: _Match) -> str:
    if match["scale"]:
        return f" {match['number']} {match['scale']} {_UNITS[match['unit']][2]} "
    return f" {match['number']} {match['unit']} "


def _decimal(whole: str, fraction: str) -> str:
    if integer(whole) is None or len(fraction) > 3:
        return f"{_say(whole)} запятая {digit_by_digit(fraction, 'ru')}"
    return numeral(f"{int(whole)}.{fraction}", "ru")


def _clock(match: _Match) -> str:
    hours, minutes = int(match["hours"]), match["minutes"]
    if minutes == "00":
        return f" {_say(str(hours))} {_forms(hours, _UNITS['ч'])} "
    return f" {_say(str(hours))} {'ноль ' if minutes[0] == '0' else ''}{_say(str(int(minutes)))} "


def _dotted_clock(match: _Match) -> str:
    return f"{match['before']}{_clock(match)}"


def _decimal_number(match: _Match) -> str:
    return f" {_decimal(match['number'], match['fraction'])} "


def _number(match: _Match) -> str:
    return f" {_say(match[0])} "


_COMPOUNDS = "лет|этаж|комнат|минут|час|днев|процент|крат|значн|мест|тон|мес"
_SUFFIX = r"(?:-?(?:й|го|му|м))?"
# In this order: what is more particular comes before what would take a part of it.
_RULES: list[tuple[str, Callable[[_Match], str]]] = [
    (r"(?:(?<=\s)|^)[-−–](?=\d)", lambda _: " минус "),
    (r"\b(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})(?:\s?(?:г\.|года?\b))?", _numeric_date),
    (r"\b(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})\b(?!-)", _numeric_date),
    (r"\b(?P<number>\d{1,3})\s?%-?н?(?P<ending>(?:ый|ая|ое|ые|ого|ой|ому|ым|ом|ую|ых|ыми))\b", _percent_adjective),
    (r"(?P<unit>[$€₽£])\s?(?P<number>\d+(?:[.,]\d+)?)(?:\s?(?P<scale>тыс|млн|млрд)\b\.?)?", _currency_first),
    (r"(?P<before>\b(?:[ВвСсКк]|[Вв]о|[Дд]о|[Пп]о)\s+|)\b(?P<number>\d{4})\s?г\.", _year_abbreviated),
    (rf"\b(?P<number>\d{{4}}){_SUFFIX}\s+(?P<word>(?i:год(?:а|у|ом|е)?))\b", _year),
    (
        rf"(?P<before>\b[Вв]\s+)?\b(?:(?P<roman>{_ROMAN_NUMBER})|(?P<number>\d{{1,2}}){_SUFFIX})"
        r"\s+(?P<word>век(?:а|е|у|ом)?\b|в\.)",
        _century,
    ),
    (rf"\b(?=[IVX]{{2}}){_ROMAN_NUMBER}\b(?!-(?![IVX]))", _roman_number),
    # One letter is a number after a name or a part of a book; a long one is a year.
    (r"(?<=[а-яё]\s)[IVX]\b(?![-.'’]?\w)", _roman_number),
    (rf"\b(?=[IVXLCDM]{{4,}}\b){_LONG_ROMAN}(?<=[IVXLCDM])\b(?!-)", _roman_number),
    (
        r"(?P<before>\b[ВвКкСс]о?\s+|\b[Дд]о\s+)(?P<hours>[01]?\d|2[0-3])\.(?P<minutes>[0-5]\d)(?![.,]?\d|\s?%|\s[а-яё])",
        _dotted_clock,
    ),
    (r"(?<![\d:.,])(?P<hours>[01]?\d|2[0-3]):(?P<minutes>[0-5]\d)(?![\d:])", _clock),
    (r"(?<![\d.,])(?P<number>\d+)-(?P<ending>(?i:[а-яё]{1,3}))\b(?=(?P<years>\s+год)?)", _with_ending),
    (rf"(?<![\d.,])(?P<number>\d{{1,3}})-(?P<rest>(?:{_COMPOUNDS})[а-яё]+)", _compound),
    (rf"(?<![\d.,-])\b(?P<number>[12]?\d|3[01])\s+(?P<month>{_MONTHS})\b", _date),
    (rf"(?P<number>\d+)(?:[.,](?P<fraction>\d+))?\s?(?P<unit>(?i:{_UNIT_NAMES}))(?![А-Яа-яЁёA-Za-z])", _with_unit),
    (r"(?<![\d.,])(?P<number>\d+)[.,](?P<fraction>\d+)(?![\d.,]?\d)", _decimal_number),
    (r"(?<![\d.,])(?P<number>\d*[12])\s+(?P<noun>(?!или|ночи|хотя)[а-яё]+[аяуюыи])\b", _agreeing),
    (r"\d+", _number),
    (r"\s*\+\s*", lambda _: " плюс "),
    (r"%", lambda _: " процентов "),
]
_COMPILED = [(re.compile(pattern), reading) for pattern, reading in _RULES]

_STRESS_PLUS = re.compile(r"\+(?=[аеёиоуыэюяАЕЁИОУЫЭЮЯ])|(?<=[аеёиоуыэюяАЕЁИОУЫЭЮЯ])\+(?!\d)")
# «Не-е-ет», «ч-что», «нееет»: a sound that is drawn out or stuttered, written in as many ways as there are writers.
_STUTTERED = re.compile(r"([а-яё])(?:-\1){2,}|\b([бвгджзклмнпрстфхцчшщ])-(?=\2)", re.IGNORECASE)
_DRAWN_OUT = re.compile(r"([а-я])\1{2,}")
_GROUPED = re.compile(r"(?<![\d.,])(\d{1,3})((?:[ \u00a0\u202f]\d{3})+)(?![\d])")
# 10,000 and 10.000 are no parts: whoever writes a thousandth does not stop at zeros.
_POINTED = re.compile(r"(?<![\d.,])\d{1,3}(?:[.,]\d{3})*[.,]000(?![\d.,]?\d)")
# "одна" before a thousand says nothing, unless it is the end of another number: двадцать одна тысяча.
_ONE_THOUSAND = re.compile(r"\b(?P<before>\w*(?:дцать|десят|сорок|сто|двести|ста|сот) )?(?:одна )+(?=тысяч[аи]?\b)")
_BARE_UNIT_RULE = re.compile(r"\b(?:" + "|".join(_BARE_UNITS) + r")\b")


# Looked at first, since most texts have nothing to expand: measured, this halves the time of a score.
_MAY_ABBREVIATE = re.compile(r"(?<!\w)[А-Яа-яЁё]{1,5}\.|\d\s?[./р]|\d\s?В|[A-Za-z]\.|[&§@±/]|(?:пр|[Гг]|р|[Дд])-[танжрд]")
_MAY_HAVE_FIGURES = re.compile(r"[\dIVXLCDM$€₽£°%+]")


def strip_stress(text: str) -> str:
    """Drop the ``+`` that marks a stressed vowel, before it (``г+ород``) or after it (``го+род``)."""
    return _STRESS_PLUS.sub("", text)


def expand(text: str) -> str:
    """Spell out the numbers, units and abbreviations of ``text``; its case and dots are still as written."""
    text = _STUTTERED.sub(lambda match: match[1] or "", text)
    for grouped in (_GROUPED, _POINTED):
        text = grouped.sub(lambda match: re.sub(r"\D", "", match[0]), text)
    if _MAY_ABBREVIATE.search(text):
        for rule, words in _ABBREVIATION_RULES:
            text = rule.sub(f"{words} ", text)
    if _MAY_HAVE_FIGURES.search(text):
        for rule, reading in _COMPILED:
            text = rule.sub(reading, text)
    return russian_latin.spell_acronyms(text)


def _one_thousand(match: _Match) -> str:
    return match[0] if match["before"] else ""


def respell(text: str) -> str:
    """The last step, on lower-case words: Latin words in Cyrillic, ``ё`` as ``е``, one wording of a thousand."""
    text = _DRAWN_OUT.sub(r"\1", russian_latin.respell(text.replace("ё", "е")))
    text = _BARE_UNIT_RULE.sub(lambda match: _UNITS[match[0]][2], text)
    return _ONE_THOUSAND.sub(_one_thousand, text) if "тысяч" in text else text
