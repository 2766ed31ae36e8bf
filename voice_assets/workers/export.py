"""Export a checkpoint as a voice that players load: ``python -m voice_assets.workers.export --help``.

Writes ``<name>.onnx``, ``<name>.onnx.json`` and ``tokens.txt``, compares the sound with PyTorch's, and last the result:
``export.json``. A difference or an incomplete configuration is a fact in it, not an error: rules judge it.

Events: ``started``, ``progress`` (one a part of the work), ``note``, ``done``.
"""

import argparse
import importlib.metadata
import json
import sys
from pathlib import Path
from typing import Any

from voice_assets.dataset.config import ConfigError, load_config
from voice_assets.piper import export, onnx_voice, voice_config
from voice_assets.piper import model as vits
from voice_assets.piper.sentences import SENTENCES, sentences_for
from voice_assets.runtime import files
from voice_assets.workers.protocol import Progress, emit, follow_parent, run

EXPECTED = (vits.CheckpointError, export.ExportError, onnx_voice.SpeechError, ConfigError, OSError)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    line = argparse.ArgumentParser(prog="python -m voice_assets.workers.export", description=__doc__)
    line.add_argument("--checkpoint", type=Path, required=True, help="a .ckpt of Piper's training")
    line.add_argument("--trust-checkpoint", action="store_true", help="let it hold Python objects, which can run code")
    line.add_argument("--config", type=Path, required=True, help="config.json the voice was trained with")
    line.add_argument("--out", type=Path, required=True, help="folder to write into")
    line.add_argument("--name", required=True, help="<language>_<REGION>-<name>-<quality>, the files' name")
    line.add_argument("--language", required=True, help="two-letter code, such as ru")
    line.add_argument("--region", required=True, help="two-letter country code, such as RU")
    line.add_argument("--quality", required=True, choices=list(vits.QUALITY_RATES), help="as in the name")
    line.add_argument("--dataset-name", required=True, help="the middle of the name")
    line.add_argument("--with-parent", type=int, metavar="PID", help="die when this process is no longer the parent")
    return line


def metadata_of(config: dict[str, Any]) -> dict[str, str]:
    """What sherpa-onnx reads inside the model."""
    return {
        "model_type": "vits",
        "comment": "piper",
        "language": config["language"]["name_english"],
        "voice": config["espeak"]["voice"],
        "has_espeak": "1",
        "n_speakers": str(config["num_speakers"]),
        "sample_rate": str(config["audio"]["sample_rate"]),
    }


def _compare(generator: Any, model: Path, config: Path, language: str) -> dict[str, Any]:
    """Whether onnxruntime loads the model, and how far its sound is from PyTorch's."""
    texts = sentences_for(language if language in SENTENCES else "en")[:2]
    try:
        voice = onnx_voice.load(model, config)
    except onnx_voice.VoiceLoadError as error:
        emit("note", message=str(error))
        return {"loads": 0, "load_error": str(error), "max_abs_difference": None, "compared": texts}
    difference = export.largest_difference(generator, voice, texts)
    return {"loads": 1, "load_error": "", "max_abs_difference": difference, "compared": texts}


def main(arguments: argparse.Namespace) -> None:
    """Export, compare and write ``export.json``."""
    follow_parent(arguments.with_parent)
    emit("started", checkpoint=arguments.checkpoint, name=arguments.name)
    progress = Progress(total=3)
    data_set = load_config(arguments.config)
    generator, facts = vits.load_generator(arguments.checkpoint, trusted=arguments.trust_checkpoint)
    config = voice_config.complete(
        data_set,
        dataset=arguments.dataset_name,
        language=arguments.language,
        region=arguments.region,
        quality=arguments.quality,
        num_speakers=generator.n_speakers,
        piper_version=importlib.metadata.version("piper-tts"),
    )
    progress.step(1, part="checkpoint")
    model, beside = arguments.out / f"{arguments.name}.onnx", arguments.out / f"{arguments.name}.onnx.json"
    export.export(generator, model, metadata_of(config))
    files.write_text(beside, json.dumps(config, ensure_ascii=False, indent=2))
    files.write_text(arguments.out / "tokens.txt", voice_config.tokens(config["phoneme_id_map"]))
    progress.step(1, part="onnx")
    compared = _compare(generator, model, beside, arguments.language)
    listing = voice_config.problems(config, arguments.name, generator.n_vocab)
    progress.step(1, part="compared")
    result = {
        "name": arguments.name,
        "model": model.name,
        "size": model.stat().st_size,
        "sha256": files.sha256(model),
        "config": beside.name,
        "config_sha256": files.sha256(beside),
        "checkpoint": str(arguments.checkpoint),
        "epoch": facts["epoch"],
        "step": facts["step"],
        "sample_rate": config["audio"]["sample_rate"],
        **compared,
        "config_problems": len(listing),
        "config_problem_list": listing,
    }
    files.write_text(arguments.out / "export.json", json.dumps(result, ensure_ascii=False, indent=1))
    emit("done", result=arguments.out / "export.json", **result)


if __name__ == "__main__":
    namespace = parser().parse_args()
    sys.exit(run(lambda: main(namespace), *EXPECTED))
