"""The lineage of a materialisation: its pins, and the pins of its inputs, back to every shard of the data set. Reads only."""

from datetime import UTC, datetime
from typing import Any

from voice_assets.orchestration.gates import Gate
from voice_assets.orchestration.history import Materialisation, pins_json


def ancestry(gate: Gate, starts: list[Materialisation]) -> list[Materialisation]:
    """``starts`` and every materialisation upstream by the recorded pins: nearest first, each once.

    The ancestors of a checkpoint include the training that wrote the checkpoint, though it was materialised later.
    """
    return gate.ancestors(starts)


def lineage_json(ancestors: list[Materialisation]) -> dict[str, Any]:
    """``lineage.json``: one entry per materialisation, with run, time, versions and pins."""
    return {"materialisations": [_entry(one) for one in ancestors]}


def _entry(one: Materialisation) -> dict[str, Any]:
    return {
        "asset": one.key.to_user_string(),
        "partition": one.partition,
        "storage_id": one.storage_id,
        "run_id": one.run_id,
        "time": datetime.fromtimestamp(one.time, UTC).isoformat(timespec="seconds"),
        "data_version": one.data_version,
        "code_version": one.code_version,
        "built_from": pins_json(one.pins),
    }
