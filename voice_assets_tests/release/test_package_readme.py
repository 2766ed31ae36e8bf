"""The commands in a package's README pass the exact sentence to Piper, in a real shell."""

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from voice_assets.release import package

NAME = "en_US-joe-medium"
ARGUMENTS = ["-m", "piper", "--model", f"{NAME}.onnx", "--output-file", "test.wav", "--"]
SENTENCES = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), min_size=1, max_size=40)


def readme(sentence: str, title: str = "Joe") -> str:
    nowhere = Path("nowhere")
    return package.usage(package.Contents(NAME, nowhere, nowhere, nowhere, "", {}, title, sentence, {}, nowhere))


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of commands for PATH: `python3` writes its arguments to a file, the others do nothing."""
    folder = tmp_path_factory.mktemp("bin")
    scripts = {"python3": 'printf "%s\\0" "$@" > "$ARGUMENTS"', "pip": ":", "sha256sum": ":"}
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
    folder = tmp_path_factory.mktemp("shell")
    (block,) = [token for token in MarkdownIt().parse(readme(sentence)) if token.type == "fence"]
    environment = {**os.environ, "PATH": f"{commands}:{os.environ['PATH']}", "ARGUMENTS": str(folder / "arguments")}
    subprocess.run(["sh", "-eu"], input=block.content.encode(), cwd=folder, env=environment, check=True)
    spoken = (folder / "arguments").read_bytes().decode().split("\0")
    assert spoken == [*ARGUMENTS, sentence, ""]
    assert [path.name for path in folder.iterdir()] == ["arguments"]


def test_a_title_is_text() -> None:
    assert readme("Hello.", "Joe <b> [x](y)").startswith("# Joe \\<b\\> \\[x\\](y)\n")
