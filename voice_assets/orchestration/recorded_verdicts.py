"""The verdicts that the instance recorded, as reports print them. Judges nothing: ``checks.judge`` does that."""

import hashlib
from collections.abc import Iterable
from typing import Any

from voice_assets.orchestration.gates import Gate
from voice_assets.orchestration.records import ADVISORY, JUDGED_BY, SUITE, CheckVerdict, Materialisation


def recorded_verdicts(gate: Gate, ancestors: Iterable[Materialisation]) -> dict[str, list[dict[str, Any]]]:
    """The verdicts of every rule on ``ancestors``, by asset name; the newest asset first.

    Each verdict is a dict with the keys of ``reports.verdicts.Verdict``. The rules of an asset with several partitions that
    passed in all of them are one verdict each. A verdict that did not pass names its partition.
    """
    newest = {(one.key, one.partition): one for one in sorted(ancestors, key=lambda one: one.storage_id)}
    by_asset: dict[str, list[Materialisation]] = {}
    for one in reversed(newest.values()):
        by_asset.setdefault(one.key.path[-1], []).append(one)
    found = {name: _of_asset(gate, partitions) for name, partitions in by_asset.items()}
    return {name: verdicts for name, verdicts in found.items() if verdicts}


def verdict_rows(gate: Gate, one: Materialisation) -> list[dict[str, Any]]:
    """The verdicts of every rule on one materialisation, as ``recorded_verdicts`` gives them."""
    return [verdict_row(verdict) for verdict in gate.check_verdicts(one)]


def judged_by(verdicts: Iterable[CheckVerdict]) -> dict[str, str]:
    """What decided the verdicts, by its SHA-256, where the results recorded it (`BoundSuite.judged_by`)."""
    texts = (None if one.result is None else one.result.metadata.get(JUDGED_BY) for one in verdicts)
    found = [str(text.value) for text in texts if text is not None]
    return {hashlib.sha256(text.encode()).hexdigest(): text for text in found}


def _of_asset(gate: Gate, partitions: list[Materialisation]) -> list[dict[str, Any]]:
    """The verdicts of one asset, rule by rule."""
    by_rule: dict[str, list[tuple[str | None, CheckVerdict]]] = {}
    for one in partitions:
        for verdict in gate.check_verdicts(one):
            by_rule.setdefault(verdict.check.name, []).append((one.partition, verdict))
    return [row for verdicts in by_rule.values() for row in _of_rule(gate, verdicts)]


def _of_rule(gate: Gate, verdicts: list[tuple[str | None, CheckVerdict]]) -> list[dict[str, Any]]:
    if len(verdicts) == 1:
        return [verdict_row(verdicts[0][1])]
    failed = [(partition, verdict) for partition, verdict in verdicts if verdict.result is None or not verdict.result.passed]
    rows = [
        verdict_row(verdict) | {"rule": f"{verdict.check.name}[{partition}]"}
        for partition, verdict in sorted(failed, key=_partition)
    ]
    if len(failed) == len(verdicts):
        return rows
    passed = next(verdict for _, verdict in verdicts if verdict.result is not None and verdict.result.passed)
    message = gate.graph.get_check_spec(passed.check).description
    return [
        *rows,
        verdict_row(passed) | {"observed": f"{len(verdicts) - len(failed)} of {len(verdicts)} shards", "message": message},
    ]


def _partition(one: tuple[str | None, CheckVerdict]) -> str:
    return one[0] or ""


def verdict_row(verdict: CheckVerdict) -> dict[str, Any]:
    """One verdict; without a recorded result, the reason why gates are closed."""
    if verdict.result is None:
        return {"rule": verdict.check.name, "passed": None, "blocks": True, "message": verdict.reason}
    values = {name: entry.value for name, entry in verdict.result.metadata.items()}
    return {
        "rule": verdict.check.name,
        "passed": verdict.result.passed,
        "blocks": verdict.reason is not None,
        "observed": values.get("observed"),
        "limit": values.get("limit"),
        "suite": str(values.get(SUITE, "")).removesuffix(ADVISORY),
        "message": verdict.result.description,
        "advisory": values.get("advisory", ""),
        "waiver": str(verdict.waiver or ""),
    }
