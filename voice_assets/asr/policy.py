"""Which decoding pass a clip needs next, and which hypothesis is kept. Follows from texts alone; decoding is ``asr.whisper``.

There are three passes, each dearer than the one before: ``fast``, ``wide`` and ``full``. As nothing but the hypotheses, the
reference and whether the audio is silent decides, stored hypotheses can be judged again when a reference changes.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from rapidfuzz.distance import Indel

from voice_assets.asr.similarity import repeats, similarity
from voice_assets.text.comparison import pair
from voice_assets.text.normalisation import normalise

FAST, WIDE, FULL = "fast", "wide", "full"
PASSES = (FAST, WIDE, FULL)

# Letters missing or added from which a long text is heard again, however similar: about a word lost and one invented.
MANY_LETTERS = 15
# A hypothesis with less than this share of the reference's letters stopped early, which short windows can make Whisper do.
_WHOLE = 0.85


def doubtful(reference: str | None, hypothesis: str, language: str, below: float) -> bool:
    """Whether another pass is due: nothing was heard, it repeats itself, or it is under ``below`` against a known reference."""
    words = normalise(hypothesis, language)
    if not words or repeats(words, normalise(reference or "", language)):
        return True
    return reference is not None and similarity(reference, hypothesis, language) < below


def many_letters(reference: str | None, hypothesis: str, language: str) -> bool:
    """Whether `MANY_LETTERS` or more differ, in the form in which the texts are compared."""
    return reference is not None and Indel.distance(*pair(reference, hypothesis, language)) >= MANY_LETTERS


def stopped_early(reference: str | None, hypothesis: str, language: str) -> bool:
    """Whether so much of the reference is missing that Whisper, or the speaker, must have stopped before its end."""
    if reference is None:
        return False
    said, heard = pair(reference, hypothesis, language)
    return len(heard) < _WHOLE * len(said)


def better(reference: str | None, later: str, earlier: str, language: str) -> bool:
    """Whether a later hypothesis replaces an earlier one: closer to the reference; without one, when it has words at all."""
    if reference is None:
        return bool(normalise(later, language))
    return similarity(reference, later, language) > similarity(reference, earlier, language)


@dataclass(frozen=True)
class DecodingPolicy:
    """When a further decoding_pass is due. The thresholds are similarities.

    ``retry_below`` lies above ``low_similarity``: most clips between the two were misheard on the short window, and
    a wide pass costs little. Measured with ``base`` on 271 clips, of which stock faster-whisper has a mean similarity of
    0.9800: 0.9 gives 0.9786, 0.93 gives 0.9800 for a tenth more time, 0.95 gives 0.9806 for a sixth more. The full pass costs
    ten times the fast one, so only a clip gets it that would be called low, or whose end was not heard.
    """

    language: str
    retry_below: float = 0.93
    low_similarity: float = 0.8

    def next_pass(
        self, reference: str | None, heard: Mapping[str, str], silent: bool = False, long: bool = False
    ) -> str | None:
        """The decoding pass that is missing from ``heard`` (decoding_pass: hypothesis), or None when the clip is done.

        A clip that is ``long``er than Whisper's window has a full decoding pass only.
        """
        if FULL in heard:
            return None
        if long:
            return FULL
        if FAST not in heard:
            return FAST
        best, _ = self._best(reference, heard)
        if silent:
            return FULL if normalise(best, self.language) else None
        if WIDE not in heard:
            under = max(self.retry_below, self.low_similarity)
            again = doubtful(reference, best, self.language, under) or many_letters(reference, best, self.language)
            return WIDE if again else None
        last = doubtful(reference, best, self.language, self.low_similarity) or stopped_early(reference, best, self.language)
        return FULL if last else None

    def best_hypothesis(self, reference: str | None, heard: Mapping[str, str], silent: bool = False) -> tuple[str, str]:
        """The hypothesis to keep and its decoding pass.

        A pass in ``heard`` counts only where this reference asks for it, as if the others had never been had for an earlier
        reference. With only a full decoding_pass (a clip over 30 s) that one is kept.
        """
        if FAST not in heard:
            return heard[FULL], FULL
        counted = {FAST: heard[FAST]}
        while (decoding_pass := self.next_pass(reference, counted, silent)) in heard and decoding_pass is not None:
            counted[decoding_pass] = heard[decoding_pass]
        return self._best(reference, counted)

    def _best(self, reference: str | None, heard: Mapping[str, str]) -> tuple[str, str]:
        best = FAST
        for decoding_pass in (WIDE, FULL):
            if decoding_pass in heard and better(reference, heard[decoding_pass], heard[best], self.language):
                best = decoding_pass
        return heard[best], best
