"""Reading YAML that people write: safe, and without the silent surprises of plain YAML."""

from typing import Any

import yaml


class YamlError(ValueError):
    """A text that cannot be read. The message names the line."""


class _Loader(yaml.SafeLoader):
    """Safe YAML in which every key of a mapping is text and appears once. Plain YAML keeps only the last of two equal keys."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys: set[str] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            line = key_node.start_mark.line + 1
            if not isinstance(key, str):
                raise YamlError(f"line {line}: the key {key!r} is not text; write it in quotes")
            if key in keys:
                raise YamlError(f"line {line}: the key {key!r} is there twice; remove one")
            keys.add(key)
        return super().construct_mapping(node, deep)


def load(text: str) -> Any:
    """The content of one YAML document.

    Raises:
        YamlError: the text is no YAML, or a key is no text or is there twice.
    """
    try:
        return yaml.load(text, _Loader)  # noqa: S506 - _Loader is a SafeLoader
    except YamlError:
        raise
    except yaml.MarkedYAMLError as error:
        raise YamlError(f"{error}{_advice(text, error)}") from error
    except (ValueError, RecursionError, yaml.YAMLError) as error:
        raise YamlError(str(error)) from error


def _advice(text: str, error: yaml.MarkedYAMLError) -> str:
    """What to do about a line that YAML cannot read, in most cases: a value with ``: ``, ``*``, ``@`` or ``%`` needs quotes."""
    mark = error.problem_mark
    if mark is None or mark.line >= len(lines := text.splitlines()):
        return ""
    if "\t" in lines[mark.line]:
        return "\nIndent with spaces, not with a tab"
    key, colon, value = lines[mark.line].strip().partition(": ")
    return f"\nIf the value is a text, write it in quotes: {key}: {value.strip()!r}" if colon and value.strip() else ""


def as_written(text: str) -> Any:
    """The content of a document that `load` accepts, with every value as the text that stands in it.

    So ``no``, which `load` reads as False, is ``"no"`` here; for messages that quote what a person wrote.
    """
    return yaml.load(text, yaml.BaseLoader)  # noqa: S506 - BaseLoader makes text, lists and mappings only
