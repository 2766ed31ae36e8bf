"""Whether the voice of a package speaks: with Piper's own command, in a fresh process with limits, from two files alone.

The model may come from anywhere. The process has limits of memory, of processor time and of what it may write, and it ends. Its
environment has no keys and no passwords.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile

SECONDS_TO_SPEAK = 120
MEMORY = 4 << 30
"""Bytes of data of the speaking process; a voice of quality `high` takes under 1 GiB."""
LARGEST_SOUND = 256 << 20
PASSED_ON = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH")
"""The variables of the environment that the speaking process gets."""
# A shorter sound is no word, and a quieter sound is no voice: such a sound does not count as speech.
SHORTEST_S, QUIETEST_PEAK = 0.3, 0.01
_LIMITED = """
import resource, runpy, sys
for kind, most in (("RLIMIT_DATA", int(sys.argv[1])), ("RLIMIT_CPU", int(sys.argv[2])), ("RLIMIT_FSIZE", int(sys.argv[3]))):
    _, hard = resource.getrlimit(getattr(resource, kind))
    resource.setrlimit(getattr(resource, kind), (most, most) if hard == resource.RLIM_INFINITY else (min(most, hard), hard))
sys.argv[1:] = sys.argv[4:]
runpy.run_module("piper", run_name="__main__", alter_sys=True)
"""


def why_silent(model: Path, config: Path, sentence: str) -> str:
    """Speak ``sentence``. Empty when the sound is audible, else the reason in words."""
    for file in (model, config):
        if not file.is_file():
            return f"{file.name} is missing"
    with tempfile.TemporaryDirectory(prefix="voice-speaks-") as folder:
        alone = Path(folder)
        for file in (model, config):
            shutil.copyfile(file, alone / file.name)
        return _why_ended(alone, model.name, sentence) or _why_inaudible(alone / "spoken.wav")


def _why_ended(alone: Path, model: str, sentence: str) -> str:
    """Run Piper in the folder ``alone``. Empty when it ended well."""
    limits = [MEMORY, SECONDS_TO_SPEAK * (os.cpu_count() or 1), LARGEST_SOUND]
    piper = ["--model", model, "--output-file", "spoken.wav", "--", sentence]
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-c", _LIMITED, *map(str, limits), *piper],
            cwd=alone,
            env={name: os.environ[name] for name in PASSED_ON if name in os.environ},
            capture_output=True,
            text=True,
            errors="replace",
            timeout=SECONDS_TO_SPEAK,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        return f"piper did not end within {SECONDS_TO_SPEAK} s"
    except (OSError, ValueError) as error:
        return f"piper cannot be started: {error}"
    last = done.stderr.strip().splitlines()[-1:]
    return f"piper ended with exit code {done.returncode}: {' '.join(last)[:500]}" if done.returncode else ""


def _why_inaudible(path: Path) -> str:
    if not path.is_file():
        return "piper wrote no file"
    try:
        samples, rate = soundfile.read(str(path), dtype="float32")
    except soundfile.SoundFileError as error:
        return f"piper wrote no audio: {error}"
    if len(samples) / rate < SHORTEST_S:
        return f"the sound lasts {len(samples) / rate:.2f} s, less than {SHORTEST_S} s"
    peak = float(np.max(np.abs(samples)))
    return f"the sound's peak is {peak:.4f}, less than {QUIETEST_PEAK}" if peak < QUIETEST_PEAK else ""
