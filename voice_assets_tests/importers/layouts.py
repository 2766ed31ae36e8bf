"""Folders of recordings in a test: empty audio files and lists, read back as (name, file, text, fault)."""

from pathlib import Path

from voice_assets.importers.folder import Recordings, read_folder


def folder_of(root: Path, audio: str, **lists: str | bytes) -> Path:
    """A folder with ``audio`` files, separated by spaces, and lists by name, in which ``__`` is a dot and ``___`` a slash."""
    for name in audio.split():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    for name, content in lists.items():
        path = root / name.replace("___", "/").replace("__", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def found(root: Path, layout: str = "", *metadata: Path, speaker: str = "") -> Recordings:
    return read_folder(root, root.parent / "out", layout, metadata, speaker)


def rows(recordings: Recordings) -> list[tuple[str, str]]:
    """(name, text) of every recording without a fault."""
    return [(item.name, item.text) for item in recordings.items if not item.fault]


def faults(recordings: Recordings) -> dict[str, str]:
    return {item.name: item.fault for item in recordings.items if item.fault}
