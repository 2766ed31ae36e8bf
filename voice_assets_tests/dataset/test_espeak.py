"""The phonemes equal Piper's, although espeak's voice is set once and not for every text."""

import json
import subprocess
import sys
import threading

import pytest

from voice_assets.dataset import espeak
from voice_assets_tests.datasets import TEXTS

SPOKEN = (
    *TEXTS,
    "Привет, мир. Это iPhone + 18!",
    "за\u0301мок — замо\u0301к: да; нет?",
    "...",
    "",
    "Q и Z",
    "Вы сказали «да»…",
    "а  б\tв\nг",
)


BOTH = """
import json, sys
from piper.phonemize_espeak import EspeakPhonemizer
from voice_assets.dataset import espeak

voice, texts = json.load(sys.stdin)
piper = EspeakPhonemizer()
expected = [[phoneme for sentence in piper.phonemize(voice, text) for phoneme in sentence] for text in texts]
print(json.dumps([espeak.phonemes_of(texts, voice), expected]))
"""


@pytest.mark.parametrize("voice", ["ru", "en-us", "fr"])
def test_phonemes_are_those_of_piper(voice: str) -> None:
    """In a fresh process: after texts in other scripts and several voices, espeak-ng may mix two languages, or crash."""
    command = [sys.executable, "-c", BOTH]
    done = subprocess.run(command, input=json.dumps([voice, SPOKEN]), capture_output=True, text=True, check=True)
    ours, expected = json.loads(done.stdout)
    assert ours == expected
    assert sum(map(len, expected)) > 100


def test_default_ids_are_a_new_copy() -> None:
    ids = espeak.default_id_map()
    assert ids["_"] == [0]
    ids["_"] = []
    assert espeak.default_id_map()["_"] == [0]


def test_nul_does_not_end_the_text() -> None:
    with_nul, with_space = espeak.phonemes_of(["да\0нет", "да нет"], "ru")
    assert with_nul == with_space


@pytest.mark.parametrize("voice", ["nope", "", "ru\0", "../ru", "\ud800"])
def test_no_such_voice(voice: str) -> None:
    assert espeak.voice_problem(voice) == f"{voice!r} is not a voice of espeak-ng"
    with pytest.raises(espeak.EspeakVoiceError, match="is not a voice of espeak-ng"):
        espeak.phonemes_of(["Да"], voice)


def test_an_unknown_voice_is_an_error_even_without_texts() -> None:
    with pytest.raises(espeak.EspeakVoiceError):
        espeak.phonemes_of([], "nope")


def test_espeak_has_every_listed_voice() -> None:
    assert {"ru", "en-us", "de", "uk"} < set(espeak.voice_names())
    assert [voice for voice in espeak.voice_names() if "is not a voice" in espeak.voice_problem(voice)] == []


def test_threads_with_two_voices_do_not_mix() -> None:
    expected = {voice: espeak.phonemes_of(TEXTS, voice) for voice in ("ru", "en-us")}
    wrong: list[str] = []

    def speak(voice: str) -> None:
        wrong.extend(voice for _ in range(20) if espeak.phonemes_of(TEXTS, voice) != expected[voice])

    threads = [threading.Thread(target=speak, args=(voice,)) for voice in ("ru", "en-us") * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert expected["ru"] != expected["en-us"]


SILENT = """
import json
from voice_assets.dataset import espeak

print(json.dumps({voice: problem for voice in espeak.voice_names() if (problem := espeak.voice_problem(voice))}))
"""


def test_these_voices_have_no_dictionary() -> None:
    """Of all bundled voices. In a fresh process: each of 146 voices is set, and texts in many scripts must not follow."""
    done = subprocess.run([sys.executable, "-c", SILENT], capture_output=True, text=True, check=True)
    problems = json.loads(done.stdout)
    assert sorted(problems) == ["fo", "kaa", "ps", "xex"]
    assert all("without a dictionary" in problem for problem in problems.values())


@pytest.mark.parametrize("voice", ["Faroese", "fo+f2", "gmq/fo", "FO"])
def test_a_voice_without_dictionary_by_another_name(voice: str) -> None:
    assert espeak.voice_problem(voice).startswith(f"{voice!r} is a voice without a dictionary")


@pytest.mark.parametrize(("voice", "problem"), [("ru", ""), ("ru+f2", ""), ("nope", "'nope' is not a voice of espeak-ng")])
def test_voice_problem(voice: str, problem: str) -> None:
    assert espeak.voice_problem(voice) == problem
