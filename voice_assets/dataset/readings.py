"""What espeak-ng says for a text, compared with what espeak-ng says for the cleaned text (``text.composed``, ``text.signs``).

Piper trains on the phonemes, so a text that looks right and is spoken otherwise teaches a voice to mispronounce. Here: the
columns of ``CLIPS`` that need phonemes. Not here: talking to espeak-ng (``dataset.espeak``), which column is a fault
(``dataset.faults``).
"""

import unicodedata
from collections.abc import Container, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from typing import TypedDict

from voice_assets.dataset.espeak import phonemes_of
from voice_assets.text.composed import composed
from voice_assets.text.signs import ELLIPSIS, PLAIN, Sign, signs, without

LONGEST = 60
"""The longest reading that a column quotes, in characters."""

MOST_SIGNS = 6
"""The most signs of one text whose readings a column names."""

# Letters of the phoneme alphabet; the stress marks and the length mark are modifier letters and count as none.
_LETTERS = ("Ll", "Lu", "Lo")


class Spoken(TypedDict):
    """The columns of ``CLIPS`` that need phonemes; their meaning is in ``dataset.tables``."""

    unknown_phonemes: str
    letter_phonemes: int
    misread: str
    signs: str


NOT_JUDGED = Spoken(unknown_phonemes="", letter_phonemes=0, misread="", signs="")
"""The columns of a row whose text is not judged."""


@lru_cache(maxsize=4096)
def _is_letter(phoneme: str) -> bool:
    return unicodedata.category(phoneme) in _LETTERS


def letters_in(phonemes: Sequence[str]) -> list[str]:
    """The phonemes that are letters: no stress, no length, no punctuation, no space."""
    return [one for one in phonemes if _is_letter(one)]


def _short(words: Sequence[str]) -> str:
    text = unicodedata.normalize("NFC", " ".join(words))
    return f"{text[:LONGEST]}…" if len(text) > LONGEST else text or "nothing"


def differing(phonemes: Sequence[str], other: Sequence[str]) -> tuple[str, str]:
    """The first words in which two readings differ, as phonemes: those of the first and those of the second reading.

    Both are empty when the readings are equal or differ in the number of spaces only.
    """
    if phonemes == other:
        return "", ""
    words, others = "".join(phonemes).split(), "".join(other).split()
    for kind, start, end, other_start, other_end in SequenceMatcher(None, words, others, autojunk=False).get_opcodes():
        if kind != "equal":
            return _short(words[start:end]), _short(others[other_start:other_end])
    return "", ""


def _unknown(phonemes: Sequence[str], id_map: Container[str]) -> str:
    lacking = dict.fromkeys(phoneme for phoneme in phonemes if phoneme not in id_map)
    return " ".join("U+0020" if phoneme == " " else phoneme for phoneme in lacking)


def _tokens(found: Sequence[Sign]) -> list[str]:
    """The signs to try one by one. `+` has a rule of its own."""
    return list(dict.fromkeys(sign.token for sign in found if sign.token != "+"))[:MOST_SIGNS]


def _signs(found: dict[int, tuple[str, list[Sign]]], espeak_voice: str) -> dict[int, tuple[int, str]]:
    """For each text with signs: the letters spoken without its signs, and the column ``signs``. Keys are the caller's.

    All forms of all texts are spoken in one call: to set espeak's voice takes as long as to speak 50 texts.
    """
    forms = {(key, ""): without(text, some) for key, (text, some) in found.items()}
    for key, (text, some) in found.items():
        forms |= {(key, token): without(text, some, token) for token in _tokens(some)}
    said = dict(zip(forms, phonemes_of(forms.values(), espeak_voice), strict=True)) if forms else {}
    result = {}
    for key, (_, some) in found.items():
        plain = said[key, ""]
        heard = [(one, said[key, one]) for one in _tokens(some) if letters_in(said[key, one]) != letters_in(plain)]
        result[key] = len(letters_in(plain)), "  ".join(f"{one} {differing(words, plain)[0]}" for one, words in heard)
    return result


def spoken_facts(texts: Sequence[str], language: str, espeak_voice: str, id_map: Container[str]) -> list[Spoken]:
    """The columns of ``CLIPS`` that need phonemes, for each text.

    A text that equals its composed form and has no sign is spoken once; only the others are spoken again.

    Raises:
        EspeakVoiceError: espeak-ng has no such voice.
    """
    clean = [composed(text) for text in texts]
    changed = [index for index, text in enumerate(texts) if clean[index] != text]
    marks = [*sorted(PLAIN & set().union(*clean)), ELLIPSIS]
    said = phonemes_of([*texts, *(clean[index] for index in changed), *marks], espeak_voice)
    right = dict(zip(changed, said[len(texts) :], strict=False))
    # Some voices read punctuation aloud even alone: Ukrainian says «лапки» for a quotation mark.
    aloud = {mark for mark, phonemes in zip(marks, said[-len(marks) :], strict=True) if letters_in(phonemes)}
    found = {index: (text, some) for index, text in enumerate(clean) if (some := signs(text, language, aloud))}
    with_signs = _signs(found, espeak_voice)
    facts = []
    for index, phonemes in enumerate(said[: len(texts)]):
        letters, spoken_signs = with_signs.get(index) or (len(letters_in(phonemes)), "")
        wrong, expected = differing(phonemes, right.get(index, phonemes))
        misread = f"{wrong} instead of {expected}" if wrong else ""
        unknown = _unknown(phonemes, id_map)
        facts.append(Spoken(unknown_phonemes=unknown, letter_phonemes=letters, misread=misread, signs=spoken_signs))
    return facts
