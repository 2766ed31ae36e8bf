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
    except (ValueError, RecursionError, yaml.YAMLError) as error:
        raise YamlError(str(error)) from error
