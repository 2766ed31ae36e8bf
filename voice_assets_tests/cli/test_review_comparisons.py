"""The blind comparison from the instance: exactly the audio that was recorded, and each vote as a new data version."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from voice_assets.cli.review_comparisons import RecordedComparisons
from voice_assets.definitions import build_definitions
from voice_assets.defs.tournament import votes_of
from voice_assets.orchestration.history import History
from voice_assets.orchestration.instance import open_instance
from voice_assets.orchestration.results import recorded
from voice_assets.review.subjects import NoSubjectError, voice_named
from voice_assets.runtime.project import artifacts_dir
from voice_assets.runtime.storage import project_store
from voice_assets.tournament import recorded as file_of
from voice_assets.tournament import votes
from voice_assets_tests.cli.projects import error_of
from voice_assets_tests.cli.test_review import answer, wait_for
from voice_assets_tests.datasets import write_dataset, write_voice
from voice_assets_tests.orchestration.recorded_events import Records
from voice_assets_tests.ports import free_port
from voice_assets_tests.review.small_comparisons import spoken_candidates
from voice_assets_tests.review.small_subjects import make_project
from voice_assets_tests.tournament.made import vote

KEY = dg.AssetKey(["toy", "best_epoch"])


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    make_project(tmp_path / "project", monkeypatch)
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def hold(instance: dg.DagsterInstance, epochs: tuple[int, ...] = (10, 20), run: str = "run") -> dict[str, Path]:
    """Record a tournament as the asset records it. Returns the folders of the samples."""
    artifacts, store = artifacts_dir("toy"), project_store()
    made, folders = spoken_candidates(artifacts / "voice_samples" / run, 2, epochs)
    kept = {key: store.add(folder) for key, folder in folders.items()}
    file = file_of.record(artifacts / "best_epoch" / run / "candidates.json", "toy", "Toy", 1, made, kept, [])
    Records(instance).materialise(KEY, run, candidates=recorded(store.add(file)))
    return folders


def test_the_newest_tournament(instance: dg.DagsterInstance) -> None:
    comparisons = RecordedComparisons(instance)
    folders = hold(instance)
    found = comparisons.comparison("toy")
    assert (found.voice, found.title) == ("toy", "Toy: blind comparison of 2 epochs")
    assert found.folders == folders
    assert comparisons.comparison("toy") is found
    hold(instance, (10, 20, 30), "again")
    newer = comparisons.comparison("toy")
    assert newer.title.endswith("of 3 epochs")
    assert newer.data_version != found.data_version


def test_each_vote_is_a_new_data_version(instance: dg.DagsterInstance) -> None:
    hold(instance)
    comparisons, file = RecordedComparisons(instance), votes.votes_file("toy")
    one, other = spoken_candidates(artifacts_dir("toy") / "same", 2, (10, 20))[0]
    for by, choice in (("Anna", "first"), ("Boris", "none")):
        votes.append(file, vote(one, other, choice, by))  # type: ignore[arg-type]
        comparisons.voted(comparisons.comparison("toy"))
    newest, before = History(instance).newest(dg.AssetKey(["toy", "blind_votes"]), 2)
    assert newest.data_version == votes.version(votes.read(file)) != before.data_version
    assert newest.run_id == ""
    said = newest.metadata
    assert (said["votes"], said["people"], said["newest_by"]) == (2, "Anna, Boris", "Boris")
    assert said["file"] == "artifacts/toy/blind_votes/votes.jsonl"


@pytest.mark.parametrize("shared", [True, False])
def test_another_machine_counts_the_votes(
    instance: dg.DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shared: bool
) -> None:
    """The ranking is out of date after a vote where one machine has both; machines that share a store agree about it."""
    if shared:
        monkeypatch.setenv("VOICE_STORE", str(tmp_path / "store"))
    hold(instance)
    before = code_version()
    one, other = spoken_candidates(artifacts_dir("toy") / "same", 2, (10, 20))[0]
    given = vote(one, other, "first", "Anna")
    votes.append(votes.votes_file("toy"), given)
    comparisons = RecordedComparisons(instance)
    comparisons.voted(comparisons.comparison("toy"))
    assert (code_version() == before) == shared
    make_project(tmp_path / "another_machine", monkeypatch)
    assert votes_of(voice_named("toy")) == ([given] if shared else [])
    assert code_version() == before


def code_version() -> str | None:
    """Of the tournament: the gates compare it with that of the last one."""
    return build_definitions().resolve_asset_graph().get(KEY).code_version


def test_what_there_is_not(instance: dg.DagsterInstance) -> None:
    comparisons = RecordedComparisons(instance)
    with pytest.raises(NoSubjectError, match="there is no voice 'other'"):
        comparisons.comparison("other")
    with pytest.raises(NoSubjectError, match="toy/best_epoch was never materialised: `voice-assets run toy`"):
        comparisons.comparison("toy")
    hold(instance, (10,))
    with pytest.raises(NoSubjectError, match="toy/best_epoch has one candidate, v0-e0010: there is nothing to compare"):
        comparisons.comparison("toy")


def test_files_that_were_changed(instance: dg.DagsterInstance) -> None:
    folders = hold(instance)
    (folders["v0-e0020"] / "sample_01.wav").write_bytes(b"other")
    with pytest.raises(NoSubjectError, match="SHA-256"):
        RecordedComparisons(instance).comparison("toy")
    hold(instance, run="again")
    (artifacts_dir("toy") / "best_epoch" / "again" / "candidates.json").write_text("{}")
    with pytest.raises(NoSubjectError, match="SHA-256"):
        RecordedComparisons(instance).comparison("toy")


def test_the_command_says_what_is_missing(project: Path) -> None:
    write_voice(project / "voices" / "toy.yaml", write_dataset(project / "dataset"))
    port = str(free_port())
    assert error_of("review", "toy", "--blind", "--port", port) == (
        "toy/best_epoch was never materialised: `voice-assets run toy` makes it"
    )
    assert "leave --epoch out" in error_of("review", "toy", "--blind", "--epoch", "v0-e0001", "--port", port)


@pytest.mark.slow
def test_the_whole_command(project: Path) -> None:
    write_voice(project / "voices" / "toy.yaml", write_dataset(project / "dataset"))
    with open_instance() as instance:
        hold(instance)
    port = free_port()
    command = [sys.executable, "-u", "-m", "voice_assets.cli", "review", "toy", "--blind", "--port", str(port)]
    with subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith(f"Listen and decide: http://127.0.0.1:{port}/review/toy/blind ")
            wait_for(port, process)
            state = json.loads(answer(port, "GET", "/review/toy/blind/pair?by=Anna")[1])
            said = {"by": "Anna", "data_version": state["data_version"], "pair": state["pair"]["name"], "choice": "a"}
            assert answer(port, "POST", "/review/toy/blind/vote", said, Origin="http://evil.example")[0] == 403
            status, content = answer(port, "POST", "/review/toy/blind/vote", said)
            assert (status, json.loads(content)["done"]) == (200, 1)
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 0
        finally:
            process.kill()
    (vote,) = votes.read(votes.votes_file("toy"))
    assert (vote.by, vote.choice) == ("Anna", "first")
    with open_instance() as instance:
        newest = History(instance).latest(dg.AssetKey(["toy", "blind_votes"]))
    assert newest is not None
    assert newest.data_version == votes.version([vote])


def test_a_tournament_that_no_run_made_is_not_shown(instance: dg.DagsterInstance) -> None:
    forged = {"candidates": {"uri": "voices/toy.yaml", "sha256": "0" * 64, "bytes": 1}}
    instance.report_runless_asset_event(dg.AssetMaterialization(KEY, metadata=forged))
    with pytest.raises(NoSubjectError, match="was never materialised"):
        RecordedComparisons(instance).comparison("toy")
