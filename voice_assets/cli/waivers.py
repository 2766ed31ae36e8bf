"""``voice-assets waive`` and ``voice-assets waivers``: let one rule pass for one version of the data; list and revoke."""

from datetime import date, datetime
from typing import TYPE_CHECKING

import click

from voice_assets.cli.errors import CommandError
from voice_assets.cli.person import by_option, words
from voice_assets.cli.server_option import forwarded
from voice_assets.cli.terminal import console
from voice_assets.cli.voice_argument import voice_named
from voice_assets.runtime.plain_text import plain

if TYPE_CHECKING:
    import dagster as dg
    from rich.table import Table

    from voice_assets.orchestration.gates import Gate
    from voice_assets.orchestration.records import CheckVerdict, Materialisation
    from voice_assets.orchestration.waivers import Decision
    from voice_assets.voices import Voice


@click.command()
@forwarded
@click.argument("voice")
@click.argument("rule")
@click.option("--partition", metavar="KEY", help="The shard or epoch, such as v0-e0001, for an asset with partitions.")
@click.option("--reason", required=True, callback=words, help="Why the rule may pass. Every report shows it.")
@click.option(
    "--until", "last_day", required=True, type=click.DateTime(["%Y-%m-%d"]), help="The last day on which it counts (UTC)."
)
@by_option
def waive(voice: str, rule: str, partition: str | None, reason: str, last_day: datetime, by: str) -> None:
    """Let the failed RULE of VOICE pass, for the data that failed and for no other data.

    RULE is suite/rule, such as whisper_validation/mean_similarity. The waiver is recorded with its reason, the observed value
    and the limit. Gates open at once: nothing needs to run again. Reports, the model card and the Dagster UI show the waiver.

    When a rule is wrong for the voice for good, use `advisory` in the voice file instead.
    """
    from voice_assets.definitions import build_definitions
    from voice_assets.orchestration.gates import Gate
    from voice_assets.orchestration.instance import open_instance
    from voice_assets.orchestration.waivers import grant, today

    chosen = voice_named(voice)
    if last_day.date() < today():
        raise CommandError(f"--until {last_day:%Y-%m-%d} is over; today is {today()} (UTC)")
    with open_instance() as instance:
        gate = Gate(build_definitions(only=[chosen.name]).resolve_asset_graph(), instance)
        of, verdict = _failure(gate, chosen, rule, partition)
        decision = _decision(rule, of, verdict, reason, by, last_day.date())
        waiver = grant(instance, chosen.name, decision)
    click.echo(plain(f"{waiver.id}: {rule}{_of(partition)} {waiver}"))


def _failure(gate: "Gate", voice: "Voice", rule: str, partition: str | None) -> "tuple[Materialisation, CheckVerdict]":
    """The newest materialisation that the rule judged, and the verdict, which is a failure.

    Raises:
        CommandError: there is no such rule, no such failure, or no waiver may open the rule.
    """
    import dagster as dg

    suite, _, name = rule.partition("/")
    key = dg.AssetKey([voice.name, suite])
    if rule in voice.never_waive:
        raise CommandError(f"{rule}: {voice.file} has it under `never_waive`: no waiver opens it. Correct the data.")
    if rule not in _rules(gate, voice):
        raise CommandError(f"there is no rule {rule!r}; there are: {', '.join(_rules(gate, voice))}")
    of = gate.history.latest(key, _partition(gate, key, partition))
    if of is None:
        raise CommandError(f"{suite}{_of(partition)} was never materialised, so no rule of it has failed")
    verdict = next(one for one in gate.check_verdicts(of) if one.check.name == name)
    if verdict.failed:
        return of, verdict
    if verdict.waiver is not None:
        raise CommandError(f"{rule}{_of(partition)} is already {verdict.waiver}")
    why = verdict.reason or ("it only warns" if verdict.warning else "it passed")
    raise CommandError(f"{rule}{_of(partition)} has not failed: {why}. Only a failed rule can be waived.")


