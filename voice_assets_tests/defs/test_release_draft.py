"""What a version writes, on a real package and in a real repository. The programs that would speak are left out."""

import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import dagster as dg
import pandas as pd
import pytest

from voice_assets.dataset.tables import CLIENTS, frame
from voice_assets.defs.came_from import CAME_FROM, came_from
from voice_assets.defs.release_draft import SIGNED_BY, Draft
from voice_assets.orchestration.listening import record_listening
from voice_assets.orchestration.marks import RELEASED
from voice_assets.orchestration.records import Materialisation, pins_json
from voice_assets.orchestration.results import one_row
from voice_assets.release.signing import Signer
from voice_assets.runtime.storage import Artifact
from voice_assets.voices import load_voice
from voice_assets_tests.cli.projects import call
from voice_assets_tests.defs.releasable_voice import EPOCHS, NAMED, WHISPER, Releasable
from voice_assets_tests.defs.releasable_voice import releasable as releasable
from voice_assets_tests.defs.releasable_voice import releasable_once as releasable_once
from voice_assets_tests.release.repositories import git, remote_of
from voice_assets_tests.release.signed_packages import keys
from voice_assets_tests.release.small_package import small_package as small_package
from voice_assets_tests.release.small_package import small_voice as small_voice

pytestmark = pytest.mark.slow

BLOCKED = [{"rule": "clients_speak", "passed": False, "blocks": True, "message": "piper is silent"}]


@dataclass
class Run:
    """What a draft asks its run for."""

    asset_key: dg.AssetKey
    partition_key: str


def package_of(made: Releasable, epoch: str = EPOCHS[-1]) -> Materialisation:
    found = made.project.gate().history.latest(dg.AssetKey(["toy", "voice_package"]), epoch)
    assert found is not None
    return found


def draft(made: Releasable, version: str = "1.0.0", *, tagged: bool = True) -> Draft:
    """The version as a new run sees it."""
    run = cast("dg.AssetExecutionContext", Run(dg.AssetKey(["toy", "release"]), version))
    voice = load_voice(made.root / "voices" / "toy.yaml")
    return Draft(run, voice, made.project.gate(), package_of(made), tagged)


def evidence() -> dict[str, pd.DataFrame]:
    return {"facts": one_row({SIGNED_BY: ""}), "clients": frame([], CLIENTS)}


