"""One Dagster check per rule of a suite, made by one factory. Rules and thresholds live in ``data_checks/`` and the voice.

A check reads the evidence that its asset recorded: the tables of that materialisation, never "the newest files".
``rules.runner`` runs Great Expectations; this file turns the results into Dagster's.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import dagster as dg

from voice_assets.orchestration.asset import checks
from voice_assets.orchestration.describe import asset_key
from voice_assets.orchestration.history import History
from voice_assets.orchestration.inputs import graph_of
from voice_assets.orchestration.parameters import suite_parameters
from voice_assets.orchestration.records import ADVISORY, ERRORED, JUDGED, JUDGED_BY, PLACE, SUITE, WAIVER, Materialisation
from voice_assets.orchestration.shard_gates import ask_below
from voice_assets.orchestration.tables import read
from voice_assets.orchestration.waivers import NEVER_WAIVE, Waivers, today
from voice_assets.rules.suites import BoundSuite, Rule, bind, load_suite, suite_names
from voice_assets.runtime.storage import project_store
from voice_assets.voices import Voice

if TYPE_CHECKING:
    import pandas as pd

    from voice_assets.rules.runner import RuleResult


def suite_checks(voice: Voice, name: str, partitions: dg.PartitionsDefinition | None = None) -> dg.AssetChecksDefinition:
    """The checks of the asset ``name``: one per rule of ``data_checks/<name>.json``, all of them blocking.

    A failure of severity error closes every gate downstream. A failure of severity warning is shown and closes nothing.
    """
    bound = bind(load_suite(name), suite_parameters(voice, name))
    fingerprint = bound.fingerprint
    specs = [_spec(voice, name, rule, place, fingerprint, partitions) for place, rule in enumerate(bound.rules)]

    @checks(f"{voice.name}__{name}__rules", specs, f"The suite data_checks/{name}.json.")
    def rules(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        from voice_assets.rules.runner import run

        newest = _newest(context, asset_key(voice, name), partitions is not None)
        tables = {table: read(project_store(), artifact) for table, artifact in newest.evidence.items()}
        waived = _waivers(context.instance, voice, name, newest.partition, newest.data_version)
        for result in run(bound, tables):
            if dg.AssetCheckKey(newest.key, result.rule) in context.selected_asset_check_keys:
                yield _result(voice, name, bound, result, waived(result), newest.storage_id)
        with suppress(OSError, dg.Failure):  # this saves later runs time: those ask again, and say what is wrong
            ask_below(graph_of(context), context.instance, newest.key)

    return rules


def _spec(
    voice: Voice, name: str, rule: Rule, place: int, fingerprint: str, partitions: dg.PartitionsDefinition | None
) -> dg.AssetCheckSpec:
    advice = voice.advisory.get(f"{name}/{rule.name}")
    never = {NEVER_WAIVE: True} if f"{name}/{rule.name}" in voice.never_waive else {}
    return dg.AssetCheckSpec(
        name=rule.name,
        asset=asset_key(voice, name),
        description=f"{rule.description}{f' Advisory for this voice: {advice}.' if advice else ''}",
        blocking=True,
        metadata={SUITE: verdict_fingerprint(fingerprint, advice), PLACE: place, **never},
        partitions_def=partitions,
    )


def verdict_fingerprint(fingerprint: str, advice: str | None) -> str:
    """The version of what decides a verdict: the suite's ``fingerprint``, and whether the rule is advisory here."""
    return f"{fingerprint}{ADVISORY}" if advice else fingerprint


def suite_fingerprint(voice: Voice, name: str) -> str:
    """The version of what decides the verdicts of the suite ``name``: rules, thresholds, and which rules are advisory."""
    suite = load_suite(name)
    advisory = sorted(rule.name for rule in suite.rules if f"{name}/{rule.name}" in voice.advisory)
    return " ".join([bind(suite, suite_parameters(voice, name)).fingerprint, *advisory])


def _newest(context: dg.AssetCheckExecutionContext, key: dg.AssetKey, partitioned: bool) -> Materialisation:
    partition = context.partition_key if partitioned else None
    newest = History(context.instance).latest(key, partition)
    if newest is None:
        raise dg.Failure(f"{key.to_user_string()}: never materialised, so there is nothing to check", allow_retries=False)
    return newest


