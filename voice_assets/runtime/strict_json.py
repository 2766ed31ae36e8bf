"""Reading JSON that may come from anywhere: strict, and with bounded memory and time. Standard library only.

Python's own reader takes NaN, keeps the last of two equal keys, and fills the memory from a small file. Not here: the meaning
of the content.
"""

import codecs
import json
import math
import re
from collections import Counter
from pathlib import Path
from typing import Any

LARGEST = 16 << 20
"""Bytes of a file."""
MOST_VALUES = 1_000_000
"""Values in a file. In Python an empty object has 64 bytes, in the file it has 3."""
DEEPEST = 32
"""Levels of objects and lists. A real file has under 10; Python's own functions for nested values fail at some hundreds."""
LONGEST = 60
_HALF = re.compile("[\ud800-\udfff]")


class JsonError(ValueError):
    """Bytes that are no JSON to be read here. The message says why; the message of ``read`` names the file too."""


def read(path: Path, *, largest: int = LARGEST, most_values: int = MOST_VALUES) -> Any:
    """The content of a JSON file; at most ``largest`` bytes of it are read.

    Raises:
        JsonError: as ``parse``. The message names the file.
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        data = file.read(largest + 1)
    try:
        return parse(data, largest=largest, most_values=most_values)
    except JsonError as error:
        raise JsonError(f"{path}: {error}") from error


def parse(data: bytes, *, largest: int = LARGEST, most_values: int = MOST_VALUES) -> Any:
    """The content of ``data``: UTF-8 without a byte order mark; only finite numbers, whole characters and single keys.

    Raises:
        JsonError: anything else, more than ``largest`` bytes or ``most_values`` values, or more than ``DEEPEST`` levels.
    """
    if len(data) > largest:
        raise JsonError(f"too large: over {largest} bytes")
    if data.count(b",") + data.count(b"[") + data.count(b"{") > most_values:
        raise JsonError(f"too large: over {most_values} values")
    if data.startswith(codecs.BOM_UTF8):
        raise JsonError(
            "not JSON: it begins with a byte order mark (BOM), which JSON does not allow; save it as UTF-8 without BOM"
        )
    try:
        content = json.loads(
            data.decode("utf-8"), object_pairs_hook=_without_duplicates, parse_constant=_no_number, parse_float=_finite
        )
    except UnicodeDecodeError as error:
        raise JsonError(f"not UTF-8: byte {error.start} is 0x{data[error.start]:02x}; convert the file to UTF-8") from error
    except JsonError:
        raise
    except ValueError as error:
        raise JsonError(f"not JSON: {error}") from error
    except RecursionError as error:
        raise JsonError(f"not JSON: nested too deep, over {DEEPEST} levels") from error
    _check_values(content)
    return content


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        (twice, _), *_ = Counter(key for key, _ in pairs).most_common(1)
        raise JsonError(f"not JSON: the key {twice[:LONGEST]!r} is there twice")
    return content


def _no_number(name: str) -> None:
    raise JsonError(f"not JSON: {name} is not a JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise JsonError(f"not JSON: {text[:LONGEST]} is too large a number")
    return number


def _check_values(content: Any) -> None:
    """Raise JsonError for texts that UTF-8 cannot encode and for deep nesting. Goes level by level, without recursion."""
    level = [content]
    for _ in range(DEEPEST):
        nested: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                nested += [*value.keys(), *value.values()]
            elif isinstance(value, list):
                nested += value
            elif isinstance(value, str) and (lone := _HALF.search(value)):
                raise JsonError(f"not JSON: half a character (U+{ord(lone[0]):04X}) in {value[:LONGEST]!a}")
        if not nested:
            return
        level = nested
    raise JsonError(f"not JSON: nested too deep, over {DEEPEST} levels")
