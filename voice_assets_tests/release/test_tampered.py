"""A package with one change is refused, and a reason names the file: without new checksums, with new checksums, and signed."""

import re
import shutil
from pathlib import Path

import pytest

from voice_assets.release.signing import Signer
from voice_assets.release.sums import SIGNATURE
from voice_assets.release.verification import Verification, verify
from voice_assets_tests.handbook.pages import DOCS
from voice_assets_tests.release.small_package import NAME
from voice_assets_tests.release.tampering import CAREFUL, byte_changes, changed, flip, of_signature, signed_changes

pytestmark = pytest.mark.slow


def wrong(result: Verification, file: str) -> str:
    """Empty when the package was refused with a reason that names ``file``; else what was said."""
    return "" if any(file in problem for problem in result.problems) else f"{result.problems or 'not refused'}"


def test_a_good_package_is_whole_and_speaks(small_package: Path) -> None:
    result = verify(small_package)
    assert result.problems == []
    assert (result.name, result.signed_by) == (NAME, "")
    assert [warning.partition(":")[0] for warning in result.warnings] == [SIGNATURE]
    tour = (DOCS / "tour.md").read_text(encoding="utf-8").partition("## A package")[2]
    assert [name.strip() for name in re.findall("^(?:ok  |warn) (.{11})", tour, re.MULTILINE)] == [
        one.name for one in result.checks
    ]
    assert "It costs $5" in next(check.found for check in result.checks if check.name == "speech")


def test_a_signed_package_is_whole_with_the_key_and_with_none(signed_package: Path, signing_keys: Path) -> None:
    result = verify(signed_package, signing_keys / "ours.pub", speak=False)
    assert result.problems == []
    assert [warning.partition(":")[0] for warning in result.warnings] == [f"{NAME}.onnx"]
    assert result.signed_by
    unknown = verify(signed_package, speak=False)
    assert unknown.problems == []
    assert (unknown.signed_by, len(unknown.warnings)) == ("", 2)


def test_any_byte_that_is_not_listed_is_noticed(small_package: Path, tmp_path: Path) -> None:
    changes = byte_changes(small_package)
    missed = {}
    for number, (name, (change, file)) in enumerate(changes.items()):
        result = verify(changed(small_package, tmp_path / str(number), change, sums=False), speak=False)
        missed |= {name: said} if (said := wrong(result, file)) else {}
        shutil.rmtree(tmp_path / str(number))
    assert missed == {}
    assert len(changes) >= 50


def test_who_writes_new_checksums_is_noticed_by_what_the_files_say(small_package: Path, tmp_path: Path) -> None:
    missed = {}
    for number, (name, (change, file)) in enumerate(CAREFUL.items()):
        result = verify(changed(small_package, tmp_path / str(number), change, sums=True), speak=False)
        missed |= {name: said} if (said := wrong(result, file)) else {}
        assert not any("checksum" in problem for problem in result.problems), name
        shutil.rmtree(tmp_path / str(number))
    assert missed == {}
    assert len(CAREFUL) >= 60


def test_every_file_of_a_signed_package_counts(signed_package: Path, signing_keys: Path, tmp_path: Path) -> None:
    """Without the key too: the signature lists the files that were signed."""
    missed = {}
    for number, (name, (change, file)) in enumerate(signed_changes(signed_package).items()):
        key = signing_keys / "ours.pub" if number % 2 else None
        result = verify(changed(signed_package, tmp_path / str(number), change, sums=True), key, speak=False)
        told = [check for check in result.checks if check.name == "signature"]
        missed |= {name: said} if (said := wrong(result, file)) or not told[0].problems else {}
        shutil.rmtree(tmp_path / str(number))
    assert missed == {}