def unknown_rules(voice: Voice) -> list[str]:
    """The entries of ``advisory`` and ``never_waive`` that name no rule, so that a misspelt entry is an error."""
    named = {"advisory": set(voice.advisory), "never_waive": set(voice.never_waive)}
    if not any(named.values()):
        return []
    known = {f"{name}/{rule.name}" for name in suite_names() for rule in load_suite(name).rules}
    return [f"{setting}.{rule}" for setting, rules in named.items() for rule in sorted(rules - known)]


def judge(
    context: dg.AssetExecutionContext, voice: Voice, name: str, tables: "dict[str, pd.DataFrame]", data_version: str
) -> list[dict[str, Any]]:
    """The verdicts of the suite ``name`` on ``tables``, one dict per rule, as reports print them.

    The checks of the asset run the same suite on the same tables and give the same verdicts.

    Args:
        context: of the running asset.
        voice: the voice.
        name: the asset and its suite.
        tables: the evidence.
        data_version: of the materialisation that is being made; a waiver for the same data is in force again.
    """
    from voice_assets.rules.runner import run

    bound = bind(load_suite(name), suite_parameters(voice, name))
    partition = context.partition_key if context.has_partition_key else None
    waived = _waivers(context.instance, voice, name, partition, data_version)
    return [_verdict(voice, name, result, waived) for result in run(bound, tables)]


def _verdict(voice: Voice, name: str, result: "RuleResult", waived: "Callable[[RuleResult], str]") -> dict[str, Any]:
    waiver = waived(result)
    return {
        "rule": result.rule,
        "passed": result.passed,
        "blocks": not result.passed and not _warns(voice, name, result) and not waiver,
        "observed": result.observed,
        "limit": result.limit,
        "message": result.message,
        "advisory": voice.advisory.get(f"{name}/{result.rule}", ""),
        "waiver": waiver,
    }


def _waivers(
    instance: dg.DagsterInstance, voice: Voice, name: str, partition: str | None, data_version: str
) -> "Callable[[RuleResult], str]":
    """A function from a result to the waiver that lets its failure pass, in words; to an empty text where there is none."""
    recorded = Waivers(History(instance), voice.name)

    def waived(result: "RuleResult") -> str:
        rule = f"{name}/{result.rule}"
        if result.passed or result.errored or _warns(voice, name, result) or rule in voice.never_waive:
            return ""
        return str(recorded.in_force(rule, partition, data_version, today()) or "")

    return waived


def _warns(voice: Voice, name: str, result: "RuleResult") -> bool:
    """Whether a failure only warns: a warning or an advisory rule. A rule that crashed always blocks."""
    return (result.severity == "warning" or f"{name}/{result.rule}" in voice.advisory) and not result.errored


def _result(voice: Voice, name: str, bound: BoundSuite, result: "RuleResult", waiver: str, judged: int) -> dg.AssetCheckResult:
    warns = _warns(voice, name, result) or waiver  # so that a waived failure blocks nothing in its own run either
    advice = voice.advisory.get(f"{name}/{result.rule}")
    metadata: dict[str, Any] = {
        SUITE: verdict_fingerprint(bound.fingerprint, advice),
        "observed": result.observed if result.observed is not None else "nothing",
        "limit": result.limit,
        "unexpected": result.unexpected_count,
        JUDGED: judged,
        JUDGED_BY: bound.judged_by,
    }
    if result.failing:
        metadata["failing"] = dg.MetadataValue.md("\n".join(f"- `{clip}`" for clip in result.failing))
    metadata |= {ERRORED: True} if result.errored else {}
    metadata |= {name: text for name, text in {"advisory": advice, WAIVER: waiver}.items() if text}
    return dg.AssetCheckResult(
        asset_key=asset_key(voice, name),
        check_name=result.rule,
        passed=result.passed,
        severity=dg.AssetCheckSeverity.WARN if warns else dg.AssetCheckSeverity.ERROR,
        description=result.message,
        metadata=metadata,
    )
