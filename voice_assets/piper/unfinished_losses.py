"""The clips that an unfinished run of ``workers.clip_losses`` has done, so that the next run goes on after them.

A hidden file beside the result, one JSON object per clip and line. Its name has the checkpoint and the training set, so that
another checkpoint never goes on from it. Not here: computing the losses (``piper.clip_losses``).
"""

import json
import os
from pathlib import Path

from voice_assets.piper.clip_losses import TERMS, Found, Row


class Unfinished:
    """The done clips of one checkpoint and one training set. ``out``: the result that is not there yet."""

    def __init__(self, out: Path, checkpoint_sha256: str, fingerprint: str) -> None:
        self.path = out.with_name(f".{out.stem}-{checkpoint_sha256[:16]}-{fingerprint[:16]}.jsonl")

    def read(self) -> dict[str, Row]:
        """The terms of each done clip, by clip id. A line that is not whole counts as not done."""
        if not self.path.is_file():
            return {}
        lines = self.path.read_text(encoding="utf-8", errors="replace").splitlines()
        return dict(found for line in lines if (found := _parsed(line)) is not None)

    def add(self, found: Found) -> None:
        """Append the terms of more clips; they are on disk when this returns."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            # The line feed first: a killed process may have left half a line.
            file.write("".join(f"\n{json.dumps([name, terms])}" for name, terms in found.items()) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def remove(self) -> None:
        """Forget the clips: the result is complete."""
        self.path.unlink(missing_ok=True)


def _parsed(line: str) -> tuple[str, Row] | None:
    """Clip id and terms of a line; None for a line that is not such a pair."""
    try:
        name, terms = json.loads(line)
    except (ValueError, TypeError, RecursionError):
        return None
    whole = isinstance(name, str) and isinstance(terms, dict) and set(terms) == set(TERMS)
    numbers = whole and all(isinstance(value, int | float) and not isinstance(value, bool) for value in terms.values())
    return (name, terms) if numbers else None
