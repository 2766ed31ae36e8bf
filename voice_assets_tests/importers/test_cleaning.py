"""Texts of other collections: cleaning and rejecting, always with a reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_assets.dataset.faults import Limits
from voice_assets.importers.cleaning import Digits, clean, text_rejections

RUSSIAN = Limits(sample_rate=22050, language="ru", espeak_voice="ru")
ENGLISH = Limits(sample_rate=22050, language="en", espeak_voice="en-us")


def rejections(text: str, limits: Limits = RUSSIAN, digits: Digits = "sure", latin: bool = False) -> list[str]:
    return text_rejections(text, limits, digits, latin)


@pytest.mark.parametrize(
    ("text", "cleaned", "kinds"),
    [
        ("Привет, мир.", "Привет, мир.", []),
        ("menu: Нажмите один", "Нажмите один", ["name removed"]),
        ("Точка [.]", "Точка", ["note removed"]),
        ("Да <laugh> и нет", "Да и нет", ["note removed"]),
        ("Раз  два\tтри ", "Раз два три", ["white space"]),
        ("Раз\nдва", "Раз два", ["white space"]),
        ('"Да", сказал он', "“Да”, сказал он", ["quotes"]),
        ('"Да", сказал "он', "“Да”, сказал “он", ["quotes"]),
        ('Он сказал "да"', 'Он сказал "да"', []),
        ("menu:  Точка [.]  ", "Точка", ["name removed", "note removed"]),
        ("[beep]", "[beep]", []),
        ("<beep>", "<beep>", []),
        ("(3 seconds of silence)", "(3 seconds of silence)", []),
        ("... для ...", "... для ...", []),
        ("И\u0306огурт и сего\u200bдня", "Йогурт и сегодня", ["characters"]),
        ("\ufeffmenu: Да", "menu: Да", ["characters"]),
        ("Да\u00a0[ха\u00adха]  нет", "Да нет", ["characters", "note removed"]),
        ("З+амок", "З+амок", []),
        ("", "", []),
    ],
)
def test_clean(text: str, cleaned: str, kinds: list[str]) -> None:
    result, done = clean("menu", text)
    assert result == cleaned
    assert [reason.split(":")[0] for reason in done] == kinds


def test_the_changed_characters_are_named() -> None:
    _, (reason,) = clean("a", "и\u0306и\u0306 \u200bда\u200b ﬁ")
    assert reason == ("characters: in NFC without invisible characters: U+0438 U+0306 is й, U+200B is left out, U+FB01 is fi")


def test_plus_becomes_the_stress_mark_where_the_texts_use_it() -> None:
    text, (reason,) = clean("a", "Ст+арый зам+ок", plus_is_stress=True)
    assert text == "Ста\u0301рый замо\u0301к"
    assert reason.startswith("stress: ")
    assert clean("a", "C++", plus_is_stress=True) == ("C++", [])


@given(st.text())
def test_every_cleaning_has_a_reason(text: str) -> None:
    result, done = clean("menu", text)
    assert (result == text) == (not done)
    assert not result.startswith('"')
    assert all(": " in reason for reason in [*done, *rejections(result)])


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("Привет, мир.", []),
        ("... для ...", []),
        ("Нажмите 1, 2 или 3.", []),
        ("Это 5?", []),
        ("", ["no text"]),
        ("[beep]", ["not speech"]),
        ("<beep> ", ["not speech"]),
        ("(3 seconds of silence)", ["not speech"]),
        ("Да", ["text too short"]),
        ("Дам", []),
        ("а" * 400, []),
        ("а" * 401, ["text too long"]),
        ("...", ["no letters"]),
        ("Hello world", ["another script"]),
        ("первoe слово", ["mixed scripts"]),
        ("Нажмите Q", ["latin"]),
        ("аш-323", ["digits"]),
        ("в 1941 году", ["digits"]),
        ("28,8 килобит", ["digits"]),
        ("в 5:30 утра", ["digits"]),
        ("дом 5а", ["digits"]),
        ("дом №5", []),
        ("Да\0да", ["unprintable"]),
        ("Да|нет", ["separator"]),
        ("з+амок", ["plus"]),
        ("Q 15 +", ["another script", "digits", "plus"]),
    ],
)
def test_rejections(text: str, kinds: list[str]) -> None:
    assert [reason.split(":")[0] for reason in rejections(text)] == kinds


@pytest.mark.parametrize(("digits", "one", "many"), [("sure", True, False), ("any", True, True), ("none", False, False)])
def test_which_digits_are_kept(digits: Digits, one: bool, many: bool) -> None:
    assert (rejections("Нажмите 1", digits=digits) == []) is one
    assert (rejections("Нажмите 15", digits=digits) == []) is many


def test_latin_may_be_kept() -> None:
    assert rejections("Нажмите Q", latin=True) == []
    assert rejections("Press Q", ENGLISH) == []


def test_a_name_with_pattern_characters_is_taken_literally() -> None:
    assert clean("a.b(c)", "axb(c): Да")[0] == "axb(c): Да"
    assert clean("a.b(c)", "a.b(c): Да")[0] == "Да"
