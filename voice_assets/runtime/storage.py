"""Recorded files: written whole, named by a URI relative to a configured root, and verified by hash when they are read.

Belongs here: where a recorded file is. Does not belong here: the content (``orchestration.tables``, ``reports``, the workers).

A URI is relative, so a project folder can be moved or mounted elsewhere, and every record stays valid. The file
``artifacts/toy/tables/…`` is in the store's root, ``dataset:reports/…`` is in the data set of the voice. The root is a folder,
or a URL that ``remote`` knows. A file of a remote store is opened as a local copy: the worker's own file, or one in the cache.

A root apart from the project folder serves several machines, and each of them has a data set of its own. There, a report is
also in the store, in ``datasets/<voice>/``. A machine that opens the report copies the files into its own data set, where
people look for reports.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from upath import UPath

from voice_assets.runtime import files, project, remote
from voice_assets.runtime.contents import content_hash, contents, names, remembered_hash, there, total

DATASET = "dataset:"
"""What the URI of a file in a voice's data set begins with."""


class StoreError(ValueError):
    """A recorded file that is missing or was changed, or a file outside every root. The message names the file."""


@dataclass(frozen=True)
class Artifact:
    """A recorded file, or a folder of files.

    Attributes:
        uri: relative to a root of the store.
        sha256: of the file's bytes; of a folder, over the relative names and hashes of its files without ``FILLED_IN``.
        bytes: size, of a folder the sum over the same files.
    """

    uri: str
    sha256: str
    bytes: int

    @property
    def name(self) -> str:
        """The last part of the URI."""
        return PurePosixPath(self.uri).name

    def as_json(self) -> dict[str, Any]:
        """The values that a materialisation records."""
        return asdict(self)


def artifact_in(value: object) -> Artifact | None:
    """The artifact that a metadata value records; None for any other value."""
    if isinstance(value, dict) and value.keys() == {"uri", "sha256", "bytes"}:
        return Artifact(**value)
    return None


class OfVoice(Protocol):
    """What a store must know of a voice (``voices.Voice``)."""

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def dataset(self) -> Path: ...  # noqa: D102


