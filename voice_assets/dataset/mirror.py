"""The local copy of a data set on a store: a folder in Piper's layout with what readers asked for, brought up to date by names.

One listing tells name, size and ETag of every object. ``hash_memory`` knows the SHA-256 of an object by URL, size and ETag, and
the SHA-256 of a local file. An object is fetched when no local file has its bytes. So a copy that somebody changed is fetched
again, and a killed run loses only the files that were on their way. Nothing is written to the store.

Not here: what the files mean (``dataset.clips``), requests of S3 (``runtime.s3``).
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from voice_assets.dataset.clips import METADATA, DatasetError
from voice_assets.dataset.rows import RECORD
from voice_assets.dataset.wavs import FOLDER
from voice_assets.runtime import hash_memory, remote, s3
from voice_assets.runtime.locks import SharedLock

if TYPE_CHECKING:
    from upath import UPath

CONFIG = "config.json"
AT_ONCE = 16
"""The number of files that are on their way at once. They are remembered together."""


class OfVoice(Protocol):
    """What a mirror must know of a voice (``voices.Voice``)."""

    @property
    def dataset(self) -> Path: ...  # noqa: D102

    @property
    def dataset_url(self) -> str: ...  # noqa: D102


@dataclass(frozen=True)
class Mirror:
    """A data set on a store, and the folder of its local copy. Names are relative to both.

    Every method raises RemoteError when the store cannot be reached or refuses.
    """

    url: str
    folder: Path

    @classmethod
    def of(cls, voice: OfVoice) -> "Mirror | None":
        """The mirror of the voice's data set; None when the data set is in a folder."""
        return cls(voice.dataset_url, voice.dataset) if voice.dataset_url else None

    def listed(self) -> dict[str, str]:
        """The mark (``s3.mark``) of every object, by its name.

        Raises:
            DatasetError: there is no list of clips, a name cannot be a file's, or a record of decisions is there.
        """
        marks = {name: s3.mark(about) for name, about in remote.listing(remote.location(self.url)).items()}
        if METADATA not in marks:
            raise DatasetError(
                f"{self.url}/{METADATA}: no such object; upload {CONFIG}, {METADATA} and {FOLDER}/ to this place"
            )
        if RECORD in marks:
            raise DatasetError(
                f"{self.url}/{RECORD}: decisions about clips are read only from a data set in a folder; copy this data set "
                "into a folder, and name the folder as `dataset` in the voice file"
            )
        if odd := next((name for name in marks if "\0" in name), None):
            raise DatasetError(f"{self.url}: the name {odd[:200]!r} cannot be a file's; rename or remove this object")
        return marks

    def refresh(self, *, tidy: bool = False, every_byte: bool = False) -> dict[str, str]:
        """Bring config and list up to date, from one listing. Returns ``listed``, and raises what it raises.

        Args:
            tidy: remove local copies of audio that is gone from the store, unless another process fetches.
            every_byte: read every local copy, so that one that decayed on the disk is fetched again when it is needed.
        """
        with SharedLock(self._lock) as lock:
            alone = tidy and lock.take_alone()  # before the listing: what is fetched after it is no leftover
            marks = self.listed()
            if alone:
                self._tidy(marks)
        if CONFIG not in marks:
            (self.folder / CONFIG).unlink(missing_ok=True)
        if every_byte:
            hash_memory.sha256s(self._copies(), every_byte=True)
        self.fetch({name: marks[name] for name in (CONFIG, METADATA) if name in marks})
        return marks

    def fetch(self, marks: Mapping[str, str]) -> dict[str, str]:
        """Have the files with these marks here. Returns the SHA-256 of each.

        Raises:
            DatasetError: a file has another mark by now, or is gone.
        """
        digests = dict.fromkeys(marks, "") | self._known(marks)
        for name, mark, digest in self._fetched(digests):
            if mark != marks[name]:
                raise DatasetError(f"{self._url_of(name)}: changed while the data set was read; run again")
            digests[name] = digest
        return digests

    def hashes(self, names: Iterable[str]) -> dict[str, str]:
        """The SHA-256 of files on the store today; a file that is gone is left out. Fetches those whose hash is not known."""
        marks = self.listed()
        there = {name: marks[name] for name in names if name in marks}
        known = self._known(there)
        return known | self.fetch({name: mark for name, mark in there.items() if name not in known})

    def audio_bytes(self) -> int:
        """The size of all audio on the store. Raises as ``listed``."""
        return sum(s3.size_of(mark) for name, mark in self.listed().items() if name.startswith(f"{FOLDER}/"))

    def bring(self, wanted: Mapping[str, str]) -> list[str]:
        """Have files here by name and SHA-256. Nothing is listed. Returns the names of those that have others, or are gone."""
        return [name for name, _, digest in self._fetched(wanted) if digest != wanted[name]]

    def bring_head(self) -> None:
        """Have today's config and list here, as far as there are any. Nothing is listed."""
        for name, mark, _ in self._fetched(dict.fromkeys((CONFIG, METADATA), "")):
            if not mark:
                (self.folder / name).unlink(missing_ok=True)

    def bring_some(self, names: Iterable[str]) -> None:
        """Have any copy of these files here, however old, as far as there are any. Nothing is listed."""
        for _ in self._fetched({name: "" for name in names if not (self.folder / name).exists()}):
            pass

    def _fetched(self, wanted: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
        """Fetch the files that are not here with the wanted SHA-256, all with an empty one.

        Yields name, mark and SHA-256 of what was fetched; both are empty for a file that is gone.
        """
        here = hash_memory.sha256s(f"{self.folder}/{name}" for name, digest in wanted.items() if digest)
        lacking = [name for name, digest in wanted.items() if not digest or here.get(f"{self.folder}/{name}") != digest]
        if not lacking:
            return
        place = remote.location(self.url)
        with SharedLock(self._lock) as lock, ThreadPoolExecutor(AT_ONCE) as pool:
            lock.share()
            for start in range(0, len(lacking), AT_ONCE):
                fetched = list(pool.map(lambda name: self._fetch(place, name), lacking[start : start + AT_ONCE]))
                hash_memory.remember((self._url_of(name), mark, digest) for name, mark, digest in fetched if mark)
                yield from fetched

    def _fetch(self, place: "UPath", name: str) -> tuple[str, str, str]:
        try:
            return name, *remote.fetch_marked(place / name, self.folder / name)
        except remote.MissingError:
            return name, "", ""

    def _known(self, marks: Mapping[str, str]) -> dict[str, str]:
        """The SHA-256 of the files with these marks, where it is remembered."""
        known = hash_memory.recalled({self._url_of(name): mark for name, mark in marks.items()})
        return {name: known[self._url_of(name)] for name in marks if self._url_of(name) in known}

    def _tidy(self, marks: Mapping[str, str]) -> None:
        """Remove what is under ``wavs/`` and not on the store, unfinished files of killed runs too."""
        for file in self._copies():
            if file.relative_to(self.folder).as_posix() not in marks:
                file.unlink(missing_ok=True)
        for folder, _, _ in os.walk(self.folder / FOLDER, topdown=False):
            with suppress(OSError):
                os.rmdir(folder)  # only an empty folder

    def _copies(self) -> list[Path]:
        return [Path(folder) / name for folder, _, names in os.walk(self.folder / FOLDER) for name in names]

    def _url_of(self, name: str) -> str:
        return f"{self.url}/{name}"

    @property
    def _lock(self) -> Path:
        return self.folder / ".lock"
