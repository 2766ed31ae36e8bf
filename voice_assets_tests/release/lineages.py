"""Small lineages of plain values, as ``lineage.json`` has them."""

import hashlib
import json
from typing import Any

from voice_assets.reports.lineage import Lineage, parse

PARAMETERS = {"min_mean_similarity": 0.9}
JUDGED_BY = json.dumps({"code": "c" * 64, "parameters": PARAMETERS, "suite": "d" * 64}, sort_keys=True)
SUITE = hashlib.sha256(JUDGED_BY.encode()).hexdigest()
OTHER_SUITE = "e" * 64


def verdict(rule: str, passed: bool | None = True, **changes: Any) -> dict[str, Any]:
    """The verdict of one rule; a failure blocks."""
    said = {"observed": 0.95, "limit": ">= 0.9", "message": f"The {rule} fits.", "advisory": "", "waiver": "", "suite": SUITE}
    return {"rule": rule, "passed": passed, "blocks": passed is not True, **said, **changes}


def entry(asset: str, number: int, *verdicts: dict[str, Any], partition: str | None = None, **changes: Any) -> dict[str, Any]:
    """One materialisation of a run of its own; ``number`` is its place in the event log, and names its one file."""
    values: dict[str, Any] = {
        "asset": f"toy/{asset}",
        "partition": partition,
        "storage_id": number,
        "run_id": f"{number:08d}-run",
        "time": f"2026-01-01T00:00:{number:02d}+00:00",
        "data_version": f"{asset}-{number}",
        "code_version": "2.1.0",
        "built_from": [],
        "trained_by": None,
        "verdicts": list(verdicts),
        "judged_by": {SUITE: JUDGED_BY} if any(one.get("suite") == SUITE for one in verdicts) else {},
        "artifacts": {f"artifacts/toy/tables/{asset}/{number}.parquet": hashlib.sha256(str(number).encode()).hexdigest()},
        "source": None,
    }
    return values | changes


def pin(of: dict[str, Any]) -> dict[str, Any]:
    """The pin on an entry."""
    return {name: of[name] for name in ("asset", "partition", "storage_id", "run_id", "data_version")}


def lineage(*entries: dict[str, Any]) -> Lineage:
    return parse({"format": 2, "materialisations": list(entries)}, "lineage.json")


def trained(source: dict[str, str] | None = None, **training_set: Any) -> list[dict[str, Any]]:
    """The entries of an exported epoch, the nearest first: it was trained on a training set of two validated shards."""
    observed = [pin(entry("raw_dataset", 0, partition=shard)) for shard in ("0-of-2", "1-of-2")]
    shards = [
        entry("whisper_shard", 2 + number, verdict("every_clip_scored"), partition=one["partition"], built_from=[one])
        for number, one in enumerate(observed)
    ]
    validation = entry("whisper_validation", 5, verdict("mean_similarity"), built_from=[pin(one) for one in shards])
    chosen = entry("training_set", 6, built_from=[pin(validation), *map(pin, shards)], **training_set)
    start = [] if source is None else [entry("starting_checkpoint", 7, built_from=[pin(chosen)], source=source)]
    training = entry("training", 9, verdict("loss_falls"), built_from=[pin(chosen), *map(pin, start)])
    checkpoint = entry("checkpoint", 8, partition="v0-e0001", trained_by=pin(training), built_from=[pin(chosen)])
    model = entry("onnx_voice", 10, verdict("same_audio"), partition="v0-e0001", built_from=[pin(checkpoint)])
    return [model, checkpoint, training, *start, chosen, validation, *shards]
