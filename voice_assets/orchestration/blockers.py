"""The reasons why a gate is closed as lines for people: the cause first, and one line for what only follows from it.

Not here: finding the reasons (``gates``).
"""

from collections.abc import Sequence

from voice_assets.orchestration.gates import Blocker
from voice_assets.rules.wording import unjudged_because, unjudged_together


def in_words(blockers: Sequence[Blocker]) -> list[str]:
    """A line for each blocker. The rules of one asset that could not be judged share a line, at the end."""
    lines: list[str] = []
    unjudged: dict[str, list[Blocker]] = {}
    for blocker in blockers:
        if blocker.check and unjudged_because(blocker.reason):
            unjudged.setdefault(str(blocker.target), []).append(blocker)
        else:
            lines.append(str(blocker))
    for target, found in unjudged.items():
        reasons = [(str(blocker.check), unjudged_because(blocker.reason)) for blocker in found]
        lines.append(str(found[0]) if len(found) == 1 else f"{target}: {len(found)} rules {unjudged_together(reasons)}")
    return lines
