"""The differences between reference and hypothesis, word by word. Compares normalised texts, as the score does.

Here: finding the differences, and their notation in plain text. Not here: colours (``reports.whisper_page``). The words are
normalised. So a difference that does not lower the score (capitals, commas, "18" for «восемнадцать») is not marked, and every
marked difference lowers the score.
"""

from dataclasses import dataclass
from typing import Literal

from rapidfuzz.distance import LCSseq

from voice_assets.text.comparison import pair

Kind = Literal["same", "missing", "added"]

NOTATION = "[-word-] is only in the reference, {+word+} is only in the hypothesis"
"""How to read ``marked``. The notation of ``git diff --word-diff=plain``."""


@dataclass(frozen=True)
class Piece:
    """Neighbouring words of one kind: the ``same`` in both texts, ``missing`` from the hypothesis, or ``added`` by it."""

    kind: Kind
    words: str


def diff(reference: str, hypothesis: str, language: str) -> list[Piece]:
    """The pieces of both texts in order; where words are replaced, the missing ones come before the added ones.

    The longest common subsequence of words is the ``same``. Two texts without words have no pieces.
    """
    expected, found = (text.split() for text in pair(reference, hypothesis, language))
    pieces: list[Piece] = []
    missing: list[str] = []
    added: list[str] = []
    for step in LCSseq.opcodes(expected, found):
        if step.tag == "equal":
            pieces += _changed(missing, added)
            missing, added = [], []
            pieces.append(Piece("same", " ".join(expected[step.src_start : step.src_end])))
        else:
            missing += expected[step.src_start : step.src_end]
            added += found[step.dest_start : step.dest_end]
    return pieces + _changed(missing, added)


def _changed(missing: list[str], added: list[str]) -> list[Piece]:
    kinds: list[tuple[Kind, list[str]]] = [("missing", missing), ("added", added)]
    return [Piece(kind, " ".join(words)) for kind, words in kinds if words]


def marked(pieces: list[Piece]) -> str:
    """The pieces as plain text: ``набор [-ный-] {+ой+} номера``; see ``NOTATION``."""
    marks = {"same": "{}", "missing": "[-{}-]", "added": "{{+{}+}}"}
    return " ".join(marks[piece.kind].format(piece.words) for piece in pieces)
