"""The commands in a package's README pass the exact sentence to Piper, in a real shell."""

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from voice_assets.release.readme import usage

NAME = "en_US-joe-medium"
PIPER = ["-m", "piper", "--model", f"{NAME}.onnx", "--output-file", "piper.wav", "--"]
WYOMING = ["-m", "wyoming_piper", "--voice", NAME, "--data-dir", ".", "--uri", "tcp://127.0.0.1:10200"]
SHERPA = [f"--vits-model={NAME}.onnx", "--vits-tokens=tokens.txt", "--vits-data-dir=/a folder/espeak-ng-data"]
SENTENCES = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), min_size=1, max_size=40)


def readme(sentence: str, title: str = "Joe") -> str:
    return usage(NAME, title, sentence, reports=True)


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of commands for PATH. Those that speak write their arguments to a file, the others do nothing.

    `python3 -c` prints where piper is.
    """
    folder = tmp_path_factory.mktemp("bin")
    scripts = {
        "python3": 'case "$1 $2" in "-c "*) echo "/a folder"; exit;; esac; printf "%s\\0" "$@" > "$ARGUMENTS/$2"',
        "sherpa-onnx-offline-tts": 'printf "%s\\0" "$@" > "$ARGUMENTS/sherpa"',
        "pip": ":",
        "sha256sum": ":",
    }
    for name, script in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    return folder


@settings(max_examples=25)
@given(SENTENCES)
@example("It costs $5, `date` and $(date).")
@example('It\'s 100 % "true" \\ and ~ * ? ! # ;')
@example("-- -5 degrees\n```\n````")
def test_a_shell_speaks_the_whole_sentence(commands: Path, tmp_path_factory: pytest.TempPathFactory, sentence: str) -> None:
    folder, arguments = tmp_path_factory.mktemp("shell"), tmp_path_factory.mktemp("arguments")
    blocks = [token.content for token in MarkdownIt().parse(readme(sentence)) if token.type == "fence"]
    environment = {**os.environ, "PATH": f"{commands}:{os.environ['PATH']}", "ARGUMENTS": str(arguments)}
    for block in blocks:
        subprocess.run(["sh", "-eu"], input=block.encode(), cwd=folder, env=environment, check=True)
    passed = {path.name: path.read_bytes().decode().split("\0")[:-1] for path in arguments.iterdir()}
    assert passed == {
        "piper": [*PIPER, sentence],
        "wyoming_piper": WYOMING,
        "sherpa": [*SHERPA, "--output-filename=sherpa.wav", "--", sentence],
    }
    assert list(folder.iterdir()) == []


def test_a_title_is_text() -> None:
    assert readme("Hello.", "Joe <b> [x](y)").startswith("# Joe \\<b\\> \\[x\\](y)\n")