class Store:
    """The recorded files of one project."""

    def __init__(self, root: UPath, work: Path, voice: OfVoice | None = None, cache: Path | None = None):
        """Describe a store. Nothing is written or read.

        Args:
            root: where files are kept.
            work: the local folder that workers write into. The URI of a file is the path under this folder.
            voice: only needed for the reports in its data set.
            cache: the local folder for copies of a remote store's files.
        """
        self._root, self._work, self._voice, self._cache = root, work, voice, cache or work / ".cache" / "store"
        self._plain = Path(root) if isinstance(root, Path) else root
        self._dataset = None if voice is None else voice.dataset
        self._apart = not (isinstance(root, Path) and root.resolve() == work.resolve())

    @property
    def apart(self) -> bool:
        """Whether the store is no part of the project folder, so that other machines may share it."""
        return self._apart

    def uri(self, path: Path) -> str:
        """The URI of a local file or folder.

        Raises:
            StoreError: ``path`` is neither in the data set nor in the working folder.
        """
        found = path.resolve()
        if self._dataset is not None and found.is_relative_to(self._dataset.resolve()):
            return DATASET + found.relative_to(self._dataset.resolve()).as_posix()
        if found.is_relative_to(self._work.resolve()):
            return found.relative_to(self._work.resolve()).as_posix()
        raise StoreError(f"{path}: is neither in the project folder {self._work} nor in the data set {self._dataset}")

    def at(self, uri: str) -> UPath:
        """The path of the file with this URI, whether or not there is such a file.

        Raises:
            StoreError: the URI leads out of its root, or into a data set that this store does not know.
        """
        return UPath(self._place(uri))

    def _place(self, uri: str) -> Path | UPath:
        """``at``; a plain path of a local file, which is made in a tenth of the time."""
        inside = uri.removeprefix(DATASET)
        if inside.startswith("/") or ".." in inside.split("/"):
            raise StoreError(f"{uri}: leads out of the store")
        if inside == uri:
            return self._plain / inside
        if self._voice is None:
            raise StoreError(f"{uri}: which data set is not known here")
        return self._plain / "datasets" / self._voice.name / inside if self._apart else self._voice.dataset / inside

    def _here(self, uri: str) -> Path:
        """Where a worker of this machine writes the file with this URI."""
        inside = uri.removeprefix(DATASET)
        return self._work / inside if inside == uri or self._dataset is None else self._dataset / inside

    def _kept_here(self, uri: str) -> bool:
        """Whether a report is in the data set of this machine. A report from before ``$VOICE_STORE`` was set is only there."""
        return uri.startswith(DATASET) and self._here(uri).exists()

    def put(self, uri: str, write: Callable[[Path], object]) -> Artifact:
        """Write the file ``uri``: ``write`` writes to a local path. Then the whole file is in the store, or nothing is."""
        with _whole(self.at(uri)) as temporary:
            write(temporary)
            return _described(temporary, uri)

    def add(self, path: Path, sha256: str | None = None) -> Artifact:
        """Record a local file or folder. The store copies the file only when the store's root is another folder.

        Args:
            path: under the working folder or the data set.
            sha256: the hash of the file, where it is already known.

        Raises:
            StoreError: there is no such file, or the file is under no root.
        """
        if not path.exists():
            raise StoreError(f"{path}: there is no such file to record")
        uri = self.uri(path)
        artifact = _described(path, uri, sha256)
        self._copy_in(path, self.at(uri), artifact.sha256)
        return artifact

    def remove(self, path: Path) -> None:
        """Remove what a store apart has of the local file ``path``, if it has it. The local file is not touched.

        Raises:
            StoreError: the file is under no root.
            RemoteError: the store cannot be reached or refuses.
        """
        target = self.at(self.uri(path))
        if self._apart and there(target):
            remote.remove(target)

    def exists(self, artifact: Artifact) -> bool:
        """Whether there is a file where ``artifact`` was recorded. The content is not checked."""
        return there(self.at(artifact.uri)) or self._kept_here(artifact.uri)

    def damage(self, artifact: Artifact, whole: bool, *, every_byte: bool = False) -> str | None:
        """What is wrong with a recorded file, or None: it is gone, or has another size, or other bytes.

        ``whole``: compare the hash too. A file that did not change since it was hashed is read again only for ``every_byte``.

        Raises:
            RemoteError: the store cannot be asked.
        """
        target = self._place(artifact.uri)
        if (found := contents(target)) is None:
            return f"{artifact.uri} is gone"
        if total(found) != artifact.bytes:
            return f"{artifact.uri} has {total(found)} bytes, recorded were {artifact.bytes}"
        if whole and remembered_hash(target, found, every_byte=every_byte) != artifact.sha256:
            return f"{artifact.uri} has other bytes than those recorded"
        return None

    def local(self, uri: str) -> Path:
        """A local path with the bytes of ``uri``, not verified. The files of a remote store are copied into the cache.

        Raises:
            StoreError: there is no such file.
        """
        target = self.at(uri)
        if (found := contents(target)) is None:
            if self._kept_here(uri):
                return self._here(uri)
            raise StoreError(f"{uri}: is missing from {self._root}; materialise the asset that recorded it again")
        if isinstance(target, Path):
            return Path(target)
        copy = self._cached(uri)
        if [one.name for one in found] == [""]:
            remote.fetch(target, copy)
        else:
            _fetch_folder(target, copy)
        return copy

    def open(self, artifact: Artifact) -> Path:
        """A local path to exactly the bytes that were recorded.

        Raises:
            StoreError: there is no such file, or the file has other bytes than the recorded ones.
        """
        if (copy := self._copy_of(artifact)) is not None:
            return copy
        path = self.local(artifact.uri)
        found = content_hash(path)
        if found != artifact.sha256:
            raise StoreError(
                f"{artifact.uri}: its SHA-256 is {found}, recorded was {artifact.sha256}; "
                "restore the file, or materialise the asset that recorded it again"
            )
        return path

    def _copy_of(self, artifact: Artifact) -> Path | None:
        """A local copy of a file of a store apart that has the recorded bytes; None when there is none."""
        if not self._apart:
            return None
        copies = dict.fromkeys((self._here(artifact.uri), self._cached(artifact.uri)))
        return next((copy for copy in copies if copy.exists() and content_hash(copy) == artifact.sha256), None)

    def _cached(self, uri: str) -> Path:
        """The local copy of a file of a remote store, whether or not there is one. A report is copied into the data set."""
        return self._here(uri) if uri.startswith(DATASET) else self._cache / uri

    def _copy_in(self, path: Path, target: UPath, sha256: str) -> None:
        if isinstance(target, Path) and target.resolve() == path.resolve():
            return
        if not path.is_dir():
            remote.send(path, target, sha256)
            return
        inside = names(path)
        for name in inside:
            remote.send(path / name, target / name, files.sha256(path / name))
        for name in sorted(set(names(target)) - set(inside)):
            remote.remove(target / name)  # a file of an earlier folder here is no part of this one


@contextmanager
def _whole(target: UPath) -> Iterator[Path]:
    """Yield a local path. The file written there replaces ``target`` whole when the block ends without an error."""
    if isinstance(target, Path):
        with files.replacing(target) as temporary:
            yield temporary
        return
    with tempfile.TemporaryDirectory() as folder, files.naming(Path(folder)):
        yield (temporary := Path(folder) / target.name)
        remote.send(temporary, target, files.sha256(temporary))


def _fetch_folder(target: UPath, copy: Path) -> None:
    inside = names(target)
    for name in inside:
        remote.fetch(target / name, copy / name)
    for name in sorted(set(names(copy)) - set(inside)):
        (copy / name).unlink()


def _described(path: Path, uri: str, sha256: str | None = None) -> Artifact:
    found = contents(path) or ()
    return Artifact(uri, sha256 if sha256 and not path.is_dir() else content_hash(path, found), total(found))


def project_store(voice: OfVoice | None = None) -> Store:
    """The project's store: ``$VOICE_STORE``, a folder or a URL, or the project folder itself.

    ``voice``: only needed for the reports in its data set.
    """
    return Store(remote.location(project.store_root()), project.root(), voice, project.cache_dir() / "store")
