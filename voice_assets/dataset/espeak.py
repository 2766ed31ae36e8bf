"""Text to phonemes as Piper makes them, with the espeak-ng that comes with piper-tts. Reads no data set and no audio.

espeak keeps its state in the process. Every call here takes one lock, so threads may call these functions.
"""

import re
import threading
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from itertools import chain
from pathlib import Path

_LOCK = threading.Lock()


class EspeakVoiceError(ValueError):
    """espeak-ng has no voice with that name."""


@lru_cache(maxsize=1)
def _start() -> None:
    """Start espeak with the data that comes with piper-tts. Piper starts espeak in the same way; either may be first."""
    from piper import espeakbridge
    from piper.phonemize_espeak import ESPEAK_DATA_DIR

    espeakbridge.initialize(str(ESPEAK_DATA_DIR))


def _phonemes(clause: str, mark: str) -> list[str]:
    """The phonemes of one of espeak's clauses as in Piper: without language switches ``(en)``, with sentence marks, in NFD."""
    text = re.sub(r"\([^)]+\)", "", clause) + mark + (" " if mark in (",", ":", ";") else "")
    return list(unicodedata.normalize("NFD", text))


def _sentences(clauses: list[tuple[str, str, bool]]) -> list[list[str]]:
    """The phonemes of espeak's clauses, sentence by sentence, as in Piper. The last sentence may lack an end."""
    sentences: list[list[str]] = []
    current: list[str] = []
    for clause, mark, ends in clauses:
        current += _phonemes(clause, mark)
        if ends:
            sentences.append(current)
            current = []
    return [*sentences, current] if current else sentences


def sentences_of(texts: Iterable[str], espeak_voice: str) -> list[list[list[str]]]:
    """The phonemes of each text as Piper trains on them: a list of sentences, each a list of single NFD code points.

    Piper's own function sets the espeak voice for every text, which takes about 60 times as long as the phonemes. This function
    sets the voice once; a test compares the results. A NUL would end the text inside espeak, so NUL becomes a space.

    Raises:
        EspeakVoiceError: espeak-ng has no such voice.
    """
    with _LOCK:
        if not _known(espeak_voice):
            raise EspeakVoiceError(f"{espeak_voice!r} is not a voice of espeak-ng; its voices are {', '.join(voice_names())}")
        from piper import espeakbridge

        espeakbridge.set_voice(espeak_voice)
        return [_sentences(espeakbridge.get_phonemes(text.replace("\0", " "))) for text in texts]


def phonemes_of(texts: Iterable[str], espeak_voice: str) -> list[list[str]]:
    """The phonemes of each text as :func:`sentences_of`, with all sentences in a row.

    Raises:
        EspeakVoiceError: espeak-ng has no such voice.
    """
    return [list(chain.from_iterable(sentences)) for sentences in sentences_of(texts, espeak_voice)]


def default_id_map() -> dict[str, list[int]]:
    """A new copy of Piper's own ids for espeak phonemes."""
    from piper.phoneme_ids import DEFAULT_PHONEME_ID_MAP

    return {phoneme: list(ids) for phoneme, ids in DEFAULT_PHONEME_ID_MAP.items()}


@lru_cache(maxsize=1)
def voice_names() -> tuple[str, ...]:
    """The names of espeak-ng's voices (``ru``, ``en-us``), sorted: the files in the ``lang`` folder of its data."""
    from piper.phonemize_espeak import ESPEAK_DATA_DIR

    return tuple(sorted(file.name.lower() for file in (Path(ESPEAK_DATA_DIR) / "lang").rglob("*") if file.is_file()))


@lru_cache(maxsize=64)
def _known(espeak_voice: str) -> bool:
    """Whether espeak accepts the name. The caller holds the lock. An empty name or a name with NUL is never a voice."""
    if not espeak_voice or "\0" in espeak_voice:
        return False
    _start()
    from piper import espeakbridge

    try:
        espeakbridge.set_voice(espeak_voice)
    except (RuntimeError, UnicodeEncodeError):  # UnicodeEncodeError: a lone surrogate, which a C string cannot hold
        return False
    return True


@lru_cache(maxsize=64)
def _speaks(espeak_voice: str) -> bool:
    """Whether a known voice says anything. The caller holds the lock.

    espeak-ng lists voices whose dictionary it does not bring (Faroese, Pashto). Such a voice is accepted and says nothing for
    any text, digits and foreign letters included. Every voice with a dictionary says something for the text here; a test asks
    all voices. The names of the dictionary files do not answer: a voice may use another language's.
    """
    from piper import espeakbridge

    espeakbridge.set_voice(espeak_voice)
    return any(text for text, _, _ in espeakbridge.get_phonemes("a 1"))


def voice_problem(espeak_voice: str) -> str:
    """Why texts cannot be spoken with this espeak voice, as a sentence that begins with the name; empty when they can.

    Full names and variants (`ru+f2`), which `voice_names` lacks, are voices too.
    """
    with _LOCK:
        if not _known(espeak_voice):
            return f"{espeak_voice!r} is not a voice of espeak-ng"
        if not _speaks(espeak_voice):
            return (
                f"{espeak_voice!r} is a voice without a dictionary in the espeak-ng of piper-tts: it says nothing for any "
                "text, so a voice would be trained on nothing; choose the espeak voice of a language that sounds alike"
            )
    return ""
