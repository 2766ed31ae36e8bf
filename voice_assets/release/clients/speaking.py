"""The clients, and how each is asked to speak a package's sample sentences. The result is WAV files; hearing is elsewhere.

The clients speak without the voice's noise, and so does the voice here (``workers.hear``). With noise, no two utterances are
alike, and the difference between two clients would be a matter of luck: six seeds of the English demo's voice have mean CERs of
0.081 to 0.186. Without noise, the clients made of Piper give the samples that are spoken here. sherpa-onnx has another version
of espeak-ng, so some of its sentences have other phonemes: "$5" is "dollar five", and no phoneme `ʲ` follows an `i`.
"""

import http.client
import json
import shutil
import tempfile
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from voice_assets.audio import recordings, signals
from voice_assets.release.clients.environment import ClientEnvironment
from voice_assets.release.clients.processes import HOST, PROGRAMS, ClientFailureError, Place, run, serving
from voice_assets.release.sums import PackageError
from voice_assets.runtime import files, tsv

SECONDS_TO_ANSWER = 300
LOG = "client.log"
QUIETEST_PEAK_DB = -40.0
"""A quieter sentence is no speech for people, whatever Whisper makes of it. dBFS."""


@dataclass(frozen=True)
class Spoken:
    """What became of one client.

    Attributes:
        client: its name, and the name of the folder with its WAV files, ``01.wav`` for the first sentence.
        version: of its distribution.
        problem: why not every sentence was spoken, in words; empty when all were.
    """

    client: str
    version: str
    problem: str


@dataclass(frozen=True)
class _Task:
    """What a client has to do: speak ``sentences`` with the voice ``name`` in ``place.folder``, as WAV files in ``out``."""

    place: Place
    name: str
    sentences: list[str]
    out: Path

    @property
    def model(self) -> Path:
        return self.place.folder / f"{self.name}.onnx"

    def wav(self, number: int) -> Path:
        """The file of the sentence with that number, from 1."""
        return self.out / f"{number:02d}.wav"

    def written(self, **more: Any) -> str:
        """The task as a JSON file for a program; returns the file's path."""
        tokens = self.place.folder / "tokens.txt"
        content = {"model": str(self.model), "tokens": str(tokens), "voice": self.name, "sentences": self.sentences}
        path = files.write_text(self.out / "task.json", json.dumps({**content, "out": str(self.out), **more}))
        return str(path)


_WITHOUT_NOISE = ("--noise-scale", "0", "--noise-w-scale", "0")


def _piper(task: _Task) -> None:
    """``python -m piper``, one line of a text file a sentence."""
    texts = files.write_text(task.out / "sentences.txt", "".join(f"{text}\n" for text in task.sentences))
    spoken = task.out / "spoken"
    where = ["--model", f"{task.name}.onnx", "--input-file", str(texts), "--output-dir", str(spoken)]
    run(task.place, "piper", [*where, *_WITHOUT_NOISE])
    in_order = sorted(spoken.glob("*.wav"), key=lambda path: int(path.stem))  # named by the time of a clock
    for number, path in enumerate(in_order, start=1):
        path.rename(task.wav(number))


def _piper_python(task: _Task) -> None:
    run(task.place, str(PROGRAMS / "piper_python.py"), [task.written()])


def _piper_http(task: _Task) -> None:
    """``python -m piper.http_server``: its info names the voice, and ``/synthesize`` gives WAV files."""

    def arguments(port: int) -> list[str]:
        return ["--model", f"{task.name}.onnx", "--host", HOST, "--port", str(port)]

    with serving(task.place, "piper.http_server", arguments) as port:
        named = json.loads(_answer(task, port, "GET", "/info"))["voice"]["name"]
        if named != task.name:
            raise task.place.failure(f"the server's info names the voice {named!r}, not {task.name!r}")
        for number, text in enumerate(task.sentences, start=1):
            wanted = json.dumps({"text": text, "noise_scale": 0, "noise_w_scale": 0})
            task.wav(number).write_bytes(_answer(task, port, "POST", "/synthesize", wanted))


def _answer(task: _Task, port: int, method: str, path: str, body: str | None = None) -> bytes:
    connection = http.client.HTTPConnection(HOST, port, timeout=SECONDS_TO_ANSWER)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        content = response.read()
    except (OSError, http.client.HTTPException) as error:
        raise task.place.failure(f"{method} {path}: {type(error).__name__}: {error}") from error
    finally:
        connection.close()
    if response.status != http.client.OK:
        raise task.place.failure(f"{method} {path}: the server answered {response.status} {response.reason}")
    return content