def publish(one: Draft, verdicts: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    """Archive, tag and write the papers; returns the metadata entries."""
    report, entries = one.publish(evidence(), list(verdicts))
    return {**entries, "report": report.as_json()} if isinstance(report, Artifact) else entries


def release(made: Releasable, version: str = "1.0.0", *, tagged: bool = True) -> dict[str, Any]:
    """Release a version and record it, as the asset does."""
    one = draft(made, version, tagged=tagged)
    one.require_possible("")
    entries = publish(one)
    code = one.gate.graph.get(one.context.asset_key).code_version
    upstream = pins_json([one.package.pin()])
    entries |= {RELEASED: True, "epoch": one.package.partition, "upstream": upstream}
    made.voice.materialise(one.context.asset_key, one.package.data_version, version, code, **entries)
    return entries


def test_a_released_version_stays_as_it_was_when_a_rule_blocks_today(releasable: Releasable) -> None:
    assert publish(draft(releasable), BLOCKED) == {}  # a version that is not released: the record shows why
    release(releasable)
    with pytest.raises(dg.Failure, match=r"(?s)was released at .* stays as it was.*clients_speak: piper is silent"):
        publish(draft(releasable), BLOCKED)


def archive_of(made: Releasable, version: str = "1.0.0") -> Path:
    return made.root / "artifacts" / "toy" / "releases" / version


def reports_of(made: Releasable, version: str = "1.0.0") -> Path:
    return made.root / "dataset" / "reports" / f"release_{version}"


def tag_of(made: Releasable) -> str:
    return git(made.root, "rev-parse", "v1.0.0-toy^{commit}")


def test_a_run_without_a_tag_keeps_the_recorded_tag(releasable: Releasable) -> None:
    first = release(releasable)
    again = release(releasable, tagged=False)
    assert (again["tag"], again["commit"]) == (first["tag"], first["commit"]) == ("v1.0.0-toy", tag_of(releasable))
    assert f"v1.0.0-toy on {first['commit']}" in (releasable.root / "PROJECT_STATUS.md").read_text(encoding="utf-8")


def test_a_lost_tag_is_made_on_the_commit_that_was_released(releasable: Releasable) -> None:
    released_on = release(releasable)["commit"]
    git(releasable.root, "tag", "--delete", "v1.0.0-toy")
    git(releasable.root, "commit", "--quiet", "--allow-empty", "--message", "later")
    release(releasable)
    assert tag_of(releasable) == released_on


RELEASE = ("release", "toy", "--version", "1.0.0")


def moved(root: Path) -> None:
    message = git(root, "for-each-ref", "--format=%(contents)", "refs/tags/v1.0.0-toy")
    git(root, "commit", "--quiet", "--allow-empty", "--message", "later")
    git(root, "tag", "--annotate", "--force", f"--message={message}", "v1.0.0-toy")


def gone(root: Path) -> None:
    git(root, "tag", "--delete", "v1.0.0-toy")


def of_another(root: Path) -> None:
    git(root, "tag", "--annotate", "--force", "--message=other", "v1.0.0-toy")


@pytest.mark.parametrize(("change", "words"), [(moved, "is on "), (gone, "is gone"), (of_another, "names another package")])
def test_a_tag_that_is_not_as_recorded_is_not_pushed(
    releasable: Releasable, tmp_path: Path, change: Callable[[Path], None], words: str
) -> None:
    release(releasable)
    releasable.pass_checks("1.0.0")
    remote = remote_of(releasable.root, tmp_path / "remote.git")
    assert "the Git tag" not in call(*RELEASE).output
    change(releasable.root)
    done = call(*RELEASE)
    assert done.exit_code == 0, done.output
    assert f"  warning: the Git tag v1.0.0-toy {words}" in done.output
    done = call(*RELEASE, "--push")
    assert done.exit_code == 2, done.output
    assert f"nothing was pushed: the Git tag v1.0.0-toy {words}" in done.output
    assert git(remote, "tag") == ""
    command = done.output.rpartition("make it again: ")[2]
    subprocess.run(command, shell=True, cwd=releasable.root, check=True)
    done = call(*RELEASE, "--push")
    assert (done.exit_code, git(remote, "tag")) == (0, "v1.0.0-toy"), done.output


def test_a_moved_tag_is_no_release_again(releasable: Releasable) -> None:
    release(releasable)
    moved(releasable.root)
    with pytest.raises(dg.Failure, match=r"the Git tag v1.0.0-toy is on .*, and the release made it on"):
        draft(releasable).require_possible("")


def test_a_released_voice_may_move_to_another_data_set(releasable: Releasable) -> None:
    release(releasable)
    releasable.pass_checks("1.0.0")
    (releasable.root / "dataset").rename(releasable.root / "dataset_2")
    shutil.rmtree(releasable.root / "dataset_2" / "reports")
    releasable.project.write_voice(dataset=Path("../dataset_2"), **{**NAMED, "whisper": WHISPER})
    done = call(*RELEASE)
    assert done.exit_code == 0, done.output
    assert "nothing was changed" in done.output
    assert "reports:" not in done.output


def test_a_changed_archive_is_named(releasable: Releasable) -> None:
    release(releasable)
    releasable.pass_checks("1.0.0")
    changed = archive_of(releasable) / "logs" / "training" / "train.log"
    changed.unlink()
    changed.write_text("epoch 0\nepoch 2\n", encoding="utf-8")
    done = call(*RELEASE)
    assert done.exit_code == 1, done.output
    assert f"{changed}: is missing, or is not as SHA256SUMS lists it; a version is never overwritten" in done.output


def test_what_has_the_version_already_stops_the_release_at_once(releasable: Releasable) -> None:
    (reports_of(releasable) / "notes.txt").parent.mkdir(parents=True)
    for tagged in (True, False):
        with pytest.raises(dg.Failure, match=r"release_1\.0\.0 is there and is no archive of a release"):
            draft(releasable, tagged=tagged).require_possible("")


def test_the_name_of_the_tag_counts_for_a_release_without_one(releasable: Releasable) -> None:
    git(releasable.root, "tag", "v1.0.0-toy")
    with pytest.raises(dg.Failure, match=r"the Git tag v1\.0\.0-toy is there and names another package"):
        draft(releasable, tagged=False).require_possible("")
    shutil.rmtree(releasable.root / ".git")
    draft(releasable, tagged=False).require_possible("")


def test_a_signed_package_is_reported_as_signed(releasable: Releasable, tmp_path: Path) -> None:
    secret, _ = keys(tmp_path)
    signed = Signer(secret).sign(releasable.package_folder(EPOCHS[-1]), tmp_path / "signatures")
    releasable.make_package(EPOCHS[-1], signature=str(signed))
    one = draft(releasable)
    facts = one_row(one._facts())
    assert facts[SIGNED_BY].iloc[0] == str(signed)
    assert "signed by the key with the SHA-256" in str(signed)
    one.publish({**evidence(), "facts": facts}, [])
    page = (releasable.root / "PROJECT_STATUS.md").read_text(encoding="utf-8")
    assert "* Signature: signed by the key with the SHA" in page


def test_what_speaks_against_a_released_version_is_a_warning(releasable: Releasable, tmp_path: Path) -> None:
    """A waiver ended, and the voice file names no licence any more. The version can still be handed on."""
    release(releasable)
    releasable.pass_checks("1.0.0", failing=["clients_understood"])
    releasable.write_voice(license="", credit="")
    done = call(*RELEASE, "--to", str(tmp_path / "bucket"))
    assert done.exit_code == 0, done.output
    assert "  warning: toy/release[1.0.0]: clients_understood: failed in run" in done.output
    assert "uploaded: " in done.output


def test_checks_alone_that_fail_take_no_release_back(releasable: Releasable) -> None:
    """The checks have no result yet, so the command runs them: the recorded tables have no programs in them."""
    release(releasable)
    done = call(*RELEASE)
    assert done.exit_code == 0, done.output
    assert "  warning: toy/release[1.0.0]: " in done.output


def test_a_voice_that_lost_an_asset_since_can_be_released(releasable: Releasable) -> None:
    releasable.write_voice(asr_sample={"clips": 0})
    one = draft(releasable)
    names = {ancestor.key.path[-1] for ancestor in one.ancestors if not one.gate.graph.has(ancestor.key)}
    assert names == {"asr_sample", "asr_sample_report"}
    publish(one)
    page = (releasable.root / "PROJECT_STATUS.md").read_text(encoding="utf-8")
    assert "| whisper_validation | PASS |" in page
    assert "asr_sample" not in page
    assert CAME_FROM in came_from(one.gate, [one.package])


def lines_of(folder: Path) -> set[str]:
    return set((folder / "SHA256SUMS").read_text(encoding="utf-8").splitlines())


def change_log(made: Releasable) -> None:
    """Change a file of the training, after the release."""
    log = next((made.root / "artifacts" / "toy" / "training" / "lightning_logs").rglob("train.log"))
    log.write_text("another training\n", encoding="utf-8")
    (log.parent / "more.log").write_text("more\n", encoding="utf-8")


@pytest.mark.parametrize("lost", [archive_of, reports_of])
def test_a_lost_archive_is_made_from_the_other_one(releasable: Releasable, lost: Callable[[Releasable], Path]) -> None:
    first = release(releasable)
    before = lines_of(lost(releasable))
    shutil.rmtree(lost(releasable))
    change_log(releasable)
    releasable.write_voice(title="Another title")
    git(releasable.root, "commit", "--quiet", "--all", "--message", "another title")
    again = release(releasable)
    assert lines_of(archive_of(releasable)) == lines_of(reports_of(releasable)) == before
    assert (again["archive"], again["released_at"]) == (first["archive"], first["released_at"])
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=lost(releasable), check=True)


