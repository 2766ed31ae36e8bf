"""Changing a voice's YAML file: one line of it, so that comments and order stay. Reading it is ``voices``."""

import os
import re
from pathlib import Path

import yaml

from voice_assets.runtime.files import write_text
from voice_assets.voices import VoiceError, load_voice

_LINE = re.compile(
    r"""(?mx) ^dataset: [ \t]+
    (?P<value> "[^"\r\n]*" | '[^'\r\n]*' | [^\s\#'"|>&*!{\[] [^\#\r\n]*?)
    (?P<rest> [ \t]* (?: [ \t]\#[^\r\n]* )? ) (?=\r?$)"""
)
_PLAIN = re.compile(r"[\w./-]+")


def dataset_line(file: Path, dataset: Path) -> str:
    """The line of the voice file that names ``dataset``: relative to the file where the old one was, else absolute."""
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
        return file.read_bytes().decode("utf-8")  # as bytes: line ends stay what they are
    except (OSError, UnicodeDecodeError) as error:
        raise VoiceError(f"{file}: {error}") from error


def switch_dataset(file: Path, dataset: Path) -> str:
    """Make the voice use ``dataset``: replaces the value of its line ``dataset:``, nothing else. Returns the new line.

    Raises:
        VoiceError: the file has no such line, or more than one, or one that is not plain; or it would not load afterwards.
            It is left as it was then.
    """
    line, before = dataset_line(file, dataset), _content(file)
    found = list(_LINE.finditer(before))
    if len(found) != 1:
        raise VoiceError(f"{file}: {len(found)} plain lines `dataset: …` at its top level, it takes one; write by hand: {line}")
    start, end = found[0].span()
    after = before[:start] + line + found[0]["rest"] + before[end:]
    target = file.resolve()  # a link stays a link
    write_text(target, after)
    try:
        switched = load_voice(file).dataset
        if switched != dataset.resolve():
            raise VoiceError(f"{file}: dataset: would be {switched} instead of {dataset.resolve()}; write by hand: {line}")
    except VoiceError:
        write_text(target, before)
        raise
    return line
