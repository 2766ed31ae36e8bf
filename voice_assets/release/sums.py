"""``SHA256SUMS``: the list of a package's files with their hashes, in the format of ``sha256sum --check``.

Does not belong here: comparing a package with its list (``release.verification``).
"""

import re
from collections.abc import Mapping
from pathlib import Path

from voice_assets.runtime import files

SUMS = "SHA256SUMS"
SIGNATURE = "model.sig"
"""The signature over all other files, ``SHA256SUMS`` too. So the list cannot hold its hash."""


LARGEST = 16 << 20
_SHA256 = re.compile("[0-9a-f]{64}")


class PackageError(ValueError):
    """A package that cannot be built or read. The message names the file."""


def listed_files(package: Path) -> list[str]:
    """The files that ``SHA256SUMS`` must list: all but itself and the signature, sorted, with ``/`` between the parts."""
    found = (path.relative_to(package).as_posix() for path in package.rglob("*") if path.is_file())
    return sorted(name for name in found if name not in (SUMS, SIGNATURE))


def write_sums(package: Path) -> None:
    """Write ``SHA256SUMS`` of a package."""
    write(package, {name: files.sha256(package / name) for name in listed_files(package)})


def write(folder: Path, digests: Mapping[str, str]) -> None:
    """Write ``SHA256SUMS``: file -> SHA-256."""
    files.write_text(folder / SUMS, "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items())))


def read_sums(package: Path) -> dict[str, str]:
    """File -> SHA-256, from ``SHA256SUMS``.

    Raises:
        PackageError: ``SHA256SUMS`` is missing or too large, a line is not ``<sha256>  <file>`` with a file inside the
            package, or a file is listed twice.
    """
    path = package / SUMS
    if not path.is_file():
        raise PackageError(f"{path}: no such file, this is not a voice package")
    if path.stat().st_size > LARGEST:
        raise PackageError(f"{path}: larger than {LARGEST} bytes, so no list of a package's files")
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise PackageError(f"{path}: is not UTF-8: {error}") from error
    sums = {}
    for number, line in enumerate(text.removesuffix("\n").split("\n") if text else [], start=1):
        digest, _, name = line.partition("  ")
        if not _SHA256.fullmatch(digest) or not name or Path(name).is_absolute() or ".." in Path(name).parts:
            raise PackageError(f"{path}: line {number} is not '<sha256>  <file>': {line[:80]!r}")
        if name in sums:
            raise PackageError(f"{path}: line {number}: {name} is listed twice")
        sums[name] = digest
    return sums