def _wyoming_piper(task: _Task) -> None:
    def arguments(port: int) -> list[str]:
        return ["--voice", task.name, "--uri", f"tcp://{HOST}:{port}", "--data-dir", str(task.place.folder), *_WITHOUT_NOISE]

    with serving(task.place, "wyoming_piper", arguments) as port:
        run(task.place, str(PROGRAMS / "wyoming_conversation.py"), [task.written(port=port)])


def _sherpa_onnx(task: _Task) -> None:
    run(task.place, str(PROGRAMS / "sherpa.py"), [task.written()])


CLIENTS: dict[str, tuple[str, Callable[[_Task], None]]] = {
    "piper": ("piper-tts", _piper),
    "piper-python": ("piper-tts", _piper_python),
    "piper-http": ("piper-tts", _piper_http),
    "wyoming-piper": ("wyoming-piper", _wyoming_piper),
    "sherpa-onnx": ("sherpa-onnx", _sherpa_onnx),
}
"""The clients: name -> their distribution, and how they are asked to speak."""


def sample_sentences(package: Path) -> list[str]:
    """The sentences of ``samples/samples.tsv``, each once, each on one line with single spaces.

    Raises:
        PackageError: the table is missing or cannot be read, or has no sentence.
    """
    table = package / "samples" / "samples.tsv"
    try:
        rows = tsv.read_table(table, ["text"])
    except tsv.TsvError as error:
        raise PackageError(str(error)) from error
    sentences = [" ".join(row["text"].split()) for _, row in rows]
    if not all(sentences) or not sentences:
        raise PackageError(f"{table}: every row must have a sentence, and there must be one; the clients speak the sentences")
    return list(dict.fromkeys(sentences))


def speak_through_clients(
    package: Path, out: Path, environment: ClientEnvironment, clients: Collection[str] = tuple(CLIENTS)
) -> list[Spoken]:
    """Let every client speak the sample sentences of a package, from copies of the voice's files alone.

    Args:
        package: the folder; its name is the voice's name.
        out: folder for the WAV files and logs, ``<client>/01.wav`` and so on.
        environment: of the clients (``environment.prepare``).
        clients: which ones, names of CLIENTS.

    Raises:
        PackageError: the package has no sentences, or lacks a file that a client needs.
    """
    sentences, rate = sample_sentences(package), _sample_rate(package)
    with tempfile.TemporaryDirectory(prefix="voice_assets_clients_") as temporary:
        folder = _voice_alone(package, Path(temporary) / "voice")
        spoken = []
        for client in clients:
            distribution, speak = CLIENTS[client]
            (out / client).mkdir(parents=True, exist_ok=True)
            place = Place(environment.python, folder, Path(temporary) / client, out / client / LOG)
            problem = _problem(_Task(place, package.name, sentences, out / client), speak, rate)
            spoken.append(Spoken(client, environment.versions[distribution], problem))
    return spoken


def _sample_rate(package: Path) -> int:
    config = package / f"{package.name}.onnx.json"
    try:
        return int(json.loads(config.read_text(encoding="utf-8"))["audio"]["sample_rate"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PackageError(f"{config}: audio.sample_rate cannot be read: {type(error).__name__}: {error}") from error


def _voice_alone(package: Path, folder: Path) -> Path:
    """Copies of the files that a client needs, in a folder of their own."""
    folder.mkdir()
    for name in (f"{package.name}.onnx", f"{package.name}.onnx.json", "tokens.txt"):
        if not (package / name).is_file():
            raise PackageError(f"{package / name}: no such file; the clients need it")
        shutil.copyfile(package / name, folder / name)
    return folder


def _problem(task: _Task, speak: Callable[[_Task], None], rate: int) -> str:
    """Let the client speak. Empty when every sentence is a WAV file with sound at the voice's rate; else what is wrong."""
    try:
        speak(task)
        for number in range(1, len(task.sentences) + 1):
            _check(task, number, rate)
    except ClientFailureError as error:
        return str(error)
    except (ValueError, LookupError, TypeError, OSError) as error:
        return str(task.place.failure(f"its answer cannot be used: {type(error).__name__}: {error}"))
    return ""


def _check(task: _Task, number: int, rate: int) -> None:
    path = task.wav(number)
    try:
        found, peak_db = recordings.probe(path), signals.peak_db(recordings.read(path)[0])
    except recordings.AudioError as error:
        raise task.place.failure(f"no sound for sentence {number}, {task.sentences[number - 1]!r}: {error}") from error
    if found.sample_rate != rate or found.channels != 1:
        was = f"{found.channels} channels at {found.sample_rate} Hz"
        raise task.place.failure(f"sentence {number} has {was}, not 1 at {rate} Hz")
    if peak_db < QUIETEST_PEAK_DB:
        heard = f"its peak is {peak_db:.0f} dBFS, under {QUIETEST_PEAK_DB:.0f}"
        raise task.place.failure(f"sentence {number} is hardly audible: {heard}")
