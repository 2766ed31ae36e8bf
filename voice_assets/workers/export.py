"""Export a checkpoint as a voice for Piper players.

Writes ``<name>.onnx``, ``<name>.onnx.json`` and ``tokens.txt``, compares the audio of ONNX and PyTorch, and writes the result
``export.json`` last. A difference or an incomplete configuration is a fact in the result, not an error: rules judge the facts.

Events: started (checkpoint, name), progress (done, total, rate_per_s, remaining_s, part; ``part`` is checkpoint, onnx,
compared), note (message), done (result, and all facts of ``export.json``), error (message, type).
"""

import importlib.metadata
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from voice_assets.dataset.config import ConfigError, load_config
from voice_assets.piper import export, onnx_voice, voice_config
from voice_assets.piper import model as vits
from voice_assets.piper.errors import CheckpointError
from voice_assets.piper.requests import ExportRequest
from voice_assets.piper.sentences import SENTENCES, sentences_for
from voice_assets.runtime import files
from voice_assets.workers import command_line
from voice_assets.workers.protocol import ProgressEvents, emit

EXPECTED = (CheckpointError, export.ExportError, onnx_voice.SpeechError, ConfigError, OSError)


def metadata_of(config: dict[str, Any]) -> dict[str, str]:
    """The metadata that sherpa-onnx reads inside the model."""
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
    """Facts: whether onnxruntime loads the model, and the largest difference between the audio of ONNX and PyTorch."""
    texts = sentences_for(language if language in SENTENCES else "en")[:2]
    try:
        voice = onnx_voice.load(model, config)
    except onnx_voice.VoiceLoadError as error:
        emit("note", message=str(error))
        return {"loads": 0, "load_error": str(error), "max_abs_difference": None, "compared": texts}
    difference = export.largest_difference(generator, voice, texts)
    return {"loads": 1, "load_error": "", "max_abs_difference": difference, "compared": texts}


def work(request: ExportRequest) -> None:
    """Export, compare and write ``export.json``."""
    emit("started", checkpoint=request.checkpoint, name=request.name)
    progress = ProgressEvents(total=3)
    data_set = load_config(request.config)
    generator, facts = vits.load_generator(request.checkpoint, trusted=request.trust_checkpoint)
    config = voice_config.complete(
        data_set,
        dataset=request.dataset_name,
        language=request.language,
        region=request.region,
        quality=request.quality,
        num_speakers=generator.n_speakers,
        piper_version=importlib.metadata.version("piper-tts"),
    )
    progress.step(1, part="checkpoint")
    model, beside = request.out / f"{request.name}.onnx", request.out / f"{request.name}.onnx.json"
    export.export(generator, model, metadata_of(config))
    files.write_text(beside, json.dumps(config, ensure_ascii=False, indent=2))
    files.write_text(request.out / "tokens.txt", voice_config.tokens(config["phoneme_id_map"]))
    progress.step(1, part="onnx")
    compared = _compare(generator, model, beside, request.language)
    listing = voice_config.problems(config, request.name, generator.n_vocab)
    progress.step(1, part="compared")
    result = {
        "name": request.name,
        "model": model.name,
        "size": model.stat().st_size,
        "sha256": files.sha256(model),
        "config": beside.name,
        "config_sha256": files.sha256(beside),
        "checkpoint": str(request.checkpoint),
        "epoch": facts["epoch"],
        "step": facts["step"],
        "sample_rate": config["audio"]["sample_rate"],
        **compared,
        "config_problems": len(listing),
        "config_problem_list": listing,
    }
    files.write_text(request.out / "export.json", json.dumps(result, ensure_ascii=False, indent=1))
    emit("done", result=request.out / "export.json", **result)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the worker. Returns the exit code of ``workers.protocol``."""
    return command_line.run("export", __doc__, ExportRequest, work, EXPECTED, arguments)


if __name__ == "__main__":
    sys.exit(main())
