"""A folder with a text file for every recording: ``name.wav`` and ``name.txt`` or ``name.lab``, in one folder or in two.

Not here: lists of clips (``importers.lists``).
"""

import posixpath
import re
from collections import Counter
from pathlib import Path

from voice_assets.dataset.encoding import EncodingError, decoded
from voice_assets.dataset.names import key, suffix_rank, without_suffix
from voice_assets.importers.items import Item, home_of, recording_name
from voice_assets.runtime.files import shown

SUFFIXES = (".normalized.txt", ".txt", ".lab")
"""Suffixes of text files; ``.normalized.txt`` is LibriTTS's, and stands beside ``.original.txt``."""
_OTHER_FORM = ".original.txt"
_TIMES = re.compile(r"\s*\d+(\.\d+)?\s+\d+(\.\d+)?\s+\S+")
_MOST_BYTES = 2**20


def text_files(files: list[str], others: list[str]) -> dict[str, list[str]]:
    """Audio file -> its text files, for those that have one. ``others``: the files that are no audio.

    A text belongs to the recording of the same name in the same folder, or, when no other recording has this name, in any.
    """
    by_path: dict[str, list[str]] = {}
    by_name: dict[str, list[str]] = {}
    for path in filter(_suffix, others):
        stem = path[: -len(_suffix(path))]
        by_path.setdefault(key(stem.split("/")), []).append(path)
        by_name.setdefault(key([posixpath.basename(stem)]), []).append(path)
    names = [key([posixpath.basename(file)]) for file in files]
    recordings = {key(file.split("/")) for file in files}  # one for all formats of a recording
    alone = {name for name, count in Counter(map(posixpath.basename, recordings)).items() if count == 1}
    found = {}
    for file, name in zip(files, names, strict=True):
        texts = by_path.get(key(file.split("/"))) or (by_name.get(name, []) if name in alone else [])
        if texts:
            found[file] = texts
    return found


def read_pairs(folder: Path, files: list[str], texts: dict[str, list[str]]) -> list[Item]:
    """A recording for every audio file, with the text of its file; without one, the text is empty.

    Of one recording in several formats, the best comes first.
    """
    home = home_of(texts or files)
    best_first = sorted(files, key=lambda file: (without_suffix(file), suffix_rank(file)))
    return [_item(folder, file, recording_name(file, home), texts.get(file, [])) for file in best_first]


def _suffix(path: str) -> str:
    """The suffix of a text file; empty for any other file."""
    lower = path.lower()
    return "" if lower.endswith(_OTHER_FORM) else next((suffix for suffix in SUFFIXES if lower.endswith(suffix)), "")


def _item(folder: Path, file: str, name: str, texts: list[str]) -> Item:
    if not texts:
        return Item(name, folder / file, "")
    try:
        contents = [_content(folder / text) for text in texts]
    except (OSError, EncodingError) as error:
        return Item(name, folder / file, "", f"text: {', '.join(map(shown, texts))}: {error}")
    if len({" ".join(content.split()) for content in contents}) > 1:
        return Item(name, folder / file, contents[0], f"text: {' and '.join(map(shown, texts))} differ")
    if all(_TIMES.fullmatch(line) for line in contents[0].splitlines() if line.strip()) and contents[0].strip():
        return Item(name, folder / file, contents[0], f"text: {shown(texts[0])} has times and phonemes, and no text")
    return Item(name, folder / file, contents[0].strip())


def _content(path: Path) -> str:
    if path.stat().st_size > _MOST_BYTES:
        raise EncodingError(f"over {_MOST_BYTES >> 20} MiB, which no text of a recording has")
    return decoded(path.read_bytes())[0]
