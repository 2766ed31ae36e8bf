"""The version of a release, such as ``1.0.0``, and the name of its Git tag.

Semantic Versioning 2.0 without build metadata: ``1.0.0``, ``1.1.0-rc.1``. Such a text is safe as a name of a file, of a
folder, of a partition and of a tag.
"""

import re

LONGEST = 50
_NUMBER = r"(?:0|[1-9][0-9]*)"
_PRE = rf"(?:{_NUMBER}|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_VERSION = re.compile(rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-{_PRE}(?:\.{_PRE})*)?")


class VersionError(ValueError):
    """A text that is no version. The message says what a version looks like."""


def require_version(text: str) -> str:
    """Return ``text`` when it is a version.

    Raises:
        VersionError: it is none.
    """
    if len(text) > LONGEST or not _VERSION.fullmatch(text) or text.endswith(".lock"):  # git refuses names that end with .lock
        hint = f"; write {text[1:]}, the tag gets the v" if text[:1] == "v" and _VERSION.fullmatch(text[1:]) else ""
        raise VersionError(f"{text[:LONGEST]!r} is not a version such as 1.0.0 or 1.1.0-rc.1 (semver.org){hint}")
    return text


def tag_name(version: str, voice: str) -> str:
    """``v1.0.0-felix_mirage``."""
    return f"v{require_version(version)}-{voice}"
