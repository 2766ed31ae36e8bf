"""The voice package: one folder with the voice, its samples, its documentation and its evidence.

Belongs here: arranging the files. Does not belong here: making the files, and verifying a package (``release.verification``).
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from voice_assets.release.players import Recordings, complete_pages
from voice_assets.release.readme import usage
from voice_assets.release.samples import copy_samples
from voice_assets.release.statements import FOLDER, PROVENANCE_FILE, with_files
from voice_assets.release.sums import SUMS, PackageError, listed_files, write_sums
from voice_assets.runtime import building, files


@dataclass(frozen=True)
class Contents:
    """The contents of a package.

    Attributes:
        name: ``<language>_<REGION>-<name>-<quality>``, the name of the folder and the files.
        model, config: the ``.onnx`` and its ``.onnx.json``.
        samples: the folder with ``samples.parquet`` (SAMPLES) and its wavs.
        card: the text of MODEL_CARD.
        lineage: plain JSON: the inputs of the voice.
        reports: name in the package -> folder or file to copy.
        title: the voice's name for people.
        sentence: the text that the usage example speaks.
        tokens: sherpa-onnx's ``tokens.txt``.
        training: plain JSON: the settings of the training and its identity.
        curves: name under ``curves/`` -> file: the losses by epoch, and pictures.
        evidence: name under ``evidence/`` -> plain JSON, or the bytes of the file; `build` lists all files in the provenance.
        recordings: the clips that the pages of the reports play.
    """

    name: str
    model: Path
    config: Path
    samples: Path
    card: str
    lineage: Mapping[str, Any]
    title: str
    sentence: str
    reports: Mapping[str, Path]
    tokens: Path
    training: Mapping[str, Any] = field(default_factory=dict)
    curves: Mapping[str, Path] = field(default_factory=dict)
    evidence: Mapping[str, Any] = field(default_factory=dict)
    recordings: Recordings = field(default_factory=Recordings)


def required(name: str) -> list[str]:
    """The files that every package with that name must have."""
    own = [f"{name}.onnx", f"{name}.onnx.json", "tokens.txt", "MODEL_CARD", "README.md", "lineage.json", "voices.json"]
    return [*own, "training.json", "samples/samples.tsv", SUMS]


def build(parent: Path, contents: Contents, sign: Callable[[Path], object] | None = None) -> Path:
    """Build ``parent/<name>`` and return it. An existing folder of that name is replaced after the new package is complete.

    Args:
        parent: the folder for the package.
        contents: what goes in. The same contents give the same bytes.
        sign: writes ``model.sig`` into the complete package. The folder that ``sign`` gets has the package's name.

    Raises:
        PackageError: a file for the package is missing.
        OSError: the package cannot be written. No files are left behind.
    """
    place = parent / contents.name
    with building.beside(place) as folder:
        new = folder / contents.name
        new.mkdir()
        _fill(new, contents)
        write_sums(new)
        if sign is not None:
            sign(new)
        new.chmod(0o755)
        _swap(new, place, folder / "former")
    return place


def _swap(new: Path, place: Path, former: Path) -> None:
    """Rename ``new`` to ``place``. The folder that was at ``place`` before becomes ``former``; after an error it is back."""
    if not place.exists():
        new.rename(place)
        return
    place.rename(former)
    try:
        new.rename(place)
    except OSError:
        former.rename(place)
        raise


def _fill(folder: Path, contents: Contents) -> None:
    name = contents.name
    _copy(contents.model, folder / f"{name}.onnx")
    _copy(contents.config, folder / f"{name}.onnx.json")
    _copy(contents.tokens, folder / "tokens.txt")
    copy_samples(contents.samples, folder / "samples")
    for label, source in contents.reports.items():
        _copy(source, folder / "reports" / label)
    complete_pages(folder, contents.recordings)
    files.write_text(folder / "MODEL_CARD", contents.card)
    files.write_text(folder / "lineage.json", as_json(contents.lineage))
    files.write_text(folder / "training.json", as_json(contents.training))
    for label, source in contents.curves.items():
        _copy(source, folder / "curves" / label)
    files.write_text(folder / "README.md", usage(name, contents.title, contents.sentence, reports=bool(contents.reports)))
    entry = voices_entry(folder, name, json.loads(contents.config.read_text(encoding="utf-8")))
    files.write_text(folder / "voices.json", json.dumps({name: entry}, ensure_ascii=False, indent=1))
    _write_evidence(folder, contents.evidence)


def _write_evidence(folder: Path, evidence: Mapping[str, Any]) -> None:
    """Write ``evidence/``. The provenance lists every other file, so all of them are written before."""
    digests = {name: files.sha256(folder / name) for name in listed_files(folder)}
    for label, content in evidence.items():
        _write(folder / FOLDER / label, with_files(content, digests) if label == PROVENANCE_FILE else content)


def as_json(content: Any) -> str:
    """The text of a JSON file in a package: sorted keys, no NaN.

    Raises:
        ValueError: ``content`` has a number that JSON does not know.
    """
    return json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False) + "\n"


def _write(target: Path, content: Any) -> None:
    if isinstance(content, bytes):
        with files.replacing(target) as temporary:
            temporary.write_bytes(content)
    else:
        files.write_text(target, as_json(content))


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target)
    elif source.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    else:
        raise PackageError(f"{source}: does not exist; the package needs this file as {target.name}")


def voices_entry(folder: Path, name: str, config: dict[str, Any]) -> dict[str, Any]:
    """The voice's entry in a ``voices.json`` for Home Assistant and Piper's downloader, with paths in the package."""
    paths = [f"{name}.onnx", f"{name}.onnx.json", "MODEL_CARD"]
    return {
        "key": name,
        "name": config["dataset"],
        "language": config["language"],
        "quality": config["audio"]["quality"],
        "num_speakers": config["num_speakers"],
        "speaker_id_map": config["speaker_id_map"],
        "files": {path: {"size_bytes": (folder / path).stat().st_size, "md5_digest": _md5(folder / path)} for path in paths},
        "aliases": [],
    }


def _md5(path: Path) -> str:
    """The MD5 that the format requires. SHA256SUMS protects the package."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
