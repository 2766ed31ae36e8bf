"""A project whose recorded files are on S3: the graph runs, and the gate notices what happened there."""

import pytest

from voice_assets.runtime import remote
from voice_assets.runtime.storage import project_store
from voice_assets_tests.s3_server import s3_folder as s3_folder
from voice_assets_tests.s3_server import s3_url as s3_url
from voice_assets_tests.toy_project import SHARDS, ToyProject

pytestmark = pytest.mark.slow


def test_the_graph_runs_with_its_store_on_s3(toy: ToyProject, s3_folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICE_STORE", s3_folder)
    toy.validate()
    assert all(outcome.success for outcome in toy.run_shards("clip_stats"))
    assert toy.run("quality_report").success
    table = toy.latest("clip_stats", SHARDS[0]).artifact("table")
    assert not (toy.root / table.uri).exists()
    assert table.uri in remote.listing(remote.location(s3_folder))
    assert project_store().open(table).is_relative_to(toy.root / ".cache" / "store")
    assert toy.blockers("asr_sample", SHARDS[0]) == []
    project_store().at(table.uri).write_bytes(b"another table")
    assert [text for text in toy.blockers("asr_sample", SHARDS[0]) if f"{table.uri} has 13 bytes" in text]
    remote.remove(project_store().at(table.uri))
    assert [text for text in toy.blockers("asr_sample", SHARDS[0]) if f"{table.uri} is gone" in text]
    assert toy.run("clip_stats", SHARDS[0]).success
    assert toy.run("quality_report").success
    assert toy.blockers("asr_sample", SHARDS[0]) == []
