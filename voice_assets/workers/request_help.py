"""The help of a worker: its task, every field of its request, a minimal request, exit codes.

The help is made from the worker's docstring, the JSON schema of its request and the exit codes of ``protocol``.
"""

import json
import textwrap
from typing import Any

from voice_assets.runtime.requests import Request
from voice_assets.workers.protocol import EXIT_CODES

WIDTH = 110
_TYPES = {"string": "text", "boolean": "true or false", "integer": "integer", "number": "number", "object": "object"}
_LIMITS = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}


def about(docstring: str) -> str:
    """A module's docstring as plain text for a terminal."""
    return docstring.replace("``", "").strip()


def example(model: type[Request]) -> dict[str, Any]:
    """A minimal request: the required fields, each with its first example."""
    return {name: (field.examples or [None])[0] for name, field in model.model_fields.items() if field.is_required()}


def fields(model: type[Request]) -> list[str]:
    """Two or more lines per field: key, type, default, and the description. The keys of a section follow the section."""
    schema = model.model_json_schema()
    return _fields(schema, schema.get("$defs", {}), "", model.not_used)


def epilog(name: str, model: type[Request]) -> str:
    """The part of ``--help`` below the options."""
    minimal = json.dumps(example(model), ensure_ascii=False, indent=2)
    command = f"python -m voice_assets.workers.{name}"
    parts = [
        "The request is a JSON object with these fields. Paths are absolute. Other keys are errors.",
        *fields(model),
        "",
        "Exit codes:",
        *(f"  {code}  {meaning}" for code, meaning in EXIT_CODES.items()),
        "",
        f"A minimal request; {command} REQUEST.json runs it:",
        textwrap.indent(minimal, "  "),
    ]
    return "\n".join(parts)


def _fields(schema: dict[str, Any], sections: dict[str, Any], prefix: str, not_used: frozenset[str]) -> list[str]:
    lines = []
    for name, field in schema["properties"].items():
        key = f"{prefix}{name}"
        section = _section(field, sections)
        needed = "required" if name in schema.get("required", ()) else f"default {_default(field)}"
        kind = "section; its keys follow" if section else f"{_type(field)}, {needed}"
        unused = " (not used by this worker)" if key in not_used else ""
        lines.append(f"  {key}: {kind}{unused}")
        lines += textwrap.wrap(field.get("description", ""), WIDTH, initial_indent=" " * 6, subsequent_indent=" " * 6)
        if section:
            lines += _fields(section, sections, f"{key}.", not_used)
    return lines


def _section(field: dict[str, Any], sections: dict[str, Any]) -> dict[str, Any] | None:
    reference = field.get("$ref")
    return None if reference is None else sections[reference.removeprefix("#/$defs/")]


def _default(field: dict[str, Any]) -> str:
    return json.dumps(field["default"], ensure_ascii=False) if "default" in field else "empty"


def _type(field: dict[str, Any]) -> str:
    if "anyOf" in field:
        return " or ".join(_type(one) for one in field["anyOf"])
    if "enum" in field:
        return " or ".join(json.dumps(value) for value in field["enum"])
    if field.get("format") == "path":
        return "absolute path"
    if field["type"] == "array":
        return f"list of {_type(field['items'])}"
    limits = [f"{sign} {field[name]}" for name, sign in _LIMITS.items() if name in field]
    return " ".join([_TYPES.get(field["type"], field["type"]), " and ".join(limits)]).rstrip()
