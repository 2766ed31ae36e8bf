"""Telephone prompts as Asterisk ships them: a folder of audio files and one text file of ``name: text`` lines.

Not here: which recordings are fit for a voice (``importers.prepare``).
"""

import gzip
import zlib
from pathlib import Path

from voice_assets.importers.errors import RecordingsError
from voice_assets.importers.items import Item

# The formats of a prompt, the best quality first. Of several formats, the first is used.
SUFFIXES = (".wav", ".flac", ".sln48", ".sln16", ".g722", ".wav49", ".gsm", ".ogg", ".mp3")
LARGEST = 16 << 20  # bytes of a transcript, unpacked


def read_transcript(transcript: Path) -> dict[str, str]:
    """``name -> text`` of a transcript, plain or ``.gz``. Empty lines and ``;`` comments are left out.

    Raises:
        RecordingsError: missing, not gzip, not UTF-8, too large, a line without a colon, or a name with two different texts.
    """
    try:
        with gzip.open(transcript) if transcript.suffix == ".gz" else transcript.open("rb") as file:
            data = file.read(LARGEST + 1)
        content = data.decode("utf-8-sig")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise RecordingsError(f"{transcript}: cannot be read as a transcript: {error}") from error
    if len(data) > LARGEST:
        raise RecordingsError(f"{transcript}: over {LARGEST} bytes; no transcript of prompts is that large")
    texts: dict[str, str] = {}
    for number, line in enumerate(content.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith(";"):
            continue
        name, colon, text = (part.strip() for part in line.partition(":"))
        if not colon or not name:
            raise RecordingsError(f"{transcript}: line {number}: {line!r} is not `name: text`")
        if texts.setdefault(name, text) != text:
            raise RecordingsError(f"{transcript}: line {number}: {name!r} has another text in an earlier line: {texts[name]!r}")
    return texts


def read_prompts(audio_dir: Path, transcript: Path) -> list[Item]:
    """Every line of the transcript with its audio file, then every audio file that no line names, with an empty text.

    A line without audio gets the path that the file would have. Names include folders: the file of ``digits/1`` is
    ``digits/1.g722``.

    Raises:
        RecordingsError: the folder is missing or has no audio, or the transcript cannot be read.
    """
    if not audio_dir.is_dir():
        raise RecordingsError(f"{audio_dir}: no such folder; it must hold the prompts' audio files")
    files: dict[str, Path] = {}
    for path in sorted(audio_dir.rglob("*")):
        if path.suffix.lower() in SUFFIXES and path.is_file():
            name = path.relative_to(audio_dir).with_suffix("").as_posix()
            files[name] = min(path, files.get(name, path), key=lambda file: SUFFIXES.index(file.suffix.lower()))
    if not files:
        raise RecordingsError(f"{audio_dir}: no audio files in it ({', '.join(SUFFIXES)})")
    texts = read_transcript(transcript)
    suffix = next(iter(files.values())).suffix
    items = [Item(name, files.get(name, audio_dir / f"{name}{suffix}"), text) for name, text in texts.items()]
    return items + [Item(name, files[name], "") for name in files if name not in texts]
