"""A voice whose data set is on the store: every asset is as with a folder, and a machine fetches only what it reads."""

import shutil
from pathlib import Path

import pytest
import yaml

from voice_assets.cli.review_subjects import RecordedSubjects
from voice_assets.orchestration.results import recorded_table
from voice_assets.runtime import hash_memory, remote
from voice_assets.voices import load_voice
from voice_assets_tests.cli.projects import call
from voice_assets_tests.cluster.test_two_hosts import made, newest, same
from voice_assets_tests.s3_server import Requests
from voice_assets_tests.toy_project import SHARDS, ToyProject, copied, opened

pytestmark = pytest.mark.slow

TRAINING = {
    "batch_size": 4,
    "segment_size": 1024,
    "max_clips": 12,
    "validation_ratio": 0.5,
    "accelerator": "cpu",
    "num_workers": 0,
}
HEAD = {"config.json", "metadata_2col.csv"}


def move_to_store(root: Path, url: str) -> None:
    """Put the data set of the project in ``root`` on the store, and name it in the voice file."""
    target, folder = remote.location(url), root / "dataset"
    for file in sorted(one for one in folder.rglob("*") if one.is_file()):
        target.fs.put_file(str(file), f"{target.path}/{file.relative_to(folder).as_posix()}")
    shutil.rmtree(folder)
    change_voice(root, dataset=url)


def change_voice(root: Path, **changes: object) -> Path:
    """Change top-level keys of the voice file of the project in ``root``. Returns ``root``."""
    voice = root / "voices" / "toy.yaml"
    content = yaml.safe_load(voice.read_text(encoding="utf-8"))
    voice.write_text(yaml.safe_dump({**content, **changes}, allow_unicode=True), encoding="utf-8")
    return root


def audio(requests: Requests, url: str) -> list[str]:
    """The clips that were fetched since the last call."""
    found = [name for name in requests.objects(url) if name not in HEAD]
    requests.seen.clear()
    return found


def be_another_machine(toy: ToyProject) -> None:
    """Keep the records and the tables only."""
    shutil.rmtree(load_voice(toy.root / "voices" / "toy.yaml").dataset)
    hash_memory.memory().unlink()


def test_the_road_is_that_of_a_folder(speech_project: Path, tmp_path: Path, s3_folder: str, s3_requests: Requests) -> None:
    first = change_voice(copied(speech_project, tmp_path), listening="advisory", training=TRAINING)
    root = copied(first, tmp_path / "store")
    move_to_store(root, s3_folder)
    with opened(first) as here:
        assert call("run", "toy", "--to", "whisper_validation").exit_code == 0
        theirs = {target: newest(here.instance, *target) for target in made()}
        store, clips = here.store, sorted(f"wavs/{wav.name}" for wav in (here.dataset / "wavs").iterdir())
    s3_requests.seen.clear()
    with opened(root) as toy:
        done = call("run", "toy", "--to", "whisper_validation")
        assert done.exit_code == 0, done.output
        assert audio(s3_requests, s3_folder) == clips  # each of them once
        for target, one in theirs.items():
            same(one, store, newest(toy.instance, *target), toy.store)
        assert call("run", "toy", "--to", "whisper_validation").exit_code == 0
        assert (s3_requests.listings, audio(s3_requests, s3_folder)) == (1, [])
        expect_reports_name_the_store(toy, s3_folder)
        expect_only_what_is_read(toy, s3_requests, s3_folder)


def expect_reports_name_the_store(toy: ToyProject, url: str) -> None:
    """Where the data set is, and never the folder of this machine's copy."""
    voice = load_voice(toy.root / "voices" / "toy.yaml")
    texts = {file.name: file.read_text(encoding="utf-8") for file in voice.reports_dir.rglob("*.[hmt][tdx]*")}
    assert {name for name, text in texts.items() if url in text} >= {"whisper_report.html", "SUMMARY.txt", "drift_report.html"}
    assert [name for name, text in texts.items() if str(voice.dataset) in text] == []


def expect_only_what_is_read(toy: ToyProject, requests: Requests, url: str) -> None:
    """Machines without any copy: a shard, a training, a person who listens. Nothing is listed; only validated bytes count."""
    of_shard = sorted(recorded_table(toy.latest("clips", SHARDS[0]))["path"])
    be_another_machine(toy)
    requests.seen.clear()
    for name in ("whisper_shard", "clip_stats"):
        assert toy.run(name, SHARDS[0]).success
    assert requests.listings == 0
    assert audio(requests, url) == of_shard
    be_another_machine(toy)
    for name in ("training_set", "mini_training"):
        outcome = toy.run(name)
        assert outcome.success, outcome.message
    assert audio(requests, url) == sorted(recorded_table(toy.latest("training_set"))["path"])
    be_another_machine(toy)
    heard = RecordedSubjects(toy.instance).subject("toy", "quality")
    assert audio(requests, url) == sorted(f"wavs/{item.id}.wav" for item in heard.items)
    remote.location(f"{url}/{of_shard[0]}").write_bytes(b"others")
    be_another_machine(toy)
    outcome = toy.run("whisper_shard", SHARDS[0])
    assert f"{url}/{of_shard[0]}: 1 of {len(of_shard)} clips are gone or changed since they were validated" in outcome.message


def test_a_machine_needs_the_voice_file_only(toy: ToyProject, s3_folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Records in a database, files and data set on the store: the next machine has neither artifacts nor caches."""
    monkeypatch.setenv("VOICE_STORE", f"{s3_folder}/store")
    move_to_store(toy.root, f"{s3_folder}/data")
    toy.validate()
    for name in ("artifacts", ".cache"):
        shutil.rmtree(toy.root / name)
    outcomes = [*toy.run_shards("clip_stats"), toy.run("base_validation")]
    assert all(outcome.success for outcome in outcomes), outcomes
    report = toy.latest("base_validation").report
    assert report is not None
    assert f"Data set `{s3_folder}/data`" in toy.store.open(report).read_text(encoding="utf-8")
    assert not (toy.root / "dataset").exists()


def test_a_store_that_cannot_be_used_is_one_message(toy: ToyProject, s3_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    change_voice(toy.root, dataset="s3://no-such-bucket/x")
    outcome = toy.run("raw_dataset")
    assert "toy.yaml: dataset: s3://no-such-bucket/x: The specified bucket does not exist" in outcome.message
    change_voice(toy.root, dataset=f"{s3_url}/nothing")
    outcome = toy.run("raw_dataset")
    assert f"toy.yaml: dataset: {s3_url}/nothing/metadata_2col.csv: no such object" in outcome.message
    remote.location(f"{s3_url}/nothing/metadata_2col.csv").write_bytes(b"\n")
    outcome = toy.run("raw_dataset")
    assert f"toy.yaml: dataset: {s3_url}/nothing/metadata_2col.csv: the file is empty" in outcome.message
