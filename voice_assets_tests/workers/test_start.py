"""The worker that makes a start from a published voice: its events and files, kills in every stage, the training after it."""

import json
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from voice_assets.piper import model as vits
from voice_assets.piper.warm_start.requests import StartRequest
from voice_assets.runtime import files
from voice_assets.voice_training import Start
from voice_assets_tests.piper.warm_start.tiny_voice import RATE, publish
from voice_assets_tests.workers.tiny_training import TINY, command, of, run, train

pytestmark = pytest.mark.slow
STEPS = {"sentences": 60, "distil_steps": 26, "stranger_steps": 3, "decoder_steps": 27}
STAGES = ["rebuild", "speak", "distil", "hear", "decoder"]
Made = tuple[StartRequest, list[dict[str, Any]], dict[str, Any]]


def request(source: Path, dataset: Path, training_set: Path, folder: Path, **changes: Any) -> StartRequest:
    start = Start(**{**STEPS, **changes.pop("start", {})})
    values = {
        "source": source,
        "dataset": dataset,
        "training_set": training_set,
        "config": dataset / "config.json",
        "out": folder / "out",
        "cache": folder / "cache",
        "quality": "medium",
        "sample_rate": RATE,
        "start": start,
        "model_arguments": TINY,
    }
    return StartRequest(**{**values, **changes})


def weights(checkpoint: Path) -> dict[str, Any]:
    return vits.load_checkpoint(checkpoint, trusted=False)["state_dict"]


def losses(printed: list[dict[str, Any]]) -> dict[tuple[str, int], float]:
    """The loss of every step."""
    return {(event["stage"], event["done"]): event["loss"] for event in of("progress", printed) if "loss" in event}


def figures(facts: dict[str, Any]) -> dict[tuple[str, str], float]:
    """The figures of all stages except times, and except the difference to onnxruntime, which is nothing but last digits."""
    left_out = ("seconds", "largest_difference")
    return {(stage, key): value for stage, one in facts["stages"].items() for key, value in one.items() if key not in left_out}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return publish(tmp_path_factory.mktemp("published"))[0]


