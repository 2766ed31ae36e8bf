"""The metadata entry ``came_from``: a table with what a materialisation came from, and links to the runs and reports.

Not here: the lineage itself (``orchestration.lineage``), and the addresses of the links (``orchestration.links``).
"""

from collections.abc import Sequence
from typing import Any

import dagster as dg

from voice_assets.orchestration.gates import Gate
from voice_assets.orchestration.lineage import ancestry
from voice_assets.orchestration.links import asset_url, report_url, run_url
from voice_assets.orchestration.recorded_verdicts import verdict_rows
from voice_assets.orchestration.records import Materialisation

CAME_FROM = "came_from"
VERSION_SHOWN, RUN_SHOWN, RUNS_SHOWN = 16, 8, 4


def came_from(gate: Gate, sources: Sequence[Materialisation]) -> dict[str, dg.MarkdownMetadataValue]:
    """The entry for a materialisation that was built from ``sources``: a row per asset upstream, the nearest first."""
    from voice_assets.reports import metadata

    by_asset: dict[dg.AssetKey, list[Materialisation]] = {}
    for one in ancestry(gate, list(sources)):
        by_asset.setdefault(one.key, []).append(one)
    rows = [_row(gate, key, ones) for key, ones in by_asset.items()]
    return {CAME_FROM: dg.MetadataValue.md(metadata.came_from(rows))}


def _row(gate: Gate, key: dg.AssetKey, ones: list[Materialisation]) -> dict[str, Any]:
    """The row of one asset: its verdict, its versions, and links to its runs and its newest report."""
    from voice_assets.reports.markdown import Link
    from voice_assets.reports.verdicts import worst_word

    judged = ones if gate.graph.has(key) else []  # the voice may have lost the asset since, and its rules with it
    verdicts = [row for one in judged for row in verdict_rows(gate, one)]
    runs = dict.fromkeys(one.run_id for one in ones if one.run_id)
    links = [Link(run[:RUN_SHOWN], run_url(run)) for run in list(runs)[:RUNS_SHOWN]]
    if len(runs) > RUNS_SHOWN:
        links.append(Link(f"all {len(runs)} runs", asset_url(key)))
    newest = max(ones, key=lambda one: one.storage_id)
    report = report_url(key.path[0], newest.report)
    return {
        "asset": _name(key, ones),
        "verdict": worst_word(verdicts) or "no rules",
        "version": newest.data_version[:VERSION_SHOWN] if len(ones) == 1 else f"{len(ones)} versions",
        "runs": tuple(links),
        "report": Link("open", report) if report else None,
    }


def _name(key: dg.AssetKey, ones: list[Materialisation]) -> str:
    name = key.path[-1]
    if len(ones) > 1:
        return f"{name}, {len({one.partition for one in ones})} partitions"
    return name if ones[0].partition is None else f"{name} {ones[0].partition}"
