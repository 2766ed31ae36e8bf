"""A project whose recorded files are on S3: the graph runs, and the gate notices what happened there."""

import pytest

from voice_assets.runtime import remote
from voice_assets.runtime.storage import project_store
from voice_assets_tests.cli.projects import error_of
from voice_assets_tests.toy_project import SHARDS, ToyProject

pytestmark = pytest.mark.slow


def test_the_graph_runs_with_its_store_on_s3(toy: ToyProject, s3_folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICE_STORE", s3_folder)
    toy.validate()
    assert all(outcome.success for outcome in toy.run_shards("clip_stats"))
    table = toy.latest("clip_stats", SHARDS[0]).artifact("table")
    assert not (toy.root / table.uri).exists()
    assert table.uri in remote.listing(remote.location(s3_folder))
    assert project_store().open(table).is_relative_to(toy.root / ".cache" / "store")
    assert toy.blockers("quality_report") == []
    project_store().at(table.uri).write_bytes(b"another table")
    assert [text for text in toy.blockers("quality_report") if f"{table.uri} has 13 bytes" in text]
    remote.remove(project_store().at(table.uri))
    assert [text for text in toy.blockers("quality_report") if f"{table.uri} is gone" in text]
    assert toy.run("clip_stats", SHARDS[0]).success
    assert toy.blockers("quality_report") == []


def test_a_command_without_its_store_is_one_message(toy: ToyProject, s3_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICE_STORE", "s3://me:hidden@voices")
    message = error_of("status")
    assert "this URL holds a password" in message
    assert "hidden" not in message
    monkeypatch.setenv("VOICE_STORE", "s3://no-such-bucket/voices")
    outcome = [toy.run("raw_dataset"), *toy.run_shards("clips")][-1]
    assert not outcome.success
    assert "s3://no-such-bucket/voices/artifacts/toy/tables/clips/" in outcome.message
    assert "The specified bucket does not exist" in outcome.message
