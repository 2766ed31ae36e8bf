"""Speaks sentences with Piper's Python interface: ``piper_python.py TASK.json``. Runs in the environment of the clients.

The task: ``model``, ``sentences``, ``out`` (the folder for ``01.wav`` and so on).
"""

import json
import sys
import wave
from pathlib import Path


def main() -> None:
    """Speak every sentence of the task, without noise."""
    from piper import PiperVoice, SynthesisConfig

    task = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    voice = PiperVoice.load(task["model"])
    without_noise = SynthesisConfig(noise_scale=0.0, noise_w_scale=0.0)
    for number, sentence in enumerate(task["sentences"], start=1):
        with wave.open(str(Path(task["out"]) / f"{number:02d}.wav"), "wb") as file:
            voice.synthesize_wav(sentence, file, without_noise)


if __name__ == "__main__":
    main()