def test_archives_that_are_both_lost_come_back_only_as_they_were(releasable: Releasable) -> None:
    release(releasable)
    before = lines_of(archive_of(releasable))
    for _ in range(2):
        for folder in (archive_of(releasable), reports_of(releasable)):
            shutil.rmtree(folder, ignore_errors=True)
        publish(draft(releasable))
        assert lines_of(archive_of(releasable)) == before
    shutil.rmtree(archive_of(releasable))
    shutil.rmtree(reports_of(releasable))
    change_log(releasable)
    with pytest.raises(dg.Failure, match=r"today's files are others; restore the archive from a copy"):
        publish(draft(releasable))
    assert not archive_of(releasable).exists()


def test_an_older_version_leaves_the_status_page_to_the_newer_one(releasable: Releasable) -> None:
    release(releasable)
    time.sleep(1.1)  # the time of a release is in whole seconds
    release(releasable, "1.1.0")
    page = releasable.root / "PROJECT_STATUS.md"
    before = page.read_bytes()
    release(releasable)
    assert page.read_bytes() == before
    page.unlink()
    release(releasable, "1.1.0")
    assert b"Release: 1.1.0" in page.read_bytes()


@pytest.mark.parametrize(("mode", "state"), [("required", "missing"), ("advisory", "warning")])
def test_a_rejection_fails_only_where_listening_is_required(releasable: Releasable, mode: str, state: str) -> None:
    releasable.write_voice(listening=mode)
    heard = releasable.project.latest("voice_samples", EPOCHS[-1])
    record_listening(releasable.project.instance, heard, "rejected", "anna", "too fast", [])
    entries = publish(draft(releasable, tagged=False))
    (line,) = (one for one in entries["handover"].value if one["text"] == "People heard the samples of the epoch")
    assert (line["state"], "rejected by anna" in line["evidence"]) == (state, True), line