def _rules(gate: "Gate", voice: "Voice") -> list[str]:
    assets = (key for key in gate.graph.get_all_asset_keys() if key.path[0] == voice.name)
    return sorted(f"{key.path[-1]}/{check.name}" for key in assets for check in gate.rules(key))


def _partition(gate: "Gate", key: "dg.AssetKey", partition: str | None) -> str | None:
    """``partition``, which fits the asset.

    Raises:
        CommandError: a partition is missing, unknown, or given for an asset without partitions.
    """
    known = gate.partitions_of(key)
    if partition in known:
        return partition
    if known == [None]:
        raise CommandError(f"{key.path[-1]} has no partitions; leave --partition out")
    named = ", ".join(str(one) for one in known[-10:]) or "none yet"
    raise CommandError(f"--partition {partition or 'is missing'}: {key.path[-1]} has these: {named}")


def _decision(
    rule: str, of: "Materialisation", verdict: "CheckVerdict", reason: str, by: str, until: date
) -> dict[str, str | None]:
    """The values of the waiver."""
    assert verdict.result is not None
    seen = {name: str(value.value) for name, value in verdict.result.metadata.items()}
    return {
        "rule": rule,
        "partition": of.partition,
        "data_version": of.data_version,
        "reason": reason,
        "by": by,
        "until": until.isoformat(),
        "observed": seen.get("observed", ""),
        "limit": seen.get("limit", ""),
    }


def _of(partition: str | None) -> str:
    return f"[{partition}]" if partition else ""


@click.command()
@forwarded
@click.argument("voice")
@click.option("--revoke", "waiver_id", metavar="ID", help="Revoke this waiver; gates close again at once.")
@click.option("--reason", callback=words, help="Why the waiver is revoked.")
@by_option
def waivers(voice: str, waiver_id: str | None, reason: str | None, by: str) -> None:
    """List the waivers of VOICE, the newest first, or revoke one."""
    from voice_assets.orchestration.history import History
    from voice_assets.orchestration.instance import open_instance
    from voice_assets.orchestration.waivers import Waivers, revoke

    chosen = voice_named(voice)
    with open_instance() as instance:
        decisions = Waivers(History(instance), chosen.name).decisions
        if waiver_id is None:
            console().print(_table(decisions) if decisions else f"{chosen.name} has no waivers.")
            return
        if reason is None:
            raise CommandError("--revoke needs a --reason")
        found = next((one for one in decisions if one.waiver.id == waiver_id), None)
        if found is None:
            known = ", ".join(one.waiver.id for one in decisions)
            raise CommandError(f"{chosen.name} has no waiver {waiver_id!r}; there are: {known or 'none'}")
        if found.revoked:
            raise CommandError(f"the waiver {waiver_id} is already revoked by {found.revoked}")
        revoke(instance, chosen.name, found.waiver, by, reason)
    click.echo(plain(f"{waiver_id}: revoked; the gate after {found.waiver.rule} closes"))


def _table(decisions: "list[Decision]") -> "Table":
    from rich.table import Table
    from rich.text import Text

    table = Table()
    for heading in ("id", "rule", "state", "reason", "observed", "data version"):
        table.add_column(heading, overflow="fold", no_wrap=heading in ("id", "data version"))
    for one in decisions:
        waiver = one.waiver
        rule, observed = f"{waiver.rule}{_of(waiver.partition)}", f"{waiver.observed} (limit {waiver.limit})"
        cells = (waiver.id, rule, _state(one), f"{waiver.by}: {waiver.reason}", observed, waiver.data_version[:12])
        table.add_row(*(Text(plain(cell)) for cell in cells))
    return table


def _state(decision: "Decision") -> str:
    from voice_assets.orchestration.waivers import today

    if decision.revoked:
        return f"revoked by {decision.revoked}"
    if not decision.waiver.counts_on(today()):
        return f"over since {decision.waiver.until}"
    return f"until {decision.waiver.until}"
