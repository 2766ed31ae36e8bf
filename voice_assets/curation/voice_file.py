"""Changes one line of a voice's YAML file, so that comments and order stay. ``voices`` reads the file."""

import os
import re
from pathlib import Path

import yaml

from voice_assets.dataset.clips import METADATA
from voice_assets.runtime.files import write_text
from voice_assets.voices import VoiceError, load_voice

_LINE = re.compile(
    r"""(?mx) ^dataset: [ \t]+
    (?P<value> "[^"\r\n]*" | '[^'\r\n]*' | [^\s\#'"|>&*!{\[] [^\#\r\n]*?)
    (?P<rest> [ \t]* (?: [ \t]\#[^\r\n]* )? ) (?=\r?$)"""
)
_PLAIN = re.compile(r"[\w./-]+")


def dataset_line(file: Path, dataset: Path) -> str:
    """The line ``dataset: …`` for the voice file. The path is relative to the file where the old path is, else absolute."""
    found = _LINE.search(_content(file))
    old = yaml.safe_load(found["value"]) if found else ""
    relative = found is not None and not Path(str(old)).expanduser().is_absolute()
    home = file.parent.resolve()
    path = Path(os.path.relpath(dataset.resolve(), home)).as_posix() if relative else str(dataset.resolve())
    return f"dataset: {path if _PLAIN.fullmatch(path) else _quoted(path)}"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _content(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8")  # as bytes, so that line ends do not change
    except (OSError, UnicodeDecodeError) as error:
        raise VoiceError(f"{file}: {error}") from error


def _switched(file: Path, line: str) -> str:
    """The file's content with ``line`` instead of its line ``dataset: …``."""
    before = _content(file)
    found = list(_LINE.finditer(before))
    if len(found) != 1:
        raise VoiceError(f"{file}: {len(found)} plain lines `dataset: …` at the top level, 1 is needed; write by hand: {line}")
    start, end = found[0].span()
    return before[:start] + line + found[0]["rest"] + before[end:]


def switch_dataset(file: Path, dataset: Path) -> str:
    """Make the voice use ``dataset``: replace the value of the line ``dataset:`` and nothing else. Returns the new line.

    The new content is validated as a voice before it is written.

    Raises:
        VoiceError: there is no such data set; the file has no line ``dataset: …``, several such lines, or one that is not
            plain; or the file would not load with the new line. The file is not changed in these cases.
    """
    for name in (METADATA, "config.json"):
        if not (dataset / name).is_file():
            raise VoiceError(f"{file}: dataset: {dataset} has no {name}; name a data set in Piper's format")
    line = dataset_line(file, dataset)
    text = _switched(file, line)
    found = load_voice(file, text).dataset
    if found != dataset.resolve():
        raise VoiceError(f"{file}: dataset: would be {found} instead of {dataset.resolve()}; write by hand: {line}")
    write_text(file.resolve(), text)  # a link stays a link
    return line
