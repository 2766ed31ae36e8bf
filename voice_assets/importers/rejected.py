"""An import of which nothing is left: the reasons in a message, and all of them in a file beside the folder.

Not here: the reasons themselves (``importers.cleaning``, ``importers.rejections``).
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from voice_assets.importers.items import About
from voice_assets.importers.written_files import Note, counted, notes_of
from voice_assets.runtime.files import write_text
from voice_assets.runtime.stamps import new_stamp


def nothing_usable(source: str, dropped: Sequence[Note], record: Path) -> str:
    """Why nothing can be used: how many recordings were dropped for each kind of reason, and the first of each in full."""
    counts: Counter[str] = Counter()
    first: dict[str, str] = {}
    for note in dropped:
        for reason in note.reasons:
            kind = reason.split(":", 1)[0]
            counts[kind] += 1
            first.setdefault(kind, f"{note.name!r}: {reason}")
    lines = [f"\n  {count} x {kind}, the first: {first[kind]}" for kind, count in counts.most_common()]
    return f"{source}: none of {len(dropped)} recordings can be used{''.join(lines)}\nEvery reason is in {record}"


def write_rejections(out: Path, dropped: Sequence[Note], about: About, told: Sequence[str]) -> Path:
    """Write every reason to a new file beside ``out``, named after it and the time. Returns the file."""
    lines = [f"Nothing could be imported from {about.source}", *told, "", *counted(dropped), *notes_of("Dropped", dropped), ""]
    out = out.absolute()
    out.parent.mkdir(parents=True, exist_ok=True)
    prefix = f"{out.name}_rejected_"
    while True:
        record = out.with_name(f"{prefix}{new_stamp(out.parent, prefix)}.txt")
        try:
            record.touch(exist_ok=False)
        except FileExistsError:  # another process was faster
            continue
        return write_text(record, "\n".join(lines))
