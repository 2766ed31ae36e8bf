"""Releasing for real: the package is verified, other programs speak it, Whisper hears them, Git tags it."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from voice_assets.orchestration import tables
from voice_assets.orchestration.deployment_locks import DeploymentLock
from voice_assets.release.project_status import markers
from voice_assets.runtime import files
from voice_assets.runtime.storage import project_store
from voice_assets_tests.cli.projects import call
from voice_assets_tests.defs.releasable_voice import EPOCHS, Releasable
from voice_assets_tests.defs.releasable_voice import releasable as releasable
from voice_assets_tests.defs.releasable_voice import releasable_once as releasable_once
from voice_assets_tests.release.repositories import git, remote_of
from voice_assets_tests.release.small_package import SENTENCES
from voice_assets_tests.release.small_package import small_package as small_package
from voice_assets_tests.release.small_package import small_voice as small_voice

pytestmark = pytest.mark.slow

RELEASE = ("release", "toy", "--version", "1.0.0")
CLIENTS = {"piper", "piper-python", "piper-http", "wyoming-piper", "sherpa-onnx"}


def contents(root: Path) -> dict[str, str]:
    """Every file of the project that a release could change, by its hash."""
    places = [root / "PROJECT_STATUS.md", *(root / "artifacts" / "toy" / "releases").rglob("*")]
    places += (root / "dataset" / "reports").glob("release_*/**/*")
    return {str(path.relative_to(root)): files.sha256(path) for path in places if path.is_file()}


def test_a_release_is_archived_tagged_and_never_changes(releasable: Releasable, tmp_path: Path) -> None:
    """One story, because the other programs need a minute to speak."""
    root = releasable.root
    (root / "PROJECT_STATUS.md").write_text("# Ours\n\nWritten by people.\n", encoding="utf-8")
    _remove_a_sentence(releasable)
    done = call(*RELEASE)
    assert done.exit_code == 0, done.output
    assert "warning: " in done.output
    assert "unsigned" in done.output
    record = releasable.record("1.0.0")
    assert record is not None
    assert (record["version"], record["epoch"], record["tag"]) == ("1.0.0", EPOCHS[1], "v1.0.0-toy")
    clients = tables.read(project_store(), releasable.project.latest("release", "1.0.0").evidence["clients"])
    assert dict(zip(clients["client"], clients["sentences"], strict=True)) == dict.fromkeys(CLIENTS, len(SENTENCES))
    _check_archives(root)
    _check_tag(root, str(record["commit"]))
    _check_papers(root)
    before, runs = contents(root), releasable.project.instance.get_runs_count()
    again = call(*RELEASE)
    assert (again.exit_code, contents(root)) == (0, before), again.output
    assert "nothing was changed" in again.output
    assert releasable.project.instance.get_runs_count() == runs
    _check_outward(releasable, tmp_path, before)
    _check_another_package(releasable)


def _remove_a_sentence(releasable: Releasable) -> None:
    """Write into a table of the package's folder that is no part of the folder's hash. The programs speak the zip."""
    table = releasable.package_folder(EPOCHS[1]) / "samples" / "samples.tsv"
    heading, first, *_ = table.read_text(encoding="utf-8").splitlines(keepends=True)
    table.write_text(heading + first, encoding="utf-8")


def _check_archives(root: Path) -> None:
    for folder in (root / "artifacts" / "toy" / "releases" / "1.0.0", root / "dataset" / "reports" / "release_1.0.0"):
        subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=folder, check=True)
        listed = json.loads((folder / "release.json").read_text(encoding="utf-8"))["files"]
        assert set(listed) == {
            "package/en_US-tiny-x_low.zip",
            "checkpoint/weights.ckpt",
            "config/config.json",
            "config/toy.yaml",
            "logs/training/train.log",
            "logs/training/training.json",
        }
    assert call("verify", str(folder / "package" / "en_US-tiny-x_low.zip")).exit_code == 0


def _check_tag(root: Path, commit: str) -> None:
    assert git(root, "cat-file", "-t", "v1.0.0-toy") == "tag"
    assert git(root, "rev-parse", "v1.0.0-toy^{commit}") == git(root, "rev-parse", "HEAD") == commit
    sums = files.sha256(root / "artifacts" / "toy" / "releases" / "1.0.0" / "SHA256SUMS")
    assert f"archive-sha256: {sums}" in git(root, "for-each-ref", "--format=%(contents)", "refs/tags/v1.0.0-toy")


def _check_papers(root: Path) -> None:
    page = (root / "PROJECT_STATUS.md").read_text(encoding="utf-8")
    assert page.startswith("# Ours\n\nWritten by people.\n")
    assert markers("toy")[0].decode() in page
    assert "| whisper_validation | PASS |" in page
    assert "dataset/reports/whisper_validation_A" in page
    checklist = (root / "dataset" / "reports" / "release_1.0.0" / "HANDOVER.md").read_text(encoding="utf-8")
    assert "| missing | Tag pushed | push it: git push origin v1.0.0-toy |" in checklist
    for client in CLIENTS:
        assert f"{client} " in checklist
    assert "| missing | People heard the samples |" in checklist


def _check_outward(releasable: Releasable, tmp_path: Path, before: dict[str, str]) -> None:
    """The push and the upload, of the version that is released already."""
    remote = remote_of(releasable.root, tmp_path / "remote.git")
    target = tmp_path / "bucket"
    done = call(*RELEASE, "--push", "--to", str(target))
    assert done.exit_code == 0, done.output
    assert git(remote, "tag") == "v1.0.0-toy"
    changed = {name for name, digest in contents(releasable.root).items() if before.get(name) != digest}
    assert changed == {"dataset/reports/release_1.0.0/HANDOVER.md"}
    assert f"| done | Tag pushed | v1.0.0-toy to {remote} |" in (releasable.root / changed.pop()).read_text(encoding="utf-8")
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=target / "toy" / "1.0.0", check=True)
    assert "0 of them sent by this call" in call(*RELEASE, "--to", str(target)).output


def _check_another_package(releasable: Releasable) -> None:
    """The newest package is another epoch's: the version stays what it is."""
    before = contents(releasable.root)
    (releasable.package_folder(EPOCHS[0]) / "MODEL_CARD").write_text("another", encoding="utf-8")
    releasable.make_package(EPOCHS[0])
    done = call(*RELEASE)
    assert done.exit_code == 1
    assert f"was released from {EPOCHS[1]}, and the package of {EPOCHS[0]} is another" in done.output
    outcome = releasable.project.run("release", "1.0.0")  # as a person can in the UI
    assert outcome.success, outcome.message
    assert contents(releasable.root) == before
    assert call(*RELEASE, "--epoch", EPOCHS[1]).exit_code == 0


