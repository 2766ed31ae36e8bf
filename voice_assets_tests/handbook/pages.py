"""The pages of the handbook as a test reads them: their text, their fenced blocks, their inline code."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
_FENCE = re.compile(r"^(?P<indent> *)```(?P<kind>\w*)[^\n]*\n(?P<body>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True)
class Block:
    """A fenced block: its page, relative to the repository; its language; its lines without the indentation."""

    page: str
    kind: str
    body: str


def pages() -> dict[str, str]:
    """The text of the README, of CONTRIBUTING and of every page of the handbook, by the path in the repository."""
    files = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]
    return {file.relative_to(ROOT).as_posix(): file.read_text(encoding="utf-8") for file in files}


def blocks(kind: str) -> Iterator[Block]:
    """The fenced blocks of one language, in the order of the pages."""
    for page, text in pages().items():
        for found in _FENCE.finditer(text):
            if found["kind"] == kind:
                lines = found["body"].splitlines()
                yield Block(page, kind, "\n".join(line.removeprefix(found["indent"]) for line in lines))


def inline_code(text: str) -> list[str]:
    """What stands between backticks in the running text of a page."""
    return _INLINE.findall(_FENCE.sub("", text))


def lines_of(block: Block) -> Iterator[tuple[str, str]]:
    """The command lines of a block of the shell, each with its comment; a line that ends with a backslash goes on."""
    for line in block.body.replace("\\\n", " ").splitlines():
        command, comment = re.fullmatch(r"(.*?)(?:(?:^|\s+)#\s*(.*))?", line.strip()).groups()  # type: ignore[union-attr]
        if command:
            yield command, comment or ""


def files_of(block: Block) -> Iterator[tuple[str, str]]:
    """The file that a block shows: its path, from the comment in the first line, and its text."""
    found = re.match(r"# ([\w/.]+)\n", block.body)
    if found:
        yield found[1], block.body
