"""Which decoding pass a clip needs next, and which hypothesis is kept. Not here: decoding (``asr.recogniser``).

A recogniser offers decoding passes, each more expensive than the pass before. Only the hypotheses, the reference, the silence
and the seconds of speech decide. So after a change of the reference, the stored hypotheses are judged again
without decoding.

Whisper often writes a text once that is spoken twice, with a perfect score, and on short windows often writes a text twice that
is spoken once. So the two halves of a doubtful clip are decoded, each on its own (`HALVES`). This pass gives no hypothesis of
the clip.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Indel

from voice_assets.asr.similarity import repeats, similarity
from voice_assets.asr.suspicions import other_numbers, small_words
from voice_assets.text.comparison import pair
from voice_assets.text.normalisation import normalise

# This many missing or added letters make a further pass due at any similarity: about one word missing and one word added.
MANY_LETTERS = 15
# A hypothesis with less than this share of the reference's letters stopped early, as Whisper does on short windows.
_WHOLE = 0.85
HALVES = "halves"
"""The pass that decodes the two halves of a clip (``asr.transcriber``). It comes after the passes of the recogniser."""
POLICY = 2
"""Part of the key of finished clips. Raise the number when other passes become due."""
# With fewer letters per second of speech, the text may be spoken twice. Measured on Debian's prompts (ru, en, es, fr): under
# 9.5 are 1 %, 5 %, 20 % and 4 % of the clips, and 80 of 80 clips that were doubled. A letter of the second group is a syllable.
SLOW_LETTERS_PER_S = 9.5
_SLOW_SYLLABLES_PER_S = 4.0
_SYLLABIC = frozenset(("zh", "yue", "ja", "ko"))


def doubtful(reference: str | None, hypothesis: str, language: str, below: float) -> bool:
    """Whether a hypothesis is empty, repeats itself, or is under ``below`` in similarity to a known reference."""
    words = normalise(hypothesis, language)
    if not words or repeats(words, normalise(reference or "", language)):
        return True
    return reference is not None and similarity(reference, hypothesis, language) < below


def many_letters(reference: str | None, hypothesis: str, language: str) -> bool:
    """Whether `MANY_LETTERS` or more letters differ between the two texts, as `pair` normalises them."""
    return reference is not None and Indel.distance(*pair(reference, hypothesis, language)) >= MANY_LETTERS


def stopped_early(reference: str | None, hypothesis: str, language: str) -> bool:
    """Whether so much of the reference is missing that the recogniser, or the speaker, stopped before its end."""
    if reference is None:
        return False
    compared_reference, compared_hypothesis = pair(reference, hypothesis, language)
    return len(compared_hypothesis) < _WHOLE * len(compared_reference)


def better(reference: str | None, later: str, earlier: str, language: str) -> bool:
    """Whether a later hypothesis replaces an earlier one: it is closer to the reference or, without one, has any words."""
    if reference is None:
        return bool(normalise(later, language))
    return similarity(reference, later, language) > similarity(reference, earlier, language)


def may_be_twice(reference: str | None, texts: Mapping[str, str], language: str, speech_s: float | None) -> bool:
    """Whether the audio may have ``reference`` twice: a pass heard a repetition, or the speech is very slow for the text."""
    if reference is None or not speech_s:
        return False
    words = normalise(reference, language)
    slow = _SLOW_SYLLABLES_PER_S if language in _SYLLABIC else SLOW_LETTERS_PER_S
    if words and len(words.replace(" ", "")) < slow * speech_s:
        return True
    return any(repeats(normalise(text, language), words) for text in texts.values())


@dataclass(frozen=True)
class DecodingPolicy:
    """When a further decoding pass is due. The thresholds are similarities, the voice's ``whisper`` settings.

    ``retry_below`` lies above ``low_similarity``. A middle pass costs little, and most clips between the two thresholds were
    recognised wrongly on the short window. Measured with ``base`` on 271 clips (mean similarity of stock faster-whisper:
    0.9800): 0.9 gives 0.9786, 0.93 gives 0.9800 for a tenth more time, 0.95 gives 0.9806 for a sixth more. The last pass costs
    ten times the first. So only clips that would be low, whose end is missing, or whose numbers or small words differ in every
    pass so far, get the last pass.
    """

    language: str
    retry_below: float
    low_similarity: float

    def next_pass(
        self,
        offered: Sequence[str],
        reference: str | None,
        texts: Mapping[str, str],
        silent: bool = False,
        speech_s: float | None = None,
    ) -> str | None:
        """The decoding pass that is due after the passes in ``texts``, or None when the clip needs no further pass.

        Args:
            offered: the passes that the recogniser offers for this clip, the cheapest first.
            reference: the text of the clip, where it is known.
            texts: hypothesis by decoding pass.
            silent: whether the audio is silent. The last pass checks words over silence.
            speech_s: seconds of speech in the audio; None when they are not known. Then `HALVES` is never due.
        """
        due = self._next_offered(offered, reference, texts, silent)
        if due is None and HALVES not in texts and may_be_twice(reference, texts, self.language, speech_s):
            return HALVES
        return due

    def _next_offered(
        self, offered: Sequence[str], reference: str | None, texts: Mapping[str, str], silent: bool
    ) -> str | None:
        first, last = offered[0], offered[-1]
        if last in texts:
            return None
        if first not in texts:
            return first
        best, _ = self._best(offered, reference, texts)
        if silent:
            return last if normalise(best, self.language) else None
        for middle in offered[1:-1]:
            if middle not in texts:
                return middle if self._retry(reference, best) or self._other_meaning(reference, texts) else None
        # With two passes, the last pass is no more expensive than a middle one.
        low = (
            self._retry(reference, best) if len(offered) == 2 else doubtful(reference, best, self.language, self.low_similarity)
        )
        end = stopped_early(reference, best, self.language)
        return last if low or end or self._other_meaning(reference, texts) else None

    def _retry(self, reference: str | None, best: str) -> bool:
        below = max(self.retry_below, self.low_similarity)
        return doubtful(reference, best, self.language, below) or many_letters(reference, best, self.language)

    def _other_meaning(self, reference: str | None, texts: Mapping[str, str]) -> bool:
        if reference is None:
            return False
        heard = tuple(text for name, text in texts.items() if name != HALVES)
        return other_numbers(reference, heard, self.language) or small_words(reference, heard, self.language)

    def missing_pass(
        self,
        offered: Sequence[str],
        reference: str | None,
        texts: Mapping[str, str],
        silent: bool = False,
        speech_s: float | None = None,
    ) -> str | None:
        """The first pass that this reference needs and that ``texts`` lacks; None when ``texts`` has every pass.

        ``texts`` may hold passes that only an earlier reference needed. Such a pass does not replace the passes before it.
        """
        counted = self.counted(offered, reference, texts, silent, speech_s)
        return self.next_pass(offered, reference, counted, silent, speech_s)

    def best_hypothesis(
        self, offered: Sequence[str], reference: str | None, texts: Mapping[str, str], silent: bool = False
    ) -> tuple[str, str]:
        """The hypothesis to keep and its decoding pass, from the passes that this reference needs.

        The arguments are those of `next_pass`; ``texts`` has the first of the offered passes.
        """
        return self._best(offered, reference, self.counted(offered, reference, texts, silent))

    def counted(
        self,
        offered: Sequence[str],
        reference: str | None,
        texts: Mapping[str, str],
        silent: bool = False,
        speech_s: float | None = None,
    ) -> dict[str, str]:
        """The hypotheses in ``texts`` that this reference needs, in the order of the passes, `HALVES` last."""
        counted: dict[str, str] = {}
        while (due := self.next_pass(offered, reference, counted, silent, speech_s)) in texts and due is not None:
            counted[due] = texts[due]
        return counted

    def _best(self, offered: Sequence[str], reference: str | None, texts: Mapping[str, str]) -> tuple[str, str]:
        best = offered[0]
        for later in offered[1:]:
            if later in texts and better(reference, texts[later], texts[best], self.language):
                best = later
        return texts[best], best
