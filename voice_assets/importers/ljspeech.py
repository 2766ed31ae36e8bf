"""Data sets in LJSpeech's layout: ``metadata.csv`` with ``id|text|normalised text``, audio in ``wavs/<id>.wav``.

Only says what is there; ``importers.prepare`` decides what is fit for a voice.
"""

from pathlib import Path

from voice_assets.importers.errors import RecordingsError
from voice_assets.importers.prepare import Item


def read_ljspeech(folder: Path) -> list[Item]:
    """Every row of ``metadata.csv`` with its file; the normalised text where there is one, else the text.

    Then every wav that no row names, with an empty text. Names may be written with or without ``.wav``. A row whose
    name leads out of ``wavs/`` keeps that name, for `prepare` to drop.

    Raises:
        RecordingsError: no folder, no ``metadata.csv`` or ``wavs/``, not UTF-8, or a row that has not two or three columns.
    """
    metadata, wavs = folder / "metadata.csv", folder / "wavs"
    if not wavs.is_dir():
        raise RecordingsError(f"{wavs}: no such folder; LJSpeech's layout has the audio there")
    try:
        content = metadata.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise RecordingsError(f"{metadata}: cannot be read: {error}") from error
    items: dict[str, Item] = {}
    for number, line in enumerate(content.split("\n"), start=1):
        if not line.strip():
            continue
        columns = [column.strip() for column in line.split("|")]
        if len(columns) not in (2, 3):
            raise RecordingsError(
                f"{metadata}: line {number}: {len(columns)} columns; `id|text|normalised text` is needed: {line[:80]!r}"
            )
        name = columns[0].removesuffix(".wav")
        if name in items:
            raise RecordingsError(f"{metadata}: line {number}: {name!r} stands further up already")
        items[name] = Item(name, wavs / f"{name}.wav", columns[-1] or columns[1])
    if not items:
        raise RecordingsError(f"{metadata}: no rows in it")
    unnamed = [path for path in sorted(wavs.glob("*.wav")) if path.stem not in items]
    return [*items.values(), *(Item(path.stem, path, "") for path in unnamed)]
