"""``voice-assets watch --server URL``: what runs for a voice of a deployment, on whichever of its machines."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voice_assets.cli.errors import without_traceback
from voice_assets.cli.snapshot import Snapshot
from voice_assets.runtime.running import Running, from_json

if TYPE_CHECKING:
    from voice_assets.orchestration.server import Server


def snapshot_of(server: "Server", voice: str) -> Snapshot:
    """What is known now about ``voice``. The GPUs of the machines are not known: each machine shows its own.

    Raises:
        CommandError: the server does not answer, or there is no such voice.
    """
    from voice_assets.orchestration.server import ServerError

    with without_traceback(ServerError):
        answer = server.ask("progress", voice=voice)
    result = None if answer["result"] is None else (Path(answer["result"][0]), answer["result"][1])
    return Snapshot(voice, states_of(answer), (), result, time.time(), answer["low_similarity"], answer["waiting"])


def states_of(answer: Mapping[str, Any]) -> list[Running]:
    """The states in the answer of a server."""
    return [from_json(state, state["asset"], state["partition"]) for state in answer["states"]]
