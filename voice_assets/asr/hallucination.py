"""Whether Whisper invented a hypothesis: words that nobody spoke. Not here: loops and repetitions (``asr.similarity.repeats``).

Over silence and noise, Whisper writes phrases from the ends of subtitles (``asr.subtitle_phrases``). A phrase that the
reference has too does not count.
"""

import re
from functools import cache
from typing import Literal

from voice_assets.asr.subtitle_phrases import CAPTIONS, SPOKEN_TOO, patterns, plain
from voice_assets.text.normalisation import normalise

Audio = Literal["speech", "noise", "silence"]

OVER_SILENCE = "words over silence"
OVER_NOISE = "words over noise"
# A hypothesis this close to the text was spoken, whatever the speech detector says: the detector may miss whispered words.
_HEARD = 0.8
# A sound caption has a noun and at most this many words beside it: "soft music", «стук в дверь».
_CAPTION_WORDS = 4
# A sound caption in capitals has nothing in common with the text.
_UNRELATED = 0.5
_LEAST_LETTERS = 4


@cache
def _patterns(language: str) -> re.Pattern[str]:
    return patterns(language)


@cache
def _spoken_too(language: str) -> frozenset[str]:
    return frozenset(map(plain, SPOKEN_TOO.get(language, ())))


def _has(words: str, phrase: str) -> bool:
    return f" {phrase} " in f" {words} "


def _known_phrase(reference: str, hypothesis: str, language: str) -> str:
    """The first phrase of subtitles in the hypothesis; empty when there is none. `plain` texts."""
    known = _patterns(language)
    if not known.search(reference) and (found := known.search(hypothesis)):
        return found[0]
    # A hypothesis that is a part of the reference is not invented: the clip may be cut.
    return hypothesis if hypothesis in _spoken_too(language) and not _has(reference, hypothesis) else ""


def _is_caption(reference: str, hypothesis: str, similarity: float, language: str) -> bool:
    """Whether the whole hypothesis is the caption of a sound: it has the noun of a sound, or only capitals."""
    words, spoken = plain(hypothesis).split(), plain(reference).split()
    nouns = set(words) & set(CAPTIONS.get(language, ()))
    if len(words) <= _CAPTION_WORDS and nouns and not nouns & set(spoken) and similarity < _UNRELATED:
        return True
    long_words = [word for word in words if len(word) >= _LEAST_LETTERS]
    shouted = hypothesis.isupper() and not reference.isupper()
    return shouted and len(words) > 1 and bool(long_words) and similarity < _UNRELATED


def hallucination(reference: str, hypothesis: str, similarity: float, language: str, audio: Audio) -> str:
    """Why ``hypothesis`` counts as invented, in words; empty when it does not.

    Args:
        reference: the text of the clip, as written.
        hypothesis: what Whisper wrote.
        similarity: of the two texts (``asr.similarity``).
        language: Whisper's code of the language; a language without phrases has only the phrases of all languages.
        audio: the kind of audio. Over silence every word is invented, also a word of the reference.
    """
    if not normalise(hypothesis, language):
        return ""
    if audio == "silence":
        return OVER_SILENCE
    if audio == "noise" and similarity < _HEARD:
        return OVER_NOISE
    if similarity == 1.0:  # the text, in another spelling: "okay" for "OK"
        return ""
    phrase = _known_phrase(plain(reference), plain(hypothesis), language)
    if phrase:
        return f"known phrase: {phrase}"
    if _is_caption(reference, hypothesis, similarity, language):
        return f"caption of a sound: {plain(hypothesis)}"
    return ""
