"""What the evidence of a real package must say, compared with the project that made the package."""

import json
from pathlib import Path

import pytest

from voice_assets.release.package_files import PackageFiles
from voice_assets.release.signing import KEY, SignedBy, check
from voice_assets.release.statements import DATASET_FILE, PROVENANCE_FILE, statements, with_files
from voice_assets.reports.lineage import read
from voice_assets.rules.suites import suite_names
from voice_assets.runtime.files import sha256
from voice_assets_tests.release.signed_packages import keys
from voice_assets_tests.toy_project import ToyProject


def expect_evidence(package: Path, dataset: Path) -> None:
    """Expect a statement per gate that follows from the lineage, and a description that fits every recording."""
    texts = {name: (package / name).read_text(encoding="utf-8") for name in ("training.json", f"evidence/{DATASET_FILE}")}
    voice = {name: sha256(package / name) for name in (f"{package.name}.onnx", f"{package.name}.onnx.json")}
    described = package / "evidence" / DATASET_FILE
    wanted = statements(read(package / "lineage.json"), json.loads(texts["training.json"]), voice, sha256(described))
    wanted[PROVENANCE_FILE] = with_files(wanted[PROVENANCE_FILE], PackageFiles.of(package).listed)
    found = {file.name: json.loads(file.read_text(encoding="utf-8")) for file in package.glob("evidence/*.intoto.json")}
    assert found == wanted
    gates = [name for name in suite_names() if name not in ("voice_package", "best_epoch", "release")]
    assert {name.partition(".")[0] for name in found} == {*gates, "provenance"}
    assert {one["predicate"]["result"] for name, one in found.items() if not name.startswith("provenance")} <= {
        "PASSED",
        "WARNED",
    }
    rows = json.loads(texts[f"evidence/{DATASET_FILE}"])["recordSet"][0]["data"]
    assert {row["clips/path"]: row["clips/sha256"] for row in rows} == {
        f"wavs/{file.name}": sha256(file) for file in (dataset / "wavs").iterdir()
    }
    assert {row["clips/split"] for row in rows} == {"train", "validation", "left out"}


def expect_signature(toy: ToyProject, epoch: str, folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Package an epoch again with a key. Before, the package was unsigned; after, it has the same files and a signature."""
    assert toy.latest("voice_package", epoch).metadata["signature"].startswith("unsigned: ")
    before = sha256(toy.file("voice_package", "package", epoch) / "SHA256SUMS")
    secret, public = keys(folder)
    patch.setenv(KEY, str(secret))
    assert toy.run("voice_package", epoch).success
    package = toy.file("voice_package", "package", epoch)
    assert check(package, public) == SignedBy(sha256(public), checked=True)
    assert sha256(package / "SHA256SUMS") == before
    assert [file.name for file in toy.root.glob("artifacts/toy/signatures/*")] == [f"{before}-{sha256(public)}.sig"]
