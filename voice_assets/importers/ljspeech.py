"""Data sets in LJSpeech's layout: ``metadata.csv`` with ``id|text|normalised text``, audio in ``wavs/<id>.wav``.

Not here: which recordings are fit for a voice (``importers.prepare``).
"""

from pathlib import Path

from voice_assets.importers.errors import RecordingsError
from voice_assets.importers.items import Item


def read_ljspeech(folder: Path) -> list[Item]:
    """Every row of ``metadata.csv`` with its file, then every wav that no row names, with an empty text.

    The text is the normalised text when the row has one. Names may end with ``.wav``. A row with too few or too many columns,
    and a second row for one clip, get a fault. A name that points outside ``wavs/`` or is too long is not changed. `prepare`
    drops all of these recordings.

    Raises:
        RecordingsError: no folder, no ``metadata.csv`` or ``wavs/``, not UTF-8, or no rows.
    """
    metadata, wavs = folder / "metadata.csv", folder / "wavs"
    if not wavs.is_dir():
        raise RecordingsError(f"{wavs}: no such folder; in LJSpeech's layout, this folder has the audio")
    try:
        content = metadata.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise RecordingsError(f"{metadata}: cannot be read: {error}") from error
    items: list[Item] = []
    lines: dict[str, int] = {}
    for number, line in enumerate(content.split("\n"), start=1):
        if not line.strip():
            continue
        columns = [column.strip() for column in line.split("|")]
        name, fault = columns[0].removesuffix(".wav"), ""
        text = "|".join(columns[1:])
        if len(columns) in (2, 3):
            text = columns[-1] or columns[1]
        else:
            count = f"{len(columns)} column{'s' if len(columns) > 1 else ''}"
            fault = f"row: line {number}: {count}; expected `id|text` or `id|text|normalised text`"
        first = lines.setdefault(name, number)
        if first != number and not fault:
            fault = f"row: line {number}: {name!r} already has a row, line {first}"
        items.append(Item(name, wavs / f"{name}.wav", text, fault))
    if not items:
        raise RecordingsError(f"{metadata}: no rows")
    unnamed = [path for path in sorted(wavs.glob("*.wav")) if path.stem not in lines]
    return [*items, *(Item(path.stem, path, "") for path in unnamed)]
