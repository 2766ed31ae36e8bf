"""The text files that an importer writes beside the clips: ``config.json``, ``LICENSE`` and ``PREPARE_INFO.txt``.

Here: the contents of these files, and reading a summary from ``PREPARE_INFO.txt``. Not here: writing the folder
(``importers.output``), deciding on recordings (``importers.prepare``).
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from voice_assets.dataset import espeak
from voice_assets.dataset.faults import Limits
from voice_assets.importers import output
from voice_assets.importers.cleaning import Digits
from voice_assets.importers.items import About

LONGEST_SHOWN = 2000
"""Characters of a text that are shown."""


@dataclass(frozen=True)
class Note:
    """A recording that was cleaned or dropped: its name, every reason (``kind: detail``), its original text."""

    name: str
    reasons: tuple[str, ...]
    text: str


@dataclass(frozen=True)
class Summary:
    """The result of an import. ``unchanged``: ``out`` already had this data set. ``seconds``: of kept audio."""

    out: Path
    read: int
    kept: int
    cleaned: int
    dropped: int
    seconds: float
    unchanged: bool

    def __str__(self) -> str:
        """One line for a person."""
        did = "nothing to do, the data set is complete and unchanged: " if self.unchanged else ""
        return (
            f"{self.out}: {did}{self.kept} of {self.read} recordings, {self.seconds / 60:.1f} minutes; "
            f"{self.cleaned} texts cleaned, {self.dropped} recordings dropped; {output.PREPARE_INFO} has the reasons"
        )


def config(limits: Limits, about: About) -> dict[str, object]:
    """``config.json`` as Piper's trainer writes it, with more keys for players (data set, language, quality)."""
    return {
        "dataset": about.dataset,
        "audio": {"sample_rate": limits.sample_rate, "quality": about.quality},
        "espeak": {"voice": limits.espeak_voice},
        "language": {"code": f"{limits.language}_{about.region}"},
        "phoneme_type": "espeak",
        "num_symbols": 256,
        "num_speakers": 1,
        "speaker_id_map": {},
        "inference": {"noise_scale": 0.667, "length_scale": 1.0, "noise_w": 0.8},
        "hop_length": 256,
        "phoneme_id_map": espeak.default_id_map(),
    }


def licence(about: About) -> str:
    """The content of ``LICENSE``: source, licence and credit, then the collection's own licence text."""
    text = f"The recordings in this data set\n\nSource:  {about.source}\nLicence: {about.license}\nCredit:  {about.credit}\n"
    text += (
        "\nChanged from the source: decoded, resampled, some texts cleaned, some recordings left out. See PREPARE_INFO.txt.\n"
    )
    if about.license_file is not None:
        text += f"\n{'-' * 100}\n\n{about.license_file.read_text(encoding='utf-8', errors='replace')}"
    return text


def notes_of(title: str, notes: Sequence[Note]) -> list[str]:
    """The lines on these recordings: name, reasons, original text. A line end in a text is shown as a space."""
    lines = ["", f"{title} ({len(notes)})", "=" * len(title)]
    for note in notes:
        lines += [_line(note.name), *(f"    {_line(reason)}" for reason in note.reasons), f"    text: {_line(note.text)}"]
    return lines


def _line(text: str) -> str:
    """The text on one line, and not endlessly long: a list may be damaged."""
    one = " ".join(re.split(r"[\r\n]+", text))
    return one if len(one) <= LONGEST_SHOWN else f"{one[:LONGEST_SHOWN]}… ({len(one)} characters)"


def counted(dropped: Sequence[Note]) -> list[str]:
    """The lines on how many recordings were dropped for which kind of reason."""
    kinds = Counter(reason.split(":", 1)[0] for note in dropped for reason in note.reasons)
    title = "Dropped, by reason (a recording can have several)"
    return [title, "=" * len(title), *(f"{count:5d}  {kind}" for kind, count in kinds.most_common())]


def prepare_info(
    head: Mapping[str, object], cleaned: Sequence[Note], dropped: Sequence[Note], limits: Limits, about: About
) -> str:
    """The content of ``PREPARE_INFO.txt``: ``key: value`` lines, then every cleaned and every dropped recording."""
    form = f"mono PCM16, {limits.sample_rate} Hz, {limits.min_duration_s} to {limits.max_duration_s} s"
    return "\n".join(
        [
            output.PREPARE_FIRST_LINE,
            *(f"{key}: {value}" for key, value in head.items()),
            f"Source: {about.source}",
            f"Licence: {about.license}",
            f"Credit: {about.credit}",
            f"Clips: {form}, {limits.min_text_chars} to {limits.max_text_chars} characters, language {limits.language}",
            "",
            *counted(dropped),
            *notes_of("Cleaned", cleaned),
            *notes_of("Dropped", dropped),
            "",
        ]
    )


def settings_sha256(limits: Limits, about: About, digits: Digits, latin: bool) -> str:
    """SHA-256 of every setting of the import: the same settings and items make the same data set."""
    return output.digest([limits.model_dump(), {**asdict(about), "license_file": bool(about.license_file)}, digits, latin])


def existing(out: Path, chosen: str, items: str | None = None) -> Summary | None:
    """The summary of the data set in ``out``; None when its settings, items or files are not the expected ones."""
    head = output.head(out)
    if head.get("Settings") != chosen or (items is not None and head.get("Items") != items):
        return None
    if head.get("Contents") != output.contents_sha256(out):
        return None
    if "Mended" in head:  # the key of the first importers
        head["Cleaned"] = head["Mended"]
    read, kept, cleaned, dropped = (int(head[key]) for key in ("Read", "Kept", "Cleaned", "Dropped"))
    return Summary(out, read, kept, cleaned, dropped, float(head["Seconds"]), unchanged=True)
