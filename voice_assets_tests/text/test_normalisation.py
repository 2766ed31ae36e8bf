import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from voice_assets.text.normalisation import normalise

RUSSIAN = [
    # stress, case, ё, punctuation, spaces
    ("за\u0301мок", "замок"),
    ("з+амок", "замок"),
    ("зам+ок", "замок"),
    ("Ёлка; ещё ЁЖ", "елка еще еж"),
    ("  Привет ,\tмир !\n", "привет мир"),
    ("кто-то", "кто то"),
    ("«Эхо-тест» завершён.", "эхо тест завершен"),
    ("слово\u00adформа", "словоформа"),
    ("йод и\u0306од", "йод йод"),
    ("…да", "да"),
    ("", ""),
    ("?!", ""),
    # stage directions
    ("[тон] Нажмите", "нажмите"),
    ("Нажмите [решётку]", "нажмите"),
    ("(5 seconds of silence)", ""),
    ("(смеётся) привет", "привет"),
    ("*вздыхает* привет", "привет"),
    ("скажите (то есть нажмите)", "скажите то есть нажмите"),
    # numbers
    ("18.", "восемнадцать"),
    ("Нажмите 1 или 0", "нажмите один или ноль"),
    ("18377", "восемнадцать тысяч триста семьдесят семь"),
    ("18 377 клипов", "восемнадцать тысяч триста семьдесят семь клипов"),
    ("1 000 000", "один миллион"),
    ("1000", "тысяча"),
    ("одна тысяча двести", "тысяча двести"),
    ("007", "ноль ноль семь"),
    ("№ 5", "номер пять"),
    ("№18", "номер восемнадцать"),
    ("-5 градусов", "минус пять градусов"),
    ("+7", "плюс семь"),
    ("10-15 минут", "десять пятнадцать минут"),
    ("3,5", "три целых пять десятых"),
    ("3.5", "три целых пять десятых"),
    ("2 + 2", "два плюс два"),
    ("А4", "а четыре"),
    ("каб5нет", "каб пять нет"),
    # numbers with a visible case
    ("1-го", "первого"),
    ("5-й этаж", "пятый этаж"),
    ("2-я очередь", "вторая очередь"),
    ("3-му", "третьему"),
    ("10-е место", "десятое место"),
    ("90-е годы", "девяностые годы"),
    ("90-х годов", "девяностых годов"),
    ("2-х комнат", "двух комнат"),
    ("5-ти дней", "пяти дней"),
    ("3-комнатная", "трехкомнатная"),
    ("25-летие", "двадцатипятилетие"),
    ("1 января", "первого января"),
    ("31 декабря", "тридцать первого декабря"),
    ("в 1941 году … 25", "в тысяча девятьсот сорок первом году двадцать пять"),
    ("1941 год", "тысяча девятьсот сорок первый год"),
    ("в 1941 г.", "в тысяча девятьсот сорок первом году"),
    ("с 1812 г.", "с тысяча восемьсот двенадцатого года"),
    ("в 2000 году", "в двухтысячном году"),
    ("21 год", "двадцать один год"),
    ("XX век", "двадцатый век"),
    ("в XX в.", "в двадцатом веке"),
    ("в 19 веке", "в девятнадцатом веке"),
    ("Пётр II", "петр второй"),
    # agreement
    ("2 минуты", "две минуты"),
    ("1 минута", "одна минута"),
    ("через 21 минуту", "через двадцать одну минуту"),
    ("2 стола", "два стола"),
    ("12 недель", "двенадцать недель"),
    # units, money, clock
    ("50%", "пятьдесят процентов"),
    ("1 %", "один процент"),
    ("3,5 км", "три целых пять десятых километра"),
    ("2 мин.", "две минуты"),
    ("21 кг", "двадцать один килограмм"),
    ("100 км/ч", "сто километров в час"),
    ("5 тыс. руб.", "пять тысяч рублей"),
    ("$100", "сто долларов"),
    ("5 с половиной", "пять с половиной"),
    ("12:30", "двенадцать тридцать"),
    ("12:05", "двенадцать ноль пять"),
    ("в 9:00", "в девять часов"),
    # abbreviations
    ("и т.д., т.е.", "и так далее то есть"),
    ("и т. д.", "и так далее"),
    ("и т.п.", "и тому подобное"),
    ("т.к. поздно", "так как поздно"),
    ("до н. э.", "до нашей эры"),
    ("г. Москва", "город москва"),
    ("ул. Ленина, д. 5, кв. 7", "улица ленина дом пять квартира семь"),
    ("и др.", "и другие"),
    # Latin
    ("iPhone", "айфон"),
    ("Wi-Fi", "вай фай"),
    ("PIN-код", "пин код"),
    ("USB", "юэсби"),
    ("5G", "пять джи"),
    ("Forbes", "форбс"),
    ("Ivan", "иван"),
]

