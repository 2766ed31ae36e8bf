"""What espeak says for a text and for its cleaned forms, with espeak itself.

A case of a language runs in a process of its own: after several voices and texts in other scripts, espeak-ng may mix two
languages, or crash.
"""

import json
import subprocess
import sys
import unicodedata

import pytest

from voice_assets.dataset import espeak
from voice_assets.dataset.readings import Spoken, differing, spoken_facts
from voice_assets_tests.dataset.spoken_cases import ALOUD, BROKEN_WORDS, LANGUAGES, NOT_ALOUD
from voice_assets_tests.datasets import TEXTS

SPEAK = """
import json, sys
from voice_assets.dataset.espeak import default_id_map
from voice_assets.dataset.readings import spoken_facts

voice, texts = json.load(sys.stdin)
print(json.dumps(spoken_facts(texts, voice[:2], voice, default_id_map())))
"""


def spoken(voice: str, *texts: str) -> list[Spoken]:
    command = [sys.executable, "-c", SPEAK]
    done = subprocess.run(command, input=json.dumps([voice, texts]), capture_output=True, text=True, check=True)
    facts: list[Spoken] = json.loads(done.stdout)
    return facts


def russian(text: str) -> Spoken:
    (facts,) = spoken_facts([text], "ru", "ru", espeak.default_id_map())
    return facts


def heard(facts: Spoken) -> dict[str, str]:
    """The column ``signs`` as sign -> words."""
    return dict(part.split(" ", 1) for part in facts["signs"].split("  ") if part)


@pytest.mark.parametrize("voice", LANGUAGES)
def test_nfd_is_another_reading_and_nfc_is_none(voice: str) -> None:
    text, right, wrong = LANGUAGES[voice]
    composed, decomposed, silent = spoken(voice, text, unicodedata.normalize("NFD", text), "...")
    assert (composed["misread"], composed["signs"], composed["letter_phonemes"] > 3) == ("", "", True)
    assert decomposed["misread"] == f"{wrong} instead of {right}"
    assert silent["letter_phonemes"] == 0


@pytest.mark.slow
@pytest.mark.parametrize("voice", BROKEN_WORDS)
def test_an_invisible_character_in_a_word_is_another_reading(voice: str) -> None:
    word = BROKEN_WORDS[voice]
    broken, sound = spoken(voice, word, word.replace("\u200b", "").replace("\u2060", ""))
    assert " instead of " in broken["misread"]
    assert sound["misread"] == ""


@pytest.mark.slow
@pytest.mark.parametrize("voice", ALOUD)
def test_signs_that_espeak_reads_aloud(voice: str) -> None:
    text = LANGUAGES[voice][0].rstrip(".")
    signs = ALOUD[voice]
    found = spoken(voice, *(f"{text} {sign}" for sign in signs))
    assert [heard(facts) for facts in found] == [{sign: words} for sign, words in signs.items()]


@pytest.mark.parametrize("voice", NOT_ALOUD)
def test_signs_that_espeak_does_not_say(voice: str) -> None:
    text = LANGUAGES[voice][0].rstrip(".")
    found = spoken(voice, *(f"{text} {sign}" for sign in NOT_ALOUD[voice]))
    assert [facts["signs"] for facts in found] == [""] * len(NOT_ALOUD[voice])


def test_a_sign_beside_a_word_spells_the_word() -> None:
    """espeak spells a word that an emoji touches: the reading names all that is said instead."""
    assert heard(russian("Пока👍")) == {"👍": "pˈɛ ʌ k a bʌɭʃˈoj pˈɑɭʲits vvʲˈerx"}


@pytest.mark.parametrize("text", ["...", "— — —", "?!", "***", "😀", "№ & %", "", " "])
def test_a_text_of_signs_only_has_no_letter(text: str) -> None:
    assert russian(text)["letter_phonemes"] == 0


@pytest.mark.parametrize("text", ["а", "5", "«Да»", "Q", "..да.."])
def test_a_text_that_is_spoken_has_letters(text: str) -> None:
    assert russian(text)["letter_phonemes"] > 0


def test_plus_is_no_sign_here() -> None:
    """`+` has a column and a rule of its own."""
    assert russian("Два + три")["signs"] == ""


def test_many_signs_of_one_text() -> None:
    assert len(heard(russian("Раз 😀 два ❤ три 👍 и * и & и % и @ и © конец"))) == 6


def test_facts_of_many_texts_are_those_of_each_alone() -> None:
    texts = ["И\u0306од", *TEXTS, "Он & она", "...", "", "сего\u200bдня", "дом № 5"]
    assert spoken_facts(texts, "ru", "ru", espeak.default_id_map()) == [russian(text) for text in texts]


def test_unknown_phonemes_once_and_in_order() -> None:
    ids = espeak.default_id_map()
    assert {facts["unknown_phonemes"] for facts in spoken_facts(TEXTS, "ru", "ru", ids)} == {""}
    for phoneme in ("p", "ʲ", " "):
        del ids[phoneme]
    assert spoken_facts(["Привет, привет"], "ru", "ru", ids)[0]["unknown_phonemes"] == "p ʲ U+0020"


def test_an_unknown_voice_is_an_error() -> None:
    with pytest.raises(espeak.EspeakVoiceError):
        spoken_facts([], "xx", "nope", {})


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("a b c", "a b c", ("", "")),
        ("a x c", "a b c", ("x", "b")),
        ("a", "a b", ("nothing", "b")),
        ("a  b ", "a b", ("", "")),
        ("y" * 99, "", ("y" * 60 + "…", "nothing")),
    ],
)
def test_differing(first: str, second: str, expected: tuple[str, str]) -> None:
    assert differing(list(first), list(second)) == expected
