"""What `voice-assets lineage` prints. Not here: the tree (``lineage_tree``) and finding the subject (``lineage_subject``)."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table
from rich.text import Text

from voice_assets.cli.errors import without_traceback
from voice_assets.cli.lineage_subject import Subject
from voice_assets.cli.lineage_tree import lineage_tree
from voice_assets.orchestration.gates import AssetPartition, Gate
from voice_assets.orchestration.lineage import descendants
from voice_assets.orchestration.records import Materialisation
from voice_assets.reports.lineage import LineageError
from voice_assets.runtime.plain_text import plain
from voice_assets.runtime.stamps import utc_text

if TYPE_CHECKING:
    from rich.console import Console

SHOWN = 10


def print_lineage(console: "Console", gate: Gate | None, found: Subject, *, everything: bool, as_json: bool) -> None:
    """Print the lineage of a subject, and what the event log says about it today."""
    objections = _objections(gate, found.recorded)
    if as_json:
        extra = {"origin": found.origin, "objections": objections, "disagreements": found.disagreements}
        click.echo(json.dumps(found.lineage.as_json() | extra, ensure_ascii=False, indent=1))
        return
    with without_traceback(LineageError):
        console.print(lineage_tree(found.lineage, everything=everything))
    for asset, digest in found.lineage.data_sets().items():
        console.print(f"Data set of {plain(asset)}: {plain(digest)}", soft_wrap=True)
    console.print(f"Read from {plain(found.origin)}.", soft_wrap=True)
    if found.disagreements is not None:
        _print_list(console, "The event log says the same.", "The event log differs:", found.disagreements)
    if objections is not None:
        _print_list(console, "Nothing speaks against it today.", "What speaks against it today:", objections)


def _objections(gate: Gate | None, recorded: Sequence[Materialisation]) -> list[str] | None:
    """What speaks today against the subject; None where the event log does not know it."""
    if gate is None or not recorded:
        return None
    return _against(gate, recorded)


def _against(gate: Gate, recorded: Sequence[Materialisation]) -> list[str]:
    return list(dict.fromkeys(str(blocker) for one in recorded for blocker in gate.objections(one)))


def _print_list(console: "Console", nothing: str, heading: str, lines: Sequence[str]) -> None:
    """Print ``heading`` and the first of ``lines``, or ``nothing``."""
    console.print(heading if lines else nothing, style="red" if lines else "green")
    for line in lines[:SHOWN]:
        console.print(f"  - {plain(line)}", soft_wrap=True)
    if len(lines) > SHOWN:
        console.print(f"  and {len(lines) - SHOWN} more; --json lists all")


def print_downstream(console: "Console", gate: Gate, subjects: Sequence[Materialisation], *, as_json: bool) -> None:
    """Print what was built on ``subjects``, and what speaks against each today."""
    built = [(one, _against(gate, [one])) for one in descendants(gate, subjects)]
    if as_json:
        values = {"subjects": [_plain(one) for one in subjects]}
        values["built"] = [_plain(one) | {"objections": objections} for one, objections in built]
        click.echo(json.dumps(values, ensure_ascii=False, indent=1))
        return
    name = _in_words(subjects)
    if not built:
        console.print(f"Nothing was built on {plain(name)}.")
        return
    console.print(_downstream_table(gate, built, f"Built on {plain(name)}"))


def _plain(one: Materialisation) -> dict[str, Any]:
    return {
        "asset": one.key.to_user_string(),
        "partition": one.partition,
        "storage_id": one.storage_id,
        "run_id": one.run_id,
        "time": utc_text(one.time),
        "data_version": one.data_version,
    }


def _in_words(several: Sequence[Materialisation]) -> str:
    first = several[0]
    if len(several) == 1:
        return str(AssetPartition(first.key, first.partition))
    return f"{first.key.to_user_string()} ({len(several)} materialisations)"


def _downstream_table(gate: Gate, built: Sequence[tuple[Materialisation, list[str]]], title: str) -> Table:
    """A row per asset and state: shards and epochs against which the same speaks share a row."""
    order = {key: position for position, key in enumerate(gate.graph.toposorted_asset_keys)}
    rows: dict[tuple[int, str, bool, tuple[str, ...]], list[Materialisation]] = {}
    for one, objections in built:
        newest = gate.history.latest(one.key, one.partition) == one
        rows.setdefault((order[one.key], one.key.path[-1], newest, tuple(objections)), []).append(one)
    table = Table(title=title, title_justify="left", title_style="bold")
    for heading in ("asset", "partitions", "made", "newest", "what speaks against it today"):
        table.add_column(heading, overflow="fold")
    for (_, asset, newest, reasons), ones in sorted(rows.items(), key=lambda row: row[0]):
        last = max(ones, key=lambda one: one.time)
        words = "\n".join(map(plain, reasons[:SHOWN])) or "nothing"
        cell = Text(words, style="red" if reasons else "green")
        table.add_row(plain(asset), _partitions(ones), utc_text(last.time), "yes" if newest else "no", cell)
    return table


def _partitions(ones: Sequence[Materialisation]) -> str:
    names = list(dict.fromkeys(plain(one.partition) for one in ones if one.partition is not None))
    return ", ".join(names) if len(names) <= 3 else f"{names[0]}, {names[1]} ... {names[-1]} ({len(names)})"
