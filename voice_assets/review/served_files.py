"""Which files of a voice are served, and as what: reports, the audio that the reports refer to, and packages.

The URLs have the layout of the data set, ``/data/<voice>/reports/…`` beside ``/data/<voice>/wavs/…``, so that the relative
players of a report find their audio. Nothing outside these folders is served, whatever a link or a URL says.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from starlette.exceptions import HTTPException

from voice_assets.dataset.mirror import Mirror
from voice_assets.review.subjects import NoSubjectError, voice_named
from voice_assets.runtime import project
from voice_assets.runtime.remote import RemoteError
from voice_assets.runtime.storage import DATASET, StoreError, project_store
from voice_assets.voices import Voice

TEXT = "text/plain; charset=utf-8"
AUDIO = {".wav": "audio/wav", ".flac": "audio/flac", ".ogg": "audio/ogg", ".mp3": "audio/mpeg"}
DOCUMENTS = {
    **AUDIO,
    **dict.fromkeys((".md", ".tsv", ".csv", ".txt", ".log", ".yaml", ".jsonl", ""), TEXT),
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}
TYPES: Mapping[str, Mapping[str, str]] = {"reports": DOCUMENTS, "packages": DOCUMENTS, "wavs": AUDIO}
"""The types of files by place and suffix. A file with another suffix is not served."""


def voice_of(name: str) -> Voice:
    """The voice called ``name``.

    Raises:
        HTTPException: there is no such voice, or its file does not load.
    """
    try:
        return voice_named(name)
    except NoSubjectError as error:
        raise HTTPException(404, str(error)) from error


def place(voice: Voice, name: str) -> Path:
    """The folder behind ``/data/<voice>/<name>/``. The folder itself is not a link.

    Raises:
        HTTPException: there is no such place.
    """
    if name == "packages":
        return project.artifacts_dir(voice.name).resolve() / "voice_package"
    if name in TYPES:
        return voice.dataset.resolve() / name
    raise HTTPException(404, f"there is no {name!r}; there are {', '.join(TYPES)}")


def fetch_report(voice: Voice, name: str) -> None:
    """Copy the report ``name`` from the store into the data set, when another machine wrote it. No such report: do nothing."""
    if name and not name.startswith(".") and not (place(voice, "reports") / name).exists():
        with suppress(StoreError):
            project_store(voice).local(f"{DATASET}reports/{name}")


def fetch_clip(voice: Voice, inside: str) -> None:
    """Fetch the clip ``inside`` ``wavs/`` of a data set on a store, where no copy is here. No such clip: do nothing.

    Raises:
        HTTPException: the store cannot be reached or refuses.
    """
    parts = inside.split("/")
    if (
        not voice.dataset_url
        or any(part.startswith(".") or not part for part in parts)
        or Path(inside).suffix.lower() not in AUDIO
    ):
        return
    try:
        Mirror(voice.dataset_url, voice.dataset).bring_some([f"wavs/{inside}"])
    except RemoteError as error:
        raise HTTPException(503, str(error)) from error


def found_in(root: Path, inside: str) -> Path:
    """The file or folder ``inside`` the folder ``root``, every link followed.

    Raises:
        HTTPException: there is no such file; or the path has a hidden part, or leads out of ``root``.
    """
    parts = [part for part in inside.split("/") if part]
    if any(part.startswith(".") or "\0" in part for part in parts):
        raise HTTPException(404, "this name is not served")
    try:
        target = root.joinpath(*parts).resolve(strict=True)
    except (OSError, RuntimeError) as error:
        why = "reports can be removed, and a voice can change its data set"
        raise HTTPException(404, f"{inside}: there is no such file; {why}") from error
    if not target.is_relative_to(root):
        raise HTTPException(404, f"{inside}: a link that leads out of the folder is not served")
    return target


def media_type(place_name: str, file: Path) -> str:
    """The content type of a file.

    Raises:
        HTTPException: not a file, or of a type that is not served.
    """
    kind = TYPES[place_name].get(file.suffix.lower())
    if kind is None or not file.is_file():
        raise HTTPException(404, f"{file.name}: files of this type are not served")
    return kind


def contents(root: Path, folder: Path, place_name: str) -> Iterator[Path]:
    """The files and folders in ``folder`` that are served, folders first, sorted by name."""
    for path in sorted(folder.iterdir(), key=lambda one: (not one.is_dir(), one.name)):
        try:
            target = found_in(root, path.relative_to(root).as_posix())
        except HTTPException:
            continue
        if target.is_dir() or (target.is_file() and target.suffix.lower() in TYPES[place_name]):
            yield path


def url(voice: str, place_name: str, inside: str) -> str:
    """The URL of a file or folder."""
    return f"/data/{voice}/{place_name}/{quote(os.fsencode(inside))}"
