"""The event log of the project, for commands that only read."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from voice_assets.runtime import project

if TYPE_CHECKING:
    from voice_assets.orchestration.gates import Gate


@contextmanager
def opened_gate(voice: str | None = None) -> "Iterator[Gate | None]":
    """The gates of ``voice``, or of all voices; None when nothing was ever recorded in this project. Writes nothing."""
    if not project.dagster_home().is_dir():
        yield None
        return
    from voice_assets.definitions import build_definitions
    from voice_assets.orchestration.gates import Gate
    from voice_assets.orchestration.instance import open_instance

    with open_instance() as instance:
        definitions = build_definitions(only=None if voice is None else [voice])
        yield Gate(definitions.resolve_asset_graph(), instance)
