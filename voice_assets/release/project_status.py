"""``PROJECT_STATUS.md``: what was released of each voice, between two markers. Everything else in the file is people's text.

Belongs here: the page as text, and putting the part of one voice into the file. Not here: collecting the values.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from voice_assets.reports.markdown import escape, table
from voice_assets.runtime import files, locks

FILE = "PROJECT_STATUS.md"
SECONDS_TO_WAIT = 60
START = b"# Project status\n\nWrite what you like around the marked parts: a release rewrites only the text inside.\n"
HEADINGS = {
    "stage": "Stage",
    "asset": "Asset",
    "verdict": "Verdict",
    "made": "Made",
    "figures": "Figures",
    "report": "Report",
}


FIGURES = {
    "clips": "{:,} clips",
    "hours": "{:.2f} h",
    "mean_similarity": "mean similarity {:.3f}",
    "low_ratio": "low {:.1%}",
    "epochs": "{:,} epochs",
    "last_loss": "loss {:.2f}",
    "max_abs_difference": "largest difference {:.1e}",
    "samples": "{:,} sentences",
    "mean_cer": "CER {:.3f}",
    "mean_mos": "MOS {:.2f}",
    "likeness": "likeness {:.2f}",
    "files": "{:,} files",
}
"""The recorded figures of an asset that the page shows, and how."""


class StatusError(ValueError):
    """A status page whose markers cannot be understood. The message names the file and the line."""


@dataclass(frozen=True)
class Stage:
    """One asset of a released voice.

    Attributes:
        stage, asset: its names.
        verdict: PASS, WARNING, WAIVED, FAIL; empty for an asset without rules.
        made: when, in words.
        figures: its main figures, in words.
        report: the path of its report; empty for none.
    """

    stage: str
    asset: str
    verdict: str
    made: str
    figures: str
    report: str


@dataclass(frozen=True)
class Status:
    """The part of one voice.

    Attributes:
        voice, title: the voice's name, and its name for people.
        version, epoch: what was released.
        facts: name -> value, in order: the package, its hash, the archive, the tag.
        stages: the assets that the released voice was made by, upstream first.
        next_step: what a person can do next.
    """

    voice: str
    title: str
    version: str
    epoch: str
    facts: Sequence[tuple[str, str]]
    stages: Sequence[Stage]
    next_step: str


def figures_in_words(metadata: Mapping[str, object]) -> str:
    """The figures of one materialisation, by the metadata that it recorded."""
    shown = ((form, metadata.get(name)) for name, form in FIGURES.items())
    return ", ".join(form.format(value) for form, value in shown if isinstance(value, (int, float)))


def markers(voice: str) -> tuple[bytes, bytes]:
    """The lines before and after the part of a voice."""
    return (f"<!-- voice-assets: begin {voice} -->".encode(), f"<!-- voice-assets: end {voice} -->".encode())


def part(status: Status) -> str:
    """The text between the markers, Markdown with line feeds. The same values give the same text."""
    facts = [("Release", f"{status.version}, epoch {status.epoch}"), *status.facts, ("Next step", status.next_step)]
    rows = [vars(one) for one in status.stages]
    lines = [
        f"## {escape(status.title)} ({escape(status.voice)})",
        "",
        *(f"* {name}: {escape(value)}" for name, value in facts),
        "",
        *table(rows, HEADINGS),
    ]
    return "\n".join(lines)


def update(file: Path, status: Status, lock: Path) -> bool:
    """Put the part of the voice into ``file``, and return whether the file changed.

    The part replaces what is between the voice's markers. In a file without them, the part is added at the end. Every other
    byte stays. The line ends of the part are those of the file. Waits while another voice is put into the file.

    Args:
        file: the page.
        status: the part.
        lock: the lock file of the page, which every process of the project takes.

    Raises:
        LockError: another process has the page all the time.
        StatusError: one marker of the voice is missing, is there twice, or the end is before the beginning.
        OSError: the file cannot be read or written.
    """
    file = file.resolve()  # of a link, the file behind it
    with locks.exclusive(lock, SECONDS_TO_WAIT):
        before = file.read_bytes() if file.exists() else START
        after = with_part(before, status, file)
        if file.exists() and after == before:
            return False
        with files.replacing(file) as temporary:
            temporary.write_bytes(after)
    return True


def with_part(text: bytes, status: Status, file: Path) -> bytes:
    """``text`` with the part of a voice; ``file`` is named in errors. See `update`."""
    begin, end = markers(status.voice)
    span = _span(text, begin, end, file)
    beside = text if span is None else text[span[0] + len(begin) :][:2]
    end_of_line = b"\r\n" if b"\r\n" in beside else b"\n"
    written = part(status).encode().rstrip(b"\n").replace(b"\n", end_of_line)
    block = end_of_line.join([begin, written, end])
    if span is None:
        gap = b"" if not text or text.endswith(end_of_line * 2) else end_of_line * (1 if text.endswith(end_of_line) else 2)
        return text + gap + block + end_of_line
    return text[: span[0]] + block + text[span[1] :]


def require_updatable(file: Path, voice: str) -> None:
    """Return when `update` can put the part of ``voice`` into ``file``; raises as `update` does."""
    if file.exists():
        _span(file.read_bytes(), *markers(voice), file)


def _span(text: bytes, begin: bytes, end: bytes, file: Path) -> tuple[int, int] | None:
    """From the start of one marker to the end of the other; None without markers."""
    found = {marker: _places(text, marker) for marker in (begin, end)}
    if not found[begin] and not found[end]:
        return None
    for marker, places in found.items():
        if len(places) != 1:
            raise StatusError(f"{file}: {_lines(text, places)}: {marker.decode()} must be there once; correct the markers")
    (first,), (last,) = found[begin], found[end]
    if last < first:
        raise StatusError(f"{file}: {_lines(text, [last])}: {end.decode()} is before {begin.decode()}; correct the markers")
    return first, last + len(end)


def _places(text: bytes, marker: bytes) -> list[int]:
    places, place = [], text.find(marker)
    while place >= 0:
        places.append(place)
        place = text.find(marker, place + 1)
    return places


def _lines(text: bytes, places: Sequence[int]) -> str:
    numbers = [str(text.count(b"\n", 0, place) + 1) for place in places]
    return f"line {' and '.join(numbers)}" if numbers else "no line"
