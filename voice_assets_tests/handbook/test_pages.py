"""What the handbook says is so: names, messages and tables are those of the code; pictures are there; the site can be built."""

import ast
import os
import re
import subprocess
import sys
from functools import cache
from itertools import chain
from pathlib import Path

import pytest
from PIL import Image

from voice_assets.rules.suites import load_suite, suite_names
from voice_assets.voices import Voice
from voice_assets_tests.handbook.generated import PART, renewed, settings, what_to_do
from voice_assets_tests.handbook.pages import DOCS, ROOT, inline_code, pages

MESSAGES = ("docs/troubleshooting.md", "docs/gpus.md", "docs/upgrading.md")
"""The pages that quote messages of the program, as ``> message``, with ``…`` for what differs."""
SHORTEST = 6
MOST_BYTES = 150_000
MOST_BYTES_TOGETHER = 2_000_000
SECTION = re.compile(r"(limits|quality|asr_sample|whisper|training|samples|tournament|revalidate)\.[a-z_.0-9]+")
FILE_NAME = re.compile(r".*\.(tsv|json|md|html|yaml)")


def test_the_generated_parts_are_those_of_the_code() -> None:
    for page, text in pages().items():
        assert renewed(text) == text, f"{page}: run `python -m voice_assets_tests.handbook.generated`"


def test_every_rule_stands_in_a_page_with_what_to_do() -> None:
    shown = {found["name"] for text in pages().values() for found in PART.finditer(text)}
    assert {f"rules {suite}" for suite in suite_names()} == {name for name in shown if name.startswith("rules ")}
    named = {suite: {rule.name for rule in load_suite(suite).rules} for suite in suite_names()}
    assert {suite: set(advice) for suite, advice in what_to_do().items()} == named
    assert all(len(text) >= 10 for advice in what_to_do().values() for text in advice.values())


def test_rules_and_settings_in_running_text_exist() -> None:
    rules = {f"{suite}/{rule.name}" for suite in suite_names() for rule in load_suite(suite).rules}
    known = {path for path, _, _ in settings(Voice)}
    sections = {path.rpartition(".")[0] for path in known}
    for page, text in pages().items():
        for code in inline_code(text):
            suite, _, rule = code.partition("/")
            if suite in suite_names() and re.fullmatch(r"\w+", rule):
                assert code in rules, page
            name = code.partition(":")[0]
            if SECTION.fullmatch(name) and not FILE_NAME.fullmatch(name):
                assert name in known | sections, (page, code)


@cache
def texts_of_the_code() -> frozenset[str]:
    """Every text in the sources; of an f-string, the pieces between its values."""
    folders = ("voice_assets", "data_checks")
    trees = (ast.parse(file.read_text("utf-8")) for folder in folders for file in (ROOT / folder).rglob("*.py"))
    nodes = (node for tree in trees for node in ast.walk(tree))
    return frozenset(node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))


@pytest.mark.parametrize("page", MESSAGES)
def test_quoted_messages_are_messages_of_the_code(page: str) -> None:
    quoted = re.findall(r"^> (.+)$", pages()[page], re.MULTILINE)
    assert quoted
    for message in quoted:
        pieces = [piece for piece in (part.strip(" .;:,'") for part in message.split("…")) if len(piece) >= SHORTEST]
        assert pieces, message
        assert [piece for piece in pieces if not any(piece in text for text in texts_of_the_code())] == [], message


def test_pictures_are_there_used_and_small() -> None:
    files = {*DOCS.glob("pictures/*"), DOCS / "graph.png"}
    linked = chain.from_iterable(
        ((ROOT / page).parent / target for target in re.findall(r"!\[[^\]]+\]\(([^)]+)\)", text))
        for page, text in pages().items()
    )
    assert {file.resolve() for file in linked} == {file.resolve() for file in files}
    assert max(file.stat().st_size for file in files) < MOST_BYTES
    assert sum(file.stat().st_size for file in files) < MOST_BYTES_TOGETHER
    for file in files:
        if file.suffix == ".png":
            with Image.open(file) as picture:
                assert len(picture.resize((200, 100), Image.Resampling.NEAREST).getcolors() or []) > 4, f"{file}: an empty page"


@pytest.mark.slow
def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    index = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    assert re.findall(r'(?:src=|<link rel="(?:stylesheet|preconnect)" href=)"?https?:[^" ]*', index) == []
    validation = (tmp_path / "site" / "stages" / "validation.html").read_text(encoding="utf-8")
    assert f"<td><code>{load_suite('base_validation').rules[0].name}</code></td>" in validation
