"""Requests: written once and whole, read back as they were, and rejected with the file, the key, the value and the rule."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from voice_assets.asr.requests import SpeakRequest, TranscribeRequest
from voice_assets.piper.requests import ClipLossRequest, ExportRequest, TrainRequest
from voice_assets.runtime.requests import Request, RequestError
from voice_assets.voices import Section, Training, Whisper
from voice_assets.workers.request_help import example

MODELS = (TranscribeRequest, SpeakRequest, TrainRequest, ClipLossRequest, ExportRequest)


def written(folder: Path, model: type[Request], **changes: object) -> str:
    """A minimal request as a file, with other values; None leaves a key out."""
    content = {key: value for key, value in {**example(model), **changes}.items() if value is not None}
    file = folder / "request.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    return str(file)


@pytest.mark.parametrize("model", MODELS)
def test_the_minimal_request_holds_and_lacks_nothing(model: type[Request], tmp_path: Path) -> None:
    request = model.read(written(tmp_path, model))
    assert model.read(str(request.write(tmp_path, "worker"))) == request
    for key in example(model):
        with pytest.raises(RequestError, match=rf"{key}: the key is missing"):
            model.read(written(tmp_path, model, **{key: None}))


def test_the_sections_of_a_voice_survive_the_file(tmp_path: Path) -> None:
    training = Training(epochs=7, accelerator="cpu", checkpoint=Path("/weights/a.ckpt"), max_clips=3)
    train = TrainRequest(**{**TrainRequest.read(written(tmp_path, TrainRequest)).model_dump(), "training": training})
    assert TrainRequest.read(str(train.write(tmp_path, "train"))).training == training
    whisper = Whisper(devices=[1, 0], compute_type="int8", retry_below=1.0)
    transcribe = TranscribeRequest(
        **{**TranscribeRequest.read(written(tmp_path, TranscribeRequest)).model_dump(), "whisper": whisper}
    )
    assert TranscribeRequest.read(str(transcribe.write(tmp_path, "transcribe"))).whisper == whisper


def test_defaults_are_those_of_the_voice_file(tmp_path: Path) -> None:
    assert TrainRequest.read(written(tmp_path, TrainRequest)).training == Training()
    assert TranscribeRequest.read(written(tmp_path, TranscribeRequest)).whisper == Whisper()
    assert SpeakRequest.read(written(tmp_path, SpeakRequest)).whisper == Whisper()


def test_requests_are_as_strict_as_voice_files() -> None:
    assert Request.model_config == Section.model_config


@pytest.mark.parametrize("model", MODELS)
def test_only_keys_that_exist_are_named_as_not_used(model: type[Request]) -> None:
    for key in model.not_used:
        section, name = key.split(".")
        assert name in model.model_fields[section].annotation.model_fields, key


def test_a_request_is_never_overwritten(tmp_path: Path) -> None:
    first = ExportRequest.read(written(tmp_path, ExportRequest))
    second = first.model_copy(update={"region": "BY"})
    names = [request.write(tmp_path, "export").name for request in (first, second, first, second)]
    assert names == ["export_request.json", "export_request_2.json"] * 2
    assert [ExportRequest.read(str(tmp_path / name)) for name in names] == [first, second] * 2
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"version": "4"}, "version: Input should be a valid integer (value: '4')"),
        ({"version": -1}, "version: Input should be greater than or equal to 0 (value: -1)"),
        ({"epoch": 3}, "epoch: unknown key (value: 3)"),
        ({"epochs": 0}, "epochs: Input should be greater than 0 (value: 0)"),
        ({"training": {"epoch": 3}}, "training.epoch: unknown key (value: 3)"),
        ({"training": {"batch_size": 0}}, "training.batch_size: Input should be greater than 0 (value: 0)"),
        ({"training": {"accelerator": "tpu"}}, "training.accelerator: Input should be 'auto', 'cpu' or 'gpu' (value: 'tpu')"),
        ({"work": "training"}, "work: the path is not absolute (value: 'training')"),
        ({"training": {"checkpoint": "a.ckpt"}}, "training.checkpoint: the path is not absolute (value: 'a.ckpt')"),
        ({"voice_name": None}, "voice_name: the key is missing"),
    ],
)
def test_a_bad_value_is_named_with_file_key_value_and_rule(tmp_path: Path, changes: dict, message: str) -> None:
    file = written(tmp_path, TrainRequest, **changes)
    with pytest.raises(RequestError) as caught:
        TrainRequest.read(file)
    assert str(caught.value) == f"{file}: {message}"


def test_all_faults_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"version: .*; training\.devices: .*; extra: unknown key"):
        TrainRequest.read(written(tmp_path, TrainRequest, version="a", training={"devices": 0}, extra=1))


@pytest.mark.parametrize("sentences", [[], ["", "a"], [" \n"], [1], "a", {"a": 1}])
def test_sentences_that_cannot_be_spoken(tmp_path: Path, sentences: object) -> None:
    with pytest.raises(RequestError, match=r"request\.json: sentences"):
        SpeakRequest.read(written(tmp_path, SpeakRequest, sentences=sentences))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "the request cannot be read: No such file"),
        (b"", "the request is not JSON"),
        (b"{", "the request is not JSON"),
        (b"[1]", r"\(the whole request\): Input should be an object"),
        (b'{"out": "/a", "out": "/b"}', "the key 'out' is there twice"),
        (b'{"training": {"seed": 1, "seed": 2}}', "the key 'seed' is there twice"),
        (b"\xff\xfe", "the request is not UTF-8"),
        (b'{"training": {"learning_rate": NaN}}', "the request is not JSON: NaN"),
        (b"[" + b"{}," * 1_000_001 + b"1]", "the request is too large: over 1000000 values"),
        (b'"' + b"a" * (17 << 20) + b'"', "the request is too large: over 16777216 bytes"),
        (b"[" * 100_000, "the request is not JSON"),
    ],
)
def test_a_file_that_is_no_request(tmp_path: Path, content: bytes | None, message: str) -> None:
    file = tmp_path / "request.json"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(RequestError, match=rf"^{file}: .*{message}"):
        TrainRequest.read(str(file))


def test_the_caller_too_gives_absolute_paths(tmp_path: Path) -> None:
    values = ExportRequest.read(written(tmp_path, ExportRequest)).model_dump()
    with pytest.raises(ValidationError, match="the path is not absolute"):
        ExportRequest(**{**values, "out": Path("export")})
