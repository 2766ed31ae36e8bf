"""Helpers for the tests of transcribing: a table of clips, a request as a file, a run of the worker in this process."""

import json
from pathlib import Path

import pandas as pd

from voice_assets.asr.validated_clips import NEEDED
from voice_assets.audio import recordings
from voice_assets.runtime import files, project
from voice_assets.voices import Whisper
from voice_assets.workers import transcribe


def table(dataset: Path, names, texts=None) -> pd.DataFrame:
    rows = []
    for name in names:
        path = dataset / "wavs" / f"{name}.wav"
        length = recordings.probe(path).duration_s
        text = (texts or {}).get(name, "текст")
        rows.append((name, f"wavs/{name}.wav", text, files.sha256(path), length))
    return pd.DataFrame(rows, columns=list(NEEDED))


def command(dataset, clips, out, /, **changes):
    """The command line for a request with other values; settings of Whisper go into their section."""
    whisper = {"model": "base", "device": "cpu", "compute_type": "int8", "batch_size": 4}
    whisper |= {name: changes.pop(name) for name in list(changes) if name in Whisper.model_fields}
    request = {
        "dataset": str(dataset),
        "clips": str(clips),
        "out": str(out),
        "language": "ru",
        "whisper": whisper,
        "weights_cache": str(project.cache_dir() / "whisper"),
        "cpu_threads": 0,
        "cache": str(out.with_name("transcripts.sqlite")),
        "log": str(out.with_suffix(".log")),
    }
    file = out.with_suffix(".json")
    file.write_text(json.dumps(request | changes), encoding="utf-8")
    return [str(file)]


def events(text):
    return [json.loads(line) for line in text.splitlines()]


def run(capsys, arguments):
    code = transcribe.main(arguments)
    return code, events(capsys.readouterr().out)


def figures(printed):
    """How many clips were decoded, and how many came from the cache."""
    done = printed[-1]
    assert done["event"] == "done"
    return done["decoded"], done["from_cache"]
