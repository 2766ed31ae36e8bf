"""What differs between reference and hypothesis, word by word. Compares normalised texts, as the score does.

Belongs here: finding the differences, and the notation for plain text. What does not: colours (``reports.whisper_page``).
The words shown are the normalised ones, so that a difference that costs nothing (capitals, commas, "18" for «восемнадцать»)
is none here either, and what is marked is what the score counts.
"""

from dataclasses import dataclass
from typing import Literal

from rapidfuzz.distance import LCSseq

from voice_assets.text.comparison import pair

Kind = Literal["same", "missing", "added"]

NOTATION = "[-word-] is in the text and was not heard, {+word+} was heard and is not in the text"
"""How ``marked`` is read. The notation of ``git diff --word-diff=plain``, which many know."""


@dataclass(frozen=True)
class Piece:
    """Words in a row of one kind: ``same`` in both, ``missing`` from what was heard, or ``added`` by it."""

    kind: Kind
    words: str


def diff(reference: str, hypothesis: str, language: str) -> list[Piece]:
    """The pieces of both texts in order; in a place where words were replaced, the missing ones come before the added.

    The longest common subsequence of words stays; two texts without words have no piece.
    """
    said, heard = (text.split() for text in pair(reference, hypothesis, language))
    pieces: list[Piece] = []
    missing: list[str] = []
    added: list[str] = []
    for step in LCSseq.opcodes(said, heard):
        if step.tag == "equal":
            pieces += _changed(missing, added)
            missing, added = [], []
            pieces.append(Piece("same", " ".join(said[step.src_start : step.src_end])))
        else:
            missing += said[step.src_start : step.src_end]
            added += heard[step.dest_start : step.dest_end]
    return pieces + _changed(missing, added)


def _changed(missing: list[str], added: list[str]) -> list[Piece]:
    kinds: list[tuple[Kind, list[str]]] = [("missing", missing), ("added", added)]
    return [Piece(kind, " ".join(words)) for kind, words in kinds if words]


def marked(pieces: list[Piece]) -> str:
    """The pieces as plain text: ``набор [-ный-] {+ой+} номера``; see ``NOTATION``."""
    marks = {"same": "{}", "missing": "[-{}-]", "added": "{{+{}+}}"}
    return " ".join(marks[piece.kind].format(piece.words) for piece in pieces)
