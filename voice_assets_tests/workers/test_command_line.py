"""The command line of the workers: a file or standard input, help made from the request, one line for a bad request."""

import importlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from voice_assets.asr.requests import HearRequest, SpeakRequest, TranscribeRequest
from voice_assets.piper.requests import ClipLossRequest, ExportRequest, TrainRequest
from voice_assets.piper.warm_start.requests import StartRequest
from voice_assets.runtime.requests import Request
from voice_assets.workers import protocol
from voice_assets.workers.request_help import example

HANGS_AFTER_S = 300
REQUESTS = {
    "transcribe": TranscribeRequest,
    "start": StartRequest,
    "train": TrainRequest,
    "clip_losses": ClipLossRequest,
    "export": ExportRequest,
    "speak": SpeakRequest,
    "hear": HearRequest,
}


def worker(name: str) -> ModuleType:
    return importlib.import_module(f"voice_assets.workers.{name}")


def start(name: str, *arguments: str, given: str = "") -> subprocess.CompletedProcess:
    line = [sys.executable, "-m", f"voice_assets.workers.{name}", *arguments]
    return subprocess.run(line, input=given, capture_output=True, text=True, check=False, timeout=HANGS_AFTER_S)


def all_fields(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Every field of a model, and of the sections in it, with its key."""
    for name, field in model.model_fields.items():
        yield f"{prefix}{name}", field
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from all_fields(field.annotation, f"{prefix}{name}.")


def helped(name: str, capsys: pytest.CaptureFixture) -> str:
    with pytest.raises(SystemExit) as ended:
        worker(name).main(["--help"])
    assert ended.value.code == 0
    return capsys.readouterr().out


@pytest.mark.parametrize(("name", "model"), REQUESTS.items())
def test_help_shows_every_field_with_its_default_and_description(name, model: type[Request], capsys) -> None:
    shown = helped(name, capsys)
    text = " ".join(shown.split())
    for key, field in all_fields(model):
        (line,) = re.findall(rf"^  {re.escape(key)}: (.*)$", shown, re.MULTILINE)
        assert " ".join(str(field.description).split()) in text, key
        assert ("required" in line) == field.is_required(), key
        assert ("not used by this worker" in line) == (key in model.not_used), key
        if isinstance(field.default, bool | int | float | str):
            assert f", default {json.dumps(field.default)}" in line, key


@pytest.mark.parametrize(("name", "model"), REQUESTS.items())
def test_help_shows_the_work_the_events_the_exit_codes_and_a_valid_request(name, model, capsys) -> None:
    shown = helped(name, capsys)
    assert worker(name).__doc__.splitlines()[0] in shown
    assert "Events: started (" in shown
    assert "error (message, type)" in shown
    for code, meaning in protocol.EXIT_CODES.items():
        assert f"{code}  {meaning}" in shown
    minimal = json.loads(shown[shown.index("\n  {") :])
    assert minimal == example(model)
    assert model.model_validate_json(json.dumps(minimal))


def test_help_names_types_and_limits(capsys) -> None:
    shown = helped("train", capsys)
    for line in (
        "dataset: absolute path, required",
        "version: integer >= 0, required",
        'training.quality: "x_low" or "low" or "medium" or "high", default "medium"',
        "training.validation_ratio: number >= 0 and <= 1, default 0.05 (not used by this worker)",
        "training.max_clips: integer > 0 or null, default null (not used by this worker)",
        "model_arguments: object, default empty",
    ):
        assert f"\n  {line}\n" in shown
    assert "\n  sentences: list of text, required\n" in helped("speak", capsys)


@pytest.mark.slow
@pytest.mark.parametrize("name", REQUESTS)
def test_help_and_schema_work_from_a_shell(name) -> None:
    shown = start(name, "--help")
    assert shown.returncode == 0, shown.stderr
    assert f"usage: python -m voice_assets.workers.{name}" in shown.stdout
    schema = json.loads(start(name, "--schema").stdout)
    assert set(schema["properties"]) == set(REQUESTS[name].model_fields)


@pytest.mark.parametrize("name", REQUESTS)
def test_a_bad_request_is_one_line_one_event_and_code_2(name, tmp_path: Path, capsys) -> None:
    file = tmp_path / "request.json"
    file.write_text(json.dumps({**example(REQUESTS[name]), "extra": 1}), encoding="utf-8")
    assert worker(name).main([str(file)]) == protocol.EXPECTED_ERROR
    printed = capsys.readouterr()
    message = f"{file}: extra: unknown key (value: 1)"
    assert json.loads(printed.out) == {"event": "error", "message": message, "type": "RequestError"}
    assert printed.err == f"{message}\n"


def test_standard_input_from_a_shell(tmp_path: Path) -> None:
    request = {**example(ExportRequest), "checkpoint": str(tmp_path / "none.ckpt"), "config": str(tmp_path / "none.json")}
    done = start("export", "-", given=json.dumps(request))
    assert done.returncode == 2
    printed = [json.loads(line) for line in done.stdout.splitlines()]
    assert [event["event"] for event in printed] == ["started", "error"]
    assert str(tmp_path / "none.json") in printed[-1]["message"]
    assert "standard input: extra: unknown key" in start("export", "-", given=json.dumps({**request, "extra": 1})).stderr


def test_a_training_on_several_devices_cannot_read_standard_input() -> None:
    request = {**example(TrainRequest), "training": {"devices": 2}}
    done = start("train", "-", given=json.dumps(request))
    assert done.returncode == 2
    assert "standard input can be read only once; write the request to a file" in done.stderr
    assert [json.loads(line)["event"] for line in done.stdout.splitlines()] == ["error"]


def test_no_request_is_a_usage_error(capsys) -> None:
    with pytest.raises(SystemExit) as ended:
        worker("export").main([])
    assert ended.value.code == 2
    assert "REQUEST is missing" in capsys.readouterr().err


def test_a_worker_follows_the_parent_that_its_command_line_names(tmp_path: Path) -> None:
    """A worker that gets the id of another process than its parent ends with code 3 while it waits for its request."""
    fifo = tmp_path / "request.json"
    os.mkfifo(fifo)  # no process writes into it
    assert start("export", str(fifo), "--with-parent", str(os.getppid())).returncode == protocol.ORPHANED