OTHERS = [
    ("en", "It's 5% of $1,234.50", "its five percent of one thousand two hundred and thirty four dollars and fifty cents"),
    ("en", "Dr. Smith's 1st", "doctor smiths first"),
    ("en", "in 1941", "in nineteen forty one"),
    ("en", "3.5", "three point five"),
    ("en", "café", "café"),
    ("es", "El Sr. García tiene 1.234 años", "el señor garcía tiene mil doscientos treinta y cuatro años"),
    ("es", "50 %", "cincuenta por ciento"),
    ("es", "1º", "primero"),
    ("fr", "L'eau coûte 1\u202f234 €", "l eau coûte mille deux cent trente quatre euros"),
    ("fr", "cafe\u0301", "café"),
    ("de", "z. B. 1.234 Straßen", "zum beispiel eintausendzweihundertvierunddreißig straßen"),
    ("it", "L'acqua, 3,5 ecc.", "l acqua tre virgola cinque eccetera"),
    ("uk", "об'єкт, п’ять, обʼєкт", "обєкт пять обєкт"),
    ("uk", "№ 25: 1-й, 3,5%", "номер двадцять пять перший три кома пять відсотків"),
    ("be", "аб’ект 5%", "абект 5 працэнтаў"),
    ("xx", "A 12, b", "a 12 b"),
    ("ja", "こんにちは。", "こんにちは"),
]


@pytest.mark.parametrize(("written", "spoken"), RUSSIAN)
def test_russian(written, spoken):
    assert normalise(written, "ru") == spoken


@pytest.mark.parametrize(("language", "written", "spoken"), OTHERS)
def test_other_languages(language, written, spoken):
    assert normalise(written, language) == spoken


LANGUAGES = st.sampled_from(["ru", "en", "es", "fr", "de", "it", "uk", "be", "xx"])
WORDS = "1 2 11 1941 007 3,5 1.234 12:30 % № $ + - – . , : [ ] ( ) * г. т.е. и т.д. км час году год в с XX II век -го -х -летие"
NAMES = "A USB iPhone Wi Fi тысяча одна ё Ё ß İ ǅ ½ ² Ⅷ ’ ' «"
ODD = [" ", "\u0301", "\u0306", "\u0661", "\ud800", "\x00", "\u200b"]
PIECES = st.sampled_from(tuple(WORDS.split(" ")) + tuple(NAMES.split(" ")) + tuple(ODD))
TEXTS = st.one_of(st.text(max_size=40), st.lists(PIECES, max_size=8).map("".join), st.lists(PIECES, max_size=8).map(" ".join))


@settings(max_examples=400, deadline=None)
@given(TEXTS, LANGUAGES)
@example("одна одна тысяча", "ru")
@example("y\u0306", "ru")
@example("A\u200b\u0300", "en")
@example("9" * 400, "ru")
@example("0" * 20 + "," + "9" * 20, "en")
def test_any_text_becomes_lower_case_words_and_normalising_again_changes_nothing(text, language):
    words = normalise(text, language)
    assert normalise(words, language) == words
    assert not any(unicodedata.category(char) in ("Lu", "Lt") for char in words)
    assert "  " not in words
    assert words == words.strip()
