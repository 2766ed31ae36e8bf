"""Speaks sentences with sherpa-onnx: ``sherpa.py TASK.json``. Runs in the environment of the clients.

The task: ``model``, ``tokens``, ``sentences``, ``out`` (the folder for ``01.wav`` and so on). espeak-ng's data are those that
piper-tts carries.
"""

import json
import sys
import wave
from pathlib import Path
from typing import Any


def load(task: dict[str, Any]) -> Any:
    """sherpa-onnx's text to speech for the voice, without noise."""
    import sherpa_onnx
    from piper.phonemize_espeak import ESPEAK_DATA_DIR

    vits = sherpa_onnx.OfflineTtsVitsModelConfig(
        model=task["model"],
        lexicon="",
        data_dir=str(ESPEAK_DATA_DIR),
        tokens=task["tokens"],
        noise_scale=0.0,
        noise_scale_w=0.0,
    )
    config = sherpa_onnx.OfflineTtsConfig(model=sherpa_onnx.OfflineTtsModelConfig(vits=vits, num_threads=1, provider="cpu"))
    if not config.validate():
        raise SystemExit("sherpa-onnx refuses the voice")
    return sherpa_onnx.OfflineTts(config)


def main() -> None:
    """Speak every sentence of the task."""
    import numpy
    import sherpa_onnx

    task = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    speech, settings = load(task), sherpa_onnx.GenerationConfig()
    settings.silence_scale = 1.0  # by default, sherpa-onnx shortens every pause to a fifth
    for number, sentence in enumerate(task["sentences"], start=1):
        audio = speech.generate(sentence, settings)
        samples = numpy.rint(numpy.clip(numpy.asarray(audio.samples), -1, 1) * 32767).astype(numpy.int16)
        with wave.open(str(Path(task["out"]) / f"{number:02d}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(audio.sample_rate)
            file.writeframes(samples.tobytes())


if __name__ == "__main__":
    main()