def test_a_package_that_is_not_whole_is_not_released(releasable: Releasable) -> None:
    """The zip lacks a file; the recorded history says that the package passed."""
    folder = releasable.package_folder(EPOCHS[1])
    (folder / "evidence" / "voice_samples.intoto.json").unlink()
    releasable.make_package(EPOCHS[1])
    done = call(*RELEASE, "--no-tag")
    assert done.exit_code == 1
    assert "package_verified: failed" in done.output
    assert "voice_samples.intoto.json" in done.output
    assert contents(releasable.root) == {}
    assert releasable.record("1.0.0") is None
    assert releasable.versions() == ["1.0.0"]  # the UI shows why it is not released


def test_one_run_at_a_time_releases_a_voice(releasable: Releasable) -> None:
    """Somebody materialises a version in the UI, and somebody else does, perhaps on another machine."""
    lock = DeploymentLock(releasable.project.instance, "release toy", releasable.root / "artifacts" / "toy" / "release.lock")
    with lock.held():
        done = call(*RELEASE, "--no-tag")
    assert done.exit_code == 1, done.output
    assert "another run releases toy: process" in done.output
    assert "wait for that run, or end it" in done.output
    assert contents(releasable.root) == {}


def refusal(*arguments: str) -> str:
    done = call(*RELEASE, *arguments)
    assert done.exit_code == 1, done.output
    return done.output


def test_what_is_missing_is_said_before_anything_starts(releasable: Releasable) -> None:
    releasable.write_voice(license="", credit="  ")
    said = refusal()
    assert f"licence: not named: write `license` in {releasable.root / 'voices' / 'toy.yaml'}: a release needs it" in said
    assert "credit: not named" in said
    assert "out of date: built with code or settings" in said or "nothing was started" in said
    assert releasable.versions() == []
    lines = call("doctor", "toy").output
    assert "warn licence: not named" in lines
    assert f"voice package: of {EPOCHS[1]}" in lines


def test_a_voice_may_be_released_without_a_credit_when_its_owner_says_why(releasable: Releasable) -> None:
    releasable.write_voice(credit="", advisory={"release/credit_named": "the speaker wants no credit"})
    assert "credit" not in refusal().split("What to do")[0]


def test_an_epoch_without_a_package_names_what_makes_one(releasable: Releasable) -> None:
    said = refusal("--epoch", EPOCHS[0])
    assert f"toy/voice_package[{EPOCHS[0]}]: never materialised" in said
    assert "`voice-assets run toy --to voice_package`" in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--version", "one"), "'one' is not a version such as 1.0.0"),
        (("--version", "1.0.0", "--epoch", "v9-e0001"), "there is no epoch 'v9-e0001'"),
        (("--version", "1.0.0", "--push", "--no-tag"), "--push pushes the Git tag, and --no-tag makes none"),
    ],
)
def test_what_cannot_be_asked_for(releasable: Releasable, arguments: tuple[str, ...], words: str) -> None:
    done = call("release", "toy", *arguments)
    assert done.exit_code == 2
    assert words in done.output


def test_a_repository_that_cannot_be_tagged_stops_the_release_at_once(releasable: Releasable) -> None:
    (releasable.root / "workspace.yaml").write_text("changed\n", encoding="utf-8")
    assert "workspace.yaml: changed and not committed" in refusal()
    shutil.rmtree(releasable.root / ".git")
    assert "is in no Git repository that can be tagged" in refusal()
    assert (contents(releasable.root), releasable.versions()) == ({}, [])


def test_a_status_page_that_cannot_be_understood_stops_the_release_at_once(releasable: Releasable) -> None:
    (releasable.root / "PROJECT_STATUS.md").write_bytes(markers("toy")[1])
    assert "PROJECT_STATUS.md: no line: <!-- voice-assets: begin toy --> must be there once" in refusal()


def test_a_name_that_is_no_version_is_no_release_in_the_ui(releasable: Releasable) -> None:
    releasable.project.instance.add_dynamic_partitions("toy_releases", ["latest"])
    outcome = releasable.project.run("release", "latest")
    assert not outcome.success
    assert "'latest' is not a version such as 1.0.0" in outcome.message
