"""Whether a Latin word and Russian words sound alike: "Leroy Merlin" and «Леруа Мерлен».

Russian has no one spelling for foreign names, and a recogniser writes a name in either script. The consonants of the two are
compared in classes that ignore the voice, because vowels are written in many ways. Not here: names with a spelling that no rule
gives, and names of letters (``russian_latin``).
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from rapidfuzz.distance import Indel

from voice_assets.text.russian_latin import transliterate

# With the same consonants, or consonants that are nearly the same, letters that are alike this much are one name.
_NEARLY_SAME_CONSONANTS = 0.85
_SAME_LETTERS = 0.35
_SAME_LETTERS_IN_A_SHORT_NAME = 0.45
_NEARLY_SAME_LETTERS = 0.6
_SHORTEST = 3
# The classes: P b p, T d t, K g k h, F v f w, S all hissing sounds, and L, M, N, R.
_LATIN_SOUNDS = {
    "sch": "S", "tsch": "S", "sh": "S", "ch": "S", "zh": "S", "ph": "F", "th": "T", "ck": "K", "cz": "S", "ts": "S",
    "tz": "S", "ge": "S", "gi": "S", "dge": "S", "ce": "S", "ci": "S", "cy": "S", "qu": "KF", "gh": "K", "wh": "F", "rh": "R",
    "tion": "SN", "x": "KS", "j": "S", "b": "P", "p": "P", "d": "T", "t": "T", "k": "K", "g": "K", "c": "K", "q": "K",
    "h": "K", "v": "F", "f": "F", "w": "F", "s": "S", "z": "S", "l": "L", "m": "M", "n": "N", "r": "R",
}  # fmt: skip
_CYRILLIC_SOUNDS = {
    "дж": "S", "тс": "S", "б": "P", "п": "P", "д": "T", "т": "T", "к": "K", "г": "K", "х": "K", "в": "F", "ф": "F", "с": "S",
    "з": "S", "ш": "S", "ж": "S", "щ": "S", "ч": "S", "ц": "S", "л": "L", "м": "M", "н": "N", "р": "R",
}  # fmt: skip
_LETTER_BY_LETTER = {letter: sound for letter, sound in _CYRILLIC_SOUNDS.items() if len(letter) == 1}
# Letters that several languages write and do not say: at the end of French words, and h before a vowel.
_SILENT = re.compile(r"(?<=[aeiouylnr])[tsxdz]+\b|l(?=t\b)|\bh|(?<=[aeiou])h(?![aeiouy])|(?<=[aeo])w(?![aeiouy])")
_VOWELS = re.compile(r"[aeiouy]+(?<!\Be\b)|[аеиоуыэюя]+")
_SOFT_C = re.compile(r"c(?=[eiy])")
_DOUBLE = re.compile(r"([a-zа-я])\1")


def _sounds(word: str, table: dict[str, str]) -> str:
    pattern = "|".join(sorted(table, key=len, reverse=True))
    return "".join(table[sound] for sound in re.findall(pattern, _DOUBLE.sub(r"\1", word)))


def _of_latin(word: str) -> Iterator[str]:
    """The consonants of a Latin word as read in English or German, with silent letters left out, and with a hard g and c."""
    yield _sounds(word, _LATIN_SOUNDS)
    yield _sounds(_SILENT.sub("", word), _LATIN_SOUNDS)
    yield _sounds(re.sub(r"[gc](?=[eiy])", "k", word).replace("ch", "k"), _LATIN_SOUNDS)


def _of_cyrillic(word: str) -> Iterator[str]:
    """The consonants of a Russian word; «тс» is one sound or two."""
    yield _sounds(word, _CYRILLIC_SOUNDS)
    yield _sounds(word, _LETTER_BY_LETTER)


@lru_cache(maxsize=65536)
def sound_alike(latin: str, cyrillic: str) -> bool:
    """Whether the letters of a Latin word (or of words without spaces) can be read as the Russian letters. Both lower case."""
    if len(latin) < _SHORTEST or len(cyrillic) < 2:
        return False
    written = transliterate(latin), transliterate(_SOFT_C.sub("s", latin))
    spelled = max(Indel.normalized_similarity(letters, cyrillic) for letters in written)
    heard = list(_of_cyrillic(cyrillic))
    same = max(Indel.normalized_similarity(sounds, other) for sounds in _of_latin(latin) for other in heard)
    if same == 1:
        return spelled >= (_SAME_LETTERS if len(heard[0]) > 2 else _SAME_LETTERS_IN_A_SHORT_NAME)
    syllables = len(_VOWELS.findall(latin)) - len(_VOWELS.findall(cyrillic))
    return same >= _NEARLY_SAME_CONSONANTS and spelled >= _NEARLY_SAME_LETTERS and abs(syllables) <= 1


def _runs(words: list[str], longest: int) -> Iterator[list[str]]:
    for size in range(1, longest + 1):
        for index in range(len(words) - size + 1):
            yield words[index : index + size]


def alike_words(latin: str, other: str) -> Iterator[str]:
    """The words of ``other``, a Russian text, that sound like the Latin words of ``latin``."""
    letters = re.sub(r"[^a-z]", "", latin.lower())
    words = re.findall(r"[а-я]+", other.lower().replace("ё", "е"))
    written = len(re.findall(r"[A-Za-z]+", latin))
    for run in _runs(words, written + 1):
        # Several words with as many words in the other text are compared one by one, or "Toyota Corolla" is «Тойота Камри».
        if (written == 1 or len(run) != written) and sound_alike(letters, "".join(run)):
            yield " ".join(run)
