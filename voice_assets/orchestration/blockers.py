"""The reasons why a gate is closed as lines for people: the cause first, and one line for what only follows from it.

Not here: finding the reasons (``gates``).
"""

from collections.abc import Sequence

from voice_assets.orchestration.gates import Blocker
from voice_assets.rules.wording import unjudged_because


def in_words(blockers: Sequence[Blocker]) -> list[str]:
    """A line for each blocker. Rules of one asset that could not be judged for one reason share a line, at the end."""
    groups: dict[tuple[str, str], list[Blocker]] = {}
    for blocker in blockers:
        because = unjudged_because(blocker.reason) if blocker.check else ""
        groups.setdefault((str(blocker.target), because), []).append(blocker)
    folded = {key: found for key, found in groups.items() if key[1] and len(found) > 1}
    hidden = {id(blocker) for found in folded.values() for blocker in found}
    lines = [str(blocker) for blocker in blockers if id(blocker) not in hidden]
    for (target, because), found in folded.items():
        names = ", ".join(str(blocker.check) for blocker in found)
        lines.append(f"{target}: {len(found)} rules could not be judged, so they count as failed: {because}: {names}")
    return lines
