"""``voice-assets status``: how far every voice is, and what to do next."""

import json
import time
from typing import TYPE_CHECKING, Any

import click

from voice_assets.cli.errors import CommandError
from voice_assets.cli.event_log import opened_gate
from voice_assets.cli.server_option import forwarded
from voice_assets.cli.terminal import console
from voice_assets.cli.voice_argument import HOW_TO_START, voice_named
from voice_assets.runtime import project
from voice_assets.runtime.plain_text import plain

if TYPE_CHECKING:
    from rich.table import Table

    from voice_assets.orchestration.status import Standing, VoiceStatus
    from voice_assets.voices import BrokenVoice, Voice

COLOURS = {"PASS": "green", "WARN": "yellow", "FAIL": "red", "CLOSED": "red", "never run": "dim"}
SHOWN = 3


@click.command()
@forwarded
@click.argument("voice", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with every reason.")
def status(voice: str | None, as_json: bool) -> None:
    """Show how far all voices are, or VOICE: stage, verdict, age of the validation, package, next step.

    The data sets are not read: a clip that was changed since the last run is seen by the next run.

    Exit code 2 when there is no such voice.
    """
    from voice_assets.definitions import read_voices
    from voice_assets.orchestration.status import VoiceStatus, voice_status

    loaded, broken = read_voices() if voice is None else ([voice_named(voice)], [])
    if not loaded and not broken:
        raise CommandError(f"{project.voices_dir()} holds no voice file; {HOW_TO_START}")
    with opened_gate(voice) as gate:
        found = [VoiceStatus(one.name) if gate is None else voice_status(gate, one.name) for one in loaded]
    rows = [_row(one, how) for one, how in zip(loaded, found, strict=True)] + [_broken_row(one) for one in broken]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
    else:
        console().print(_table(rows))


def _row(voice: "Voice", found: "VoiceStatus") -> dict[str, Any]:
    """What is shown and printed as JSON of one voice."""
    return {
        "voice": voice.name,
        "stage": found.stage,
        "asset": found.asset,
        "verdict": str(found.verdict),
        "next_asset": found.next_asset,
        "reasons": found.reasons,
        "validation": _standing(found.validation),
        "package": _standing(found.package),
        "next_step": _next_step(voice, found),
    }


def _standing(found: "Standing | None") -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "asset": found.of.key.path[-1],
        "partition": found.of.partition,
        "run_id": found.of.run_id,
        "age_s": round(max(time.time() - found.of.time, 0)),
        "objections": [str(blocker) for blocker in found.objections],
    }


def _broken_row(voice: "BrokenVoice") -> dict[str, Any]:
    nothing = {"stage": None, "asset": None, "next_asset": None, "validation": None, "package": None}
    return {
        "voice": voice.name,
        "verdict": "broken",
        "reasons": [voice.error],
        "next_step": "correct the voice file",
        **nothing,
    }


def _next_step(voice: "Voice", found: "VoiceStatus") -> str:
    """What a person can do next, with the command to type."""
    from voice_assets.runtime import running

    run = f"voice-assets run {voice.name}"
    if any(state.alive for state in running.all_running(voice.name)):
        return f"a run is at work: voice-assets watch {voice.name}"
    if voice.lacks_dataset:
        return f"put the data set into {voice.dataset}, then {run}"
    if found.verdict == "FAIL":
        report = "" if found.standing is None or found.standing.report is None else f"; see {found.standing.report.name}"
        return f"correct the data set or a limit in {voice.file.name}{report}; then {run}"
    if found.verdict == "CLOSED":
        listening = next((reason for reason in found.reasons if "voice-assets review" in reason), None)
        return (
            f"listen: {listening.partition('`')[2].partition('`')[0]}" if listening else f"make {found.next_asset} again: {run}"
        )
    if found.next_asset is not None:
        return f"make {found.next_asset}: {run}"
    release = f"voice-assets release {voice.name} --version X.Y.Z"
    return f"nothing: everything is made; voice-assets lineage {voice.name} shows of what, {release} releases it"


def _table(rows: list[dict[str, Any]]) -> "Table":
    from rich.table import Table
    from rich.text import Text

    table = Table()
    for heading in ("voice", "stage", "verdict", "validated", "package", "next step"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        colour = COLOURS.get(row["verdict"], "red")
        reasons = [f"\n{plain(reason, lines=True)}" for reason in row["reasons"][:SHOWN]]
        if len(row["reasons"]) > SHOWN:
            reasons.append(f"\nand {len(row['reasons']) - SHOWN} more; --json lists all")
        verdict = Text.assemble((row["verdict"], colour), *reasons)
        table.add_row(
            row["voice"],
            row["stage"] or "",
            verdict,
            _age(row["validation"]),
            _package(row["package"]),
            plain(row["next_step"]),
        )
    return table


def _age(validation: dict[str, Any] | None) -> str:
    """``3 days ago``."""
    return "never" if validation is None else f"{in_words(validation['age_s'])} ago"


def _package(package: dict[str, Any] | None) -> str:
    if package is None:
        return "none"
    objections = len(package["objections"])
    against = f"{objections} objection{'s' if objections > 1 else ''}" if objections else "nothing against it"
    return plain(f"{package['partition']}, {in_words(package['age_s'])} old: {against}")


def in_words(seconds: float) -> str:
    """A time span by its largest unit, rounded down: ``40 s``, ``12 min``, ``5 h``, ``1 day``, ``3 days``."""
    for unit, length in (("day", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            number = int(seconds // length)
            return f"{number} {unit}{'s' if unit == 'day' and number > 1 else ''}"
    return f"{int(seconds)} s"
