"""The files of an opened package, read once: names, hashes, texts and JSON. Judges nothing (``release.verification`` does)."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from voice_assets.release.sums import SIGNATURE, SUMS, PackageError
from voice_assets.runtime import files, strict_json

LARGEST_TEXT = 16 << 20
LARGEST_LISTING, MOST_VALUES = 128 << 20, 4_000_000
"""Of a JSON file that lists every clip of a data set: 18,000 clips have 7 MB and 90,000 values."""


@dataclass(frozen=True)
class PackageFiles:
    """The files of the package in ``folder``, which ``opened_package`` gave."""

    folder: Path
    digests: dict[str, str] = field(repr=False)

    @classmethod
    def of(cls, folder: Path) -> "PackageFiles":
        """Hash every file. Raises OSError when one cannot be read."""
        found = sorted(path for path in folder.rglob("*") if path.is_file())
        return cls(folder, {path.relative_to(folder).as_posix(): files.sha256(path) for path in found})

    @property
    def listed(self) -> dict[str, str]:
        """File -> SHA-256 of all files that ``SHA256SUMS`` must list."""
        return {name: digest for name, digest in self.digests.items() if name not in (SUMS, SIGNATURE)}

    @cached_property
    def name(self) -> str:
        """The name of the voice: that of the one ``.onnx`` or ``.onnx.json`` beside ``SHA256SUMS``.

        Raises:
            PackageError: there is none, or more than one.
        """
        ends = (".onnx", ".onnx.json")
        beside = [name for name in self.digests if name.endswith(ends) and "/" not in name]
        found = sorted({name.removesuffix(".json").removesuffix(".onnx") for name in beside})
        if len(found) != 1:
            raise PackageError(f"{', '.join(beside) or '*.onnx'}: a package has one voice, and this has {len(found)}")
        return found[0]

    def path(self, name: str) -> Path:
        """The path of a file that the package has.

        Raises:
            PackageError: it has no such file.
        """
        if name not in self.digests:
            raise PackageError(f"{name}: missing")
        return self.folder / name

    def text(self, name: str) -> str:
        """The text of a file.

        Raises:
            PackageError: no such file, not UTF-8, or over ``LARGEST_TEXT`` bytes.
        """
        with self.path(name).open("rb") as file:
            data = file.read(LARGEST_TEXT + 1)
        if len(data) > LARGEST_TEXT:
            raise PackageError(f"{name}: over {LARGEST_TEXT} bytes")
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise PackageError(f"{name}: not UTF-8: {error}") from error

    def json(self, name: str, *, listing: bool = False) -> dict[str, Any]:
        """The JSON object in a file; ``listing``: it may list every clip of a data set.

        Raises:
            PackageError: no such file, no strict JSON, too large, or no object.
        """
        most = (LARGEST_LISTING, MOST_VALUES) if listing else (strict_json.LARGEST, strict_json.MOST_VALUES)
        try:
            content = strict_json.read(self.path(name), largest=most[0], most_values=most[1])
        except strict_json.JsonError as error:
            raise PackageError(str(error).removeprefix(f"{self.folder}/")) from error
        if not isinstance(content, dict):
            raise PackageError(f"{name}: a JSON object is needed, not {str(content)[:40]!r}")
        return content
