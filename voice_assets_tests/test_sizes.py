"""Limits on the size of every Python file of the repository: of a file, of a function, of an asset's or a check's body."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import voice_assets

ROOT = Path(voice_assets.__file__).parent.parent
MAX_FILE = 350
MAX_FUNCTION = 60
MAX_BODY = 25
BODIES = {"asset", "checks", "multi_asset", "observable_source_asset", "asset_check", "multi_asset_check"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def sources() -> dict[str, str]:
    """The text of every Python file by its path in the repository; hidden folders and environments are left out."""
    folders = [path for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")]
    files = [file for folder in folders if not (folder / "pyvenv.cfg").exists() for file in folder.rglob("*.py")]
    return {str(file.relative_to(ROOT)): file.read_text(encoding="utf-8") for file in sorted([*ROOT.glob("*.py"), *files])}


def functions(source: str) -> Iterator[Function]:
    """Every function and method of a file, nested ones too."""
    return (node for node in ast.walk(ast.parse(source)) if isinstance(node, Function))


def length(function: Function) -> int:
    """Lines from ``def`` to the end; the functions inside count as well."""
    assert function.end_lineno is not None
    return function.end_lineno - function.lineno + 1


def is_asset_or_check(function: Function) -> bool:
    """Whether a decorator of Dagster or of ``orchestration.asset`` makes an asset or checks of the function."""
    named = [decorator.func if isinstance(decorator, ast.Call) else decorator for decorator in function.decorator_list]
    return any(getattr(name, "attr", getattr(name, "id", None)) in BODIES for name in named)


def body_length(source: str, function: Function) -> int:
    """Lines of code of the body: no docstring, no blank line, no comment."""
    first = function.body[1 if ast.get_docstring(function) else 0]
    lines = [line.strip() for line in source.splitlines()[first.lineno - 1 : function.end_lineno]]
    return sum(bool(line) and not line.startswith("#") for line in lines)


def test_no_file_is_too_long() -> None:
    lengths = {name: len(source.splitlines()) for name, source in sources().items()}
    assert {name: lines for name, lines in lengths.items() if lines > MAX_FILE} == {}


def test_no_function_is_too_long() -> None:
    lengths = {
        f"{name}:{found.lineno} {found.name}": length(found)
        for name, source in sources().items()
        for found in functions(source)
    }
    assert {name: lines for name, lines in lengths.items() if lines > MAX_FUNCTION} == {}


def test_no_body_of_an_asset_or_a_check_is_too_long() -> None:
    lengths = {
        f"{name}:{found.lineno} {found.name}": body_length(source, found)
        for name, source in sources().items()
        if name.startswith("voice_assets/defs/")
        for found in functions(source)
        if is_asset_or_check(found)
    }
    assert len(lengths) > 10
    assert {name: lines for name, lines in lengths.items() if lines > MAX_BODY} == {}


def test_every_part_of_the_repository_is_measured() -> None:
    assert {name.split("/")[0] for name in sources()} >= {"voice_assets", "voice_assets_tests", "data_checks", "benchmarks"}


def test_what_is_counted() -> None:
    source = '''
@dg.asset(name="a")
def outer(
    context,
):
    """What it does.

    More."""

    def inner():
        # a comment
        return 1

    return inner()
'''
    outer, inner = functions(source)
    assert (length(outer), length(inner)) == (12, 3)
    assert (body_length(source, outer), body_length(source, inner)) == (3, 1)
    assert (is_asset_or_check(outer), is_asset_or_check(inner)) == (True, False)