@pytest.fixture(scope="module")
def made(source: Path, ivrvoice: Path, training_set: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """A start that nothing interrupted: its request, its events, and the content of `start.json`."""
    folder = tmp_path_factory.mktemp("start")
    asked = request(source, ivrvoice, training_set, folder)
    done, printed = run(command("start", asked, folder))
    assert done.returncode == 0, done.stderr
    yield asked, printed, json.loads((asked.out / "start.json").read_text(encoding="utf-8"))
    shutil.rmtree(folder)


def test_the_events_tell_every_stage(made: Made) -> None:
    asked, printed, facts = made
    assert [event["name"] for event in of("stage", printed)] == STAGES
    (note,) = of("note", printed)
    assert note["message"] == "en_US-tiny-medium.onnx speaks en, the data set ru: the words need a long training"
    totals = {"speak": 60, "distil": 29, "hear": 10, "decoder": 27}
    last = {event["stage"]: event for event in of("progress", printed)}
    assert {stage: (event["done"], event["total"]) for stage, event in last.items()} == {
        stage: (total, total) for stage, total in totals.items()
    }
    assert all("loss" in event for event in of("progress", printed) if event["stage"] in ("distil", "decoder"))
    assert printed[-1]["event"] == "done"
    assert printed[-1]["sha256"] == facts["sha256"] == files.sha256(asked.out / "start.ckpt")


def test_the_facts_name_source_and_figures(made: Made, source: Path) -> None:
    asked, _, facts = made
    assert facts["source"]["name"] == source.name
    assert facts["source"]["sha256"] == files.sha256(source)
    assert facts["tensors"] == {"distilled": 270, "rebuilt": len(weights(asked.out / "start.ckpt")) - 270, "fresh_phonemes": 0}
    assert facts["stages"]["rebuild"]["largest_difference"] < 1e-5
    assert facts["stages"]["distil"]["unexplained"] < 1
    assert facts["stages"]["decoder"]["mel_last"] < facts["stages"]["decoder"]["mel_first"]
    assert sorted(path.name for path in asked.out.iterdir()) == ["start.ckpt", "start.json"]
    (folder,) = (path for path in (asked.cache / "warm_start").iterdir() if path.is_dir())
    assert sorted(path.name for path in folder.iterdir()) == ["distilled.json", "distilled.pt"]


def test_the_decoder_alone_differs_from_the_distilled_start(made: Made) -> None:
    import torch

    asked, _, _ = made
    (file,) = (asked.cache / "warm_start").glob("*/distilled.pt")
    distilled, tuned = torch.load(file, weights_only=True), weights(asked.out / "start.ckpt")
    changed = {name for name in distilled if not bool((distilled[name] == tuned[f"model_g.{name}"]).all())}
    assert changed
    assert all(name.startswith("dec.") for name in changed)


def test_a_complete_start_is_kept(made: Made) -> None:
    asked, _, facts = made
    before = (asked.out / "start.ckpt").stat().st_mtime_ns
    done, printed = run(command("start", asked, asked.out.parent))
    assert done.returncode == 0, done.stderr
    assert "nothing to do" in of("note", printed)[-1]["message"]
    assert of("stage", printed) == []
    assert printed[-1]["sha256"] == facts["sha256"]
    assert (asked.out / "start.ckpt").stat().st_mtime_ns == before


def test_another_voice_shares_the_distilled_start(made: Made, ivrvoice: Path, training_set: Path, tmp_path: Path) -> None:
    asked, _, facts = made
    other = request(asked.source, ivrvoice, training_set, tmp_path, cache=asked.cache, seed=7)
    done, printed = run(command("start", other, tmp_path))
    assert done.returncode == 0, done.stderr
    assert "is in the cache" in of("note", printed)[-1]["message"]
    assert {event["stage"] for event in of("progress", printed)} == {"hear", "decoder"}
    assert [event["name"] for event in of("stage", printed)] == STAGES
    assert printed[-1]["sha256"] != facts["sha256"]


def test_a_damaged_cache_is_made_again(made: Made, ivrvoice: Path, training_set: Path, tmp_path: Path) -> None:
    shutil.copytree(made[0].cache, tmp_path / "cache")
    (file,) = (tmp_path / "cache" / "warm_start").glob("*/distilled.pt")
    file.write_bytes(file.read_bytes()[:1000])
    done, printed = run(command("start", request(made[0].source, ivrvoice, training_set, tmp_path), tmp_path))
    assert done.returncode == 0, done.stderr
    assert {event["stage"] for event in of("progress", printed)} == {"speak", "distil", "hear", "decoder"}
    assert losses(printed) == pytest.approx(losses(made[1]), rel=1e-3)


KILLED = """
import os, signal, sys
from voice_assets.workers import start

emit, (file, stage, done) = start.emit, sys.argv[1:]

def emit_and_die(event, **fields):
    emit(event, **fields)
    ended = event == "stage" and fields["name"] == stage and done == "end"
    if ended or (event == "progress" and fields["stage"] == stage and str(fields["done"]) == done):
        os.kill(os.getpid(), signal.SIGKILL)

start.emit = start.protocol.emit = emit_and_die
start.main([file])
"""


def killed_at(asked: StartRequest, folder: Path, stage: str, done: str) -> list[dict[str, Any]]:
    """Run the worker, which kills itself when it has told that so much of a stage is done, or that the stage ended."""
    line = [sys.executable, "-c", KILLED, str(asked.write(folder, "start")), stage, done]
    ended, printed = run(line)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    return printed


MOMENTS = [("speak", "50"), ("distil", "3"), ("distil", "27"), ("distil", "end"), ("decoder", "26"), ("decoder", "end")]


def test_killed_in_every_stage_it_is_the_same_start(made: Made, ivrvoice: Path, training_set: Path, tmp_path: Path) -> None:
    """The same but for the last digits: PyTorch's sums depend on where the memory lies, also in two runs without a kill."""
    uninterrupted, printed, facts = made
    asked = request(uninterrupted.source, ivrvoice, training_set, tmp_path)
    told = []
    for stage, done in MOMENTS:
        told += killed_at(asked, tmp_path, stage, done)
        assert not (asked.out / "start.json").exists()
    end, last = run(command("start", asked, tmp_path))
    assert end.returncode == 0, end.stderr
    assert {event["stage"] for event in of("progress", last)} == {"hear"}  # everything else was saved
    assert losses([*told, *last]) == pytest.approx(losses(printed), rel=1e-3)
    found = json.loads((asked.out / "start.json").read_text(encoding="utf-8"))
    assert {**found, "stages": {}, "sha256": ""} == {**facts, "stages": {}, "sha256": ""}
    assert figures(found) == pytest.approx(figures(facts), rel=1e-3)
    assert sorted(path.name for path in asked.out.iterdir()) == ["start.ckpt", "start.json"]


def test_a_damaged_start_and_other_settings_are_made_again(
    made: Made, ivrvoice: Path, training_set: Path, tmp_path: Path
) -> None:
    asked, _, facts = made
    shutil.copytree(asked.out, tmp_path / "out")
    (tmp_path / "out" / "start.ckpt").write_bytes(b"half a file")
    again = request(asked.source, ivrvoice, training_set, tmp_path, cache=asked.cache)
    assert run(command("start", again, tmp_path))[0].returncode == 0
    assert weights(tmp_path / "out" / "start.ckpt").keys() == weights(asked.out / "start.ckpt").keys()
    fewer = request(asked.source, ivrvoice, training_set, tmp_path, cache=asked.cache, start={"decoder_steps": 3})
    assert run(command("start", fewer, tmp_path))[0].returncode == 0
    found = json.loads((tmp_path / "out" / "start.json").read_text(encoding="utf-8"))
    assert found["identity"] != facts["identity"]
    assert found["sha256"] == files.sha256(tmp_path / "out" / "start.ckpt")


def test_a_training_starts_from_it(made: Made, ivrvoice: Path, training_set: Path, tmp_path: Path) -> None:
    asked, _, _ = made
    done, printed = train(ivrvoice, training_set, tmp_path, checkpoint=asked.out / "start.ckpt")
    assert done.returncode == 0, done.stderr
    note = next(event for event in of("note", printed) if "started from" in event["message"])
    assert note["tensors"] == len(weights(asked.out / "start.ckpt"))
    shutil.rmtree(tmp_path)


def test_a_voice_that_does_not_fit_is_one_line(source: Path, ivrvoice: Path, training_set: Path, tmp_path: Path) -> None:
    wrong = request(source, ivrvoice, training_set, tmp_path, model_arguments={**TINY, "hidden_channels": 64})
    done, printed = run(command("start", wrong, tmp_path))
    assert done.returncode == 2
    assert "take a published voice of quality medium" in of("error", printed)[0]["message"]
    assert not (tmp_path / "cache").exists()
