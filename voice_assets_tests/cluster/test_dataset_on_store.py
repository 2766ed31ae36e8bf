"""A voice whose data set is on the store: every asset is as with a folder, and a machine fetches only what it reads."""

import shutil
from pathlib import Path

import pytest
import yaml

from voice_assets.orchestration.results import recorded_table
from voice_assets.runtime import hash_memory, remote
from voice_assets.voices import load_voice
from voice_assets_tests.cli.projects import call
from voice_assets_tests.cluster.test_two_hosts import made, newest, same
from voice_assets_tests.s3_server import Requests
from voice_assets_tests.toy_project import SHARDS, ToyProject, copied, opened

pytestmark = pytest.mark.slow

HEAD = {"config.json", "metadata_2col.csv"}


def move_to_store(root: Path, url: str) -> None:
    """Put the data set of the project in ``root`` on the store, and name it in the voice file."""
    target, folder = remote.location(url), root / "dataset"
    for file in sorted(one for one in folder.rglob("*") if one.is_file()):
        target.fs.put_file(str(file), f"{target.path}/{file.relative_to(folder).as_posix()}")
    shutil.rmtree(folder)
    voice = root / "voices" / "toy.yaml"
    content = yaml.safe_load(voice.read_text(encoding="utf-8"))
    voice.write_text(yaml.safe_dump({**content, "dataset": url}, allow_unicode=True), encoding="utf-8")


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
    with opened(copied(speech_project, tmp_path / "folder")) as here:
        assert call("run", "toy", "--to", "whisper_validation").exit_code == 0
        theirs = {target: newest(here.instance, *target) for target in made()}
        store, clips = here.store, sorted(f"wavs/{wav.name}" for wav in (here.dataset / "wavs").iterdir())
    root = copied(speech_project, tmp_path / "store")
    move_to_store(root, s3_folder)
    s3_requests.seen.clear()
    with opened(root) as toy:
        done = call("run", "toy", "--to", "whisper_validation")
        assert done.exit_code == 0, done.output
        assert audio(s3_requests, s3_folder) == clips  # each of them once
        for target, one in theirs.items():
            same(one, store, newest(toy.instance, *target), toy.store)
        assert call("run", "toy", "--to", "whisper_validation").exit_code == 0
        assert (s3_requests.listings, audio(s3_requests, s3_folder)) == (1, [])
        expect_only_its_shard(toy, s3_requests, s3_folder)


def expect_only_its_shard(toy: ToyProject, requests: Requests, url: str) -> None:
    """A machine without any copy reads one shard, of exactly the validated bytes; nothing is listed."""
    of_shard = sorted(recorded_table(toy.latest("clips", SHARDS[0]))["path"])
    be_another_machine(toy)
    requests.seen.clear()
    for name in ("whisper_shard", "clip_stats"):
        assert toy.run(name, SHARDS[0]).success
    assert requests.listings == 0
    assert audio(requests, url) == of_shard
    remote.location(f"{url}/{of_shard[0]}").write_bytes(b"others")
    be_another_machine(toy)
    outcome = toy.run("whisper_shard", SHARDS[0])
    assert f"{url}/{of_shard[0]}: 1 of {len(of_shard)} clips are gone or changed since they were validated" in outcome.message