def test_another_signature_is_refused(small_voice: Path, signed_package: Path, signing_keys: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    shutil.copytree(signed_package, theirs)
    (theirs / SIGNATURE).unlink()
    Signer(signing_keys / "theirs.pem").sign(theirs, tmp_path / "kept")
    assert verify(theirs, signing_keys / "theirs.pub", speak=False).problems == []
    missed = {}
    for number, (name, change) in enumerate(of_signature(theirs / SIGNATURE).items()):
        package = changed(signed_package, tmp_path / str(number), change, sums=False)
        result = verify(package, signing_keys / "ours.pub", speak=False)
        missed |= {name: said} if (said := wrong(result, SIGNATURE)) else {}
    assert missed == {}


def test_a_private_key_or_a_text_is_no_key(signed_package: Path, signing_keys: Path) -> None:
    for key in (signing_keys / "ours.pem", signed_package / "README.md"):
        assert key.name in verify(signed_package, key, speak=False).problems[0]


def test_a_zip_is_verified_as_its_folder(signed_package: Path, signing_keys: Path, tmp_path: Path) -> None:
    from voice_assets.release.archive import zip_package

    file = zip_package(signed_package, tmp_path / f"{NAME}.zip")
    result = verify(file, signing_keys / "ours.pub", speak=False)
    assert (result.problems, result.name) == ([], NAME)
    assert list(tmp_path.iterdir()) == [file]
    file.write_bytes(file.read_bytes().replace(b"* Licence", b"* License", 1))
    with pytest.raises(ValueError, match="Bad CRC-32"):
        verify(file)


def test_a_model_does_not_run_when_its_package_was_changed(signed_package: Path, signing_keys: Path, tmp_path: Path) -> None:
    flipped = changed(signed_package, tmp_path / "checksums", flip("README.md"), sums=False)
    assert "not tried to speak: refused by checksums" in wrong_words(verify(flipped))
    listed = changed(signed_package, tmp_path / "signature", flip("README.md"), sums=True)
    assert "not tried to speak: refused by signature" in wrong_words(verify(listed, signing_keys / "ours.pub"))


def test_a_silent_voice_is_refused(small_package: Path, tmp_path: Path) -> None:
    """The model is whole ONNX, and its last step is times nothing."""
    import numpy as np
    import onnx

    def silence(folder: Path) -> None:
        loaded = onnx.load(str(folder / f"{NAME}.onnx"))
        last = next(node for node in loaded.graph.node if "output" in node.output)
        last.output[0] = "before"
        loaded.graph.initializer.append(onnx.numpy_helper.from_array(np.zeros(1, np.float32), "nothing"))
        loaded.graph.node.append(onnx.helper.make_node("Mul", ["before", "nothing"], ["output"]))
        (folder / f"{NAME}.onnx").write_bytes(loaded.SerializeToString())

    result = verify(changed(small_package, tmp_path / "silent", silence, sums=True))
    assert "does not speak" in wrong_words(result)


def test_a_model_that_fills_the_memory_ends(small_package: Path, tmp_path: Path) -> None:
    """The model is whole ONNX, and asks for 400 GB when it runs."""
    import numpy as np
    import onnx

    def fill(folder: Path) -> None:
        loaded = onnx.load(str(folder / f"{NAME}.onnx"))
        last = next(node for node in loaded.graph.node if "output" in node.output)
        last.output[0] = "before"
        loaded.graph.initializer.append(onnx.numpy_helper.from_array(np.array([100_000, 1_000, 1_000]), "large"))
        loaded.graph.node.append(onnx.helper.make_node("ConstantOfShape", ["large"], ["filled"]))
        loaded.graph.node.append(onnx.helper.make_node("ReduceSum", ["filled"], ["sum"], keepdims=0))
        loaded.graph.node.append(onnx.helper.make_node("Add", ["before", "sum"], ["output"]))
        (folder / f"{NAME}.onnx").write_bytes(loaded.SerializeToString())

    result = verify(changed(small_package, tmp_path / "full", fill, sums=True))
    assert "does not speak: piper ended with exit code" in wrong_words(result)


def wrong_words(result: Verification) -> str:
    """What the check of the speech found."""
    return " ".join(next(check.problems for check in result.checks if check.name == "speech"))
