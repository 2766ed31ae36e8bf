"""Which look at a clip is due next, and whose hypothesis is kept. Follows from texts alone; decoding is ``engines.whisper``.

There are three looks, each dearer than the one before: ``fast``, ``wide`` and ``full``. As nothing but the hypotheses, the
reference and whether the audio is silent decides, stored hypotheses can be judged again when a reference changes.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from voice_assets.speech.similarity import repeats, similarity
from voice_assets.speech.text import normalise

FAST, WIDE, FULL = "fast", "wide", "full"
LOOKS = (FAST, WIDE, FULL)


def doubtful(reference: str | None, hypothesis: str, language: str, below: float) -> bool:
    """Whether another look is due: nothing was heard, it repeats itself, or it is under ``below`` against a known reference."""
    words = normalise(hypothesis, language)
    if not words or repeats(words, normalise(reference or "", language)):
        return True
    return reference is not None and similarity(reference, hypothesis, language) < below


def better(reference: str | None, later: str, earlier: str, language: str) -> bool:
    """Whether a later hypothesis replaces an earlier one: closer to the reference; without one, when it has words at all."""
    if reference is None:
        return bool(normalise(later, language))
    return similarity(reference, later, language) > similarity(reference, earlier, language)


@dataclass(frozen=True)
class Rule:
    """When a further look is due. The thresholds are similarities.

    ``second_look_below`` lies above ``low_similarity``: most clips between the two were misheard on the short window, and
    a wide look costs little. The full look costs fifteen times the fast one, so only a clip that would be called low gets it.
    """

    language: str
    second_look_below: float = 0.9
    low_similarity: float = 0.8

    def due(self, reference: str | None, heard: Mapping[str, str], silent: bool = False) -> str | None:
        """The look that is missing from ``heard`` (look: hypothesis), or None when the clip is done."""
        if FULL in heard:
            return None
        if FAST not in heard:
            return FAST
        best, _ = self._best(reference, heard)
        if silent:
            return FULL if normalise(best, self.language) else None
        if WIDE not in heard:
            return WIDE if doubtful(reference, best, self.language, max(self.second_look_below, self.low_similarity)) else None
        return FULL if doubtful(reference, best, self.language, self.low_similarity) else None

    def chosen(self, reference: str | None, heard: Mapping[str, str], silent: bool = False) -> tuple[str, str]:
        """The hypothesis to keep and its look.

        A look in ``heard`` counts only where this reference asks for it, so that a row does not depend on what an earlier
        reference had decoded. With only a full look (a clip over 30 s) that one is kept.
        """
        if FAST not in heard:
            return heard[FULL], FULL
        counted = {FAST: heard[FAST]}
        while (look := self.due(reference, counted, silent)) in heard and look is not None:
            counted[look] = heard[look]
        return self._best(reference, counted)

    def _best(self, reference: str | None, heard: Mapping[str, str]) -> tuple[str, str]:
        best = FAST
        for look in (WIDE, FULL):
            if look in heard and better(reference, heard[look], heard[best], self.language):
                best = look
        return heard[best], best
