"""Recorded files: written whole, named by a URI relative to a configured root, and verified by hash when they are read.

Belongs here: where a recorded file is. Does not belong here: the content (``orchestration.tables``, ``reports``, the workers).

A URI is relative, so a project folder can be moved or mounted elsewhere, and every record stays valid. The file
``artifacts/toy/tables/…`` is in the store's root, ``dataset:reports/…`` is in the data set of the voice. The root is a folder,
or a URL that fsspec knows. Only folders and ``memory://`` were tried.
"""

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

from upath import UPath

from voice_assets.runtime import files, project

FILLED_IN = ("low_similarity.tsv", "suspects.tsv", "samples.tsv", "training_suspects.tsv")
"""Tables of reports in which people write their decisions. They are no part of the hash of a report's folder."""
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


class Store:
    """The recorded files of one project."""

    def __init__(self, root: UPath, work: Path, dataset: Path | None = None, cache: Path | None = None):
        """Describe a store. Nothing is written or read.

        Args:
            root: where files are kept.
            work: the local folder that workers write into. The URI of a file is the path under this folder.
            dataset: the data set of the voice; only needed for the reports of the voice.
            cache: the local folder for copies of a remote store's files.
        """
        self._root, self._work, self._dataset, self._cache = root, work, dataset, cache or work / ".cache" / "store"

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
        inside = uri.removeprefix(DATASET)
        if PurePosixPath(inside).is_absolute() or ".." in PurePosixPath(inside).parts:
            raise StoreError(f"{uri}: leads out of the store")
        if inside == uri:
            return self._root / inside
        if self._dataset is None:
            raise StoreError(f"{uri}: which data set is not known here")
        return UPath(self._dataset) / inside

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
        self._copy_in(path, self.at(uri))
        return artifact

    def exists(self, artifact: Artifact) -> bool:
        """Whether there is a file where ``artifact`` was recorded. The content is not checked."""
        return bool(self.at(artifact.uri).exists())

    def damage(self, artifact: Artifact, whole: bool) -> str | None:
        """What is wrong with a recorded file, or None: it is gone, or has another size, or other bytes.

        ``whole``: compare the bytes too. The hash of a file that did not change since is not computed twice in a process.
        """
        target = self.at(artifact.uri)
        if not target.exists():
            return f"{artifact.uri} is gone"
        if not isinstance(target, Path):
            return None  # an object of a remote store is replaced whole, or not at all
        found = [(file, file.stat()) for file in _hashed(target)]
        size = sum(stat.st_size for _, stat in found)
        if size != artifact.bytes:
            return f"{artifact.uri} has {size} bytes, recorded were {artifact.bytes}"
        if whole and _hash_of(target, tuple((file, stat.st_size, stat.st_mtime_ns) for file, stat in found)) != artifact.sha256:
            return f"{artifact.uri} has other bytes than those recorded"
        return None

    def local(self, uri: str) -> Path:
        """A local path with the bytes of ``uri``, not verified. The files of a remote store are copied into the cache.

        Raises:
            StoreError: there is no such file.
        """
        target = self.at(uri)
        if not target.exists():
            raise StoreError(f"{uri}: is missing from {self._root}; materialise the asset that recorded it again")
        return Path(target) if isinstance(target, Path) else self._copy_out(target, uri)

    def open(self, artifact: Artifact) -> Path:
        """A local path to exactly the bytes that were recorded.

        Raises:
            StoreError: there is no such file, or the file has other bytes than the recorded ones.
        """
        path = self.local(artifact.uri)
        found = _described(path, artifact.uri).sha256
        if found != artifact.sha256:
            raise StoreError(
                f"{artifact.uri}: its SHA-256 is {found}, recorded was {artifact.sha256}; "
                "restore the file, or materialise the asset that recorded it again"
            )
        return path

    def _copy_in(self, path: Path, target: UPath) -> None:
        if isinstance(target, Path) and target.resolve() == path.resolve():
            return
        for file in _files(path):
            inside = file.relative_to(path)
            with _whole(target / inside if path.is_dir() else target) as temporary:
                shutil.copyfile(file, temporary)

    def _copy_out(self, target: UPath, uri: str) -> Path:
        copy = self._cache / uri.removeprefix(DATASET)
        sources = [file for file in target.rglob("*") if file.is_file()] if target.is_dir() else [target]
        for source in sources:
            inside = source.relative_to(target).as_posix() if source != target else ""
            with files.replacing(copy / inside if inside else copy) as temporary:
                source.fs.get_file(source.path, str(temporary))
        return copy


@contextmanager
def _whole(target: UPath) -> Iterator[Path]:
    """Yield a local path. The file written there replaces ``target`` whole when the block ends without an error."""
    if isinstance(target, Path):
        with files.replacing(target) as temporary:
            yield temporary
        return
    with tempfile.TemporaryDirectory() as folder, files.naming(Path(folder)):
        yield (temporary := Path(folder) / target.name)
        target.fs.put_file(str(temporary), target.path)  # one upload: nobody sees half an object


def _files(path: Path) -> list[Path]:
    return sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]


@lru_cache(maxsize=1000)
def _hash_of(path: Path, _unchanged: tuple[tuple[Path, int, int], ...]) -> str:
    """The SHA-256 of a file or folder, remembered while size and time of every file in it stay the same."""
    return _described(path, "").sha256


def _hashed(path: Path) -> list[Path]:
    """The files whose names and bytes are the content of ``path``."""
    return [file for file in _files(path) if file.name not in FILLED_IN or file == path]


def _described(path: Path, uri: str, sha256: str | None = None) -> Artifact:
    found = _hashed(path)
    size = sum(file.stat().st_size for file in found)
    if not path.is_dir():
        return Artifact(uri, sha256 or files.sha256(path), size)
    digest = hashlib.sha256()
    for file in found:
        digest.update(f"{files.sha256(file)}  {file.relative_to(path).as_posix()}\n".encode("utf-8", "surrogateescape"))
    return Artifact(uri, digest.hexdigest(), size)


def content_hash(path: Path) -> str:
    """The SHA-256 under which ``Store.add`` would record a file or folder."""
    return _described(path, "").sha256


def project_store(dataset: Path | None = None) -> Store:
    """The project's store: ``$VOICE_STORE``, a folder or a URL, or the project folder itself."""
    return Store(UPath(project.store_root()), project.root(), dataset, project.cache_dir() / "store")
