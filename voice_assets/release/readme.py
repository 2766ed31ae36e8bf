"""``README.md`` of a package: how to use the voice in three programs, and how to check the package.

Every argument is quoted for a POSIX shell, so that a sentence with ``$5`` or a quotation mark is spoken as written. Does not
belong here: what the voice is worth (``reports.model_card``).
"""

import re
import shlex
from collections.abc import Sequence

from voice_assets.release.sums import SUMS
from voice_assets.reports.markdown import escape

ESPEAK_DATA = '"$(python3 -c "import piper; print(piper.__path__[0])")/espeak-ng-data"'
"""The folder with espeak-ng's data that piper-tts installs. sherpa-onnx brings none."""


def usage(name: str, title: str, sentence: str, *, reports: bool) -> str:
    """The text of ``README.md``.

    Args:
        name: the name of the package and of its files.
        title: the voice's name for people.
        sentence: the text that the examples speak.
        reports: whether the package has reports.
    """
    shown = " and [reports/](reports)" if reports else ""
    return f"""# {escape(title)}

A voice for the Piper speech synthesiser. Data, licence and quality: [MODEL_CARD](MODEL_CARD).
Lineage, step by step: [lineage.json](lineage.json){shown}. Spoken samples: [samples/](samples).

Run the commands in the folder of this file.

## Piper

{_shell(_piper(name, sentence))}

## Home Assistant

wyoming-piper serves the voice `{name}` from this folder. Home Assistant finds the server under its address and port.

{_shell(_wyoming(name))}

## sherpa-onnx

The phonemes come from espeak-ng, whose data piper-tts installs.

{_shell(_sherpa(name, sentence))}

## Is the package complete and unchanged?

{_shell([shlex.join(["sha256sum", "--check", "--quiet", SUMS])])}

[evidence/](evidence) has what outsiders can check: in-toto statements about every rule and about the training, and the data set
as Croissant. A file `model.sig` is a signature over all files; the program `model_signing` (package model-signing) compares it
with a key.
"""


def _piper(name: str, sentence: str) -> list[str]:
    spoken = ["python3", "-m", "piper", "--model", f"{name}.onnx", "--output-file", "piper.wav", "--", sentence]
    return [shlex.join(["pip", "install", "piper-tts"]), shlex.join(spoken)]


def _wyoming(name: str) -> list[str]:
    served = ["--voice", name, "--data-dir", ".", "--uri", "tcp://127.0.0.1:10200"]
    return [shlex.join(["pip", "install", "wyoming-piper"]), shlex.join(["python3", "-m", "wyoming_piper", *served])]


def _sherpa(name: str, sentence: str) -> list[str]:
    voice = shlex.join([f"--vits-model={name}.onnx", "--vits-tokens=tokens.txt"])
    spoken = shlex.join(["--output-filename=sherpa.wav", "--", sentence])
    return [
        shlex.join(["pip", "install", "sherpa-onnx<2", "sherpa-onnx-bin<2", "piper-tts"]),
        f"sherpa-onnx-offline-tts {voice} --vits-data-dir={ESPEAK_DATA} {spoken}",
    ]


def _shell(commands: Sequence[str]) -> str:
    """A fenced block of commands. The fence is longer than any run of backticks inside."""
    script = "\n".join(commands)
    fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`+", script))])
    return f"{fence}sh\n{script}\n{fence}"