@pytest.mark.parametrize(("passed", "state"), [(True, "done"), (False, "warning")])
def test_a_voice_that_not_every_program_tried_is_a_warning(releasable: Releasable, passed: bool, state: str) -> None:
    """A person waived the rule: one program spoke, and another one was not asked."""
    spoken = {"client": "piper", "version": "1", "problem": "", "sentences": 2, "cer": 0.1, "cer_here": 0.1, "cer_excess": 0.0}
    row = {**spoken, "first_word": 1.0, "last_word": 1.0}
    verdict = {"rule": "every_client_tried", "passed": passed, "blocks": False, "message": "", "waiver": "by anna"}
    _, entries = draft(releasable, tagged=False).publish({**evidence(), "clients": frame([row], CLIENTS)}, [verdict])
    (line,) = (one for one in entries["handover"].value if one["text"] == "Final ONNX model tested with production programs")
    assert line["state"] == state


@pytest.fixture(params=["a folder", "a URL"])
def shared_store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that other machines use too."""
    address = {"a folder": str(tmp_path / "store"), "a URL": f"memory://{tmp_path.name}"}[request.param]
    monkeypatch.setenv("VOICE_STORE", address)


@pytest.mark.usefixtures("shared_store")
def test_a_version_that_another_machine_released_is_taken(releasable: Releasable) -> None:
    releasable.make_package(EPOCHS[-1])
    release(releasable, tagged=False)
    shutil.rmtree(archive_of(releasable))
    shutil.rmtree(reports_of(releasable))
    draft(releasable, tagged=False).require_possible("")  # the same package
    releasable.project.instance.wipe_assets([dg.AssetKey(["toy", "release"])])  # the records of another machine are elsewhere
    (releasable.package_folder(EPOCHS[-1]) / "MODEL_CARD").write_text("another", encoding="utf-8")
    releasable.make_package(EPOCHS[-1])
    with pytest.raises(dg.Failure, match=r"releases/1\.0\.0 holds another package .*; a version is never overwritten"):
        draft(releasable, tagged=False).require_possible("")
