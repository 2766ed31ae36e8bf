"""One Dagster check per rule of a suite, made by one factory. Rules and thresholds live in ``data_checks/`` and the voice.

A check judges the evidence its asset recorded: the very tables of that materialisation, never "the newest files".
Great Expectations runs in ``rules.runner``; this file turns its results into Dagster's.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import dagster as dg

from voice_assets.orchestration.describe import asset_key
from voice_assets.orchestration.history import SUITE, History, Materialisation
from voice_assets.orchestration.parameters import suite_parameters
from voice_assets.orchestration.tables import read
from voice_assets.rules.runner import RuleResult, run
from voice_assets.rules.suites import BoundSuite, Rule, bind, load_suite, suite_names
from voice_assets.runtime.storage import project_store
from voice_assets.voices import Voice

if TYPE_CHECKING:
    import pandas as pd


def suite_checks(voice: Voice, name: str, partitions: dg.PartitionsDefinition | None = None) -> dg.AssetChecksDefinition:
    """The checks of the asset ``name``: one per rule of ``data_checks/<name>.json``, all of them blocking.

    Severity decides what a failure does: an error closes every gate downstream, a warning is shown and passes.
    """
    bound = bind(load_suite(name), suite_parameters(voice, name))
    specs = [_spec(voice, name, bound, rule, partitions) for rule in bound.rules]

    @dg.multi_asset_check(
        name=f"{voice.name}__{name}__rules",
        specs=specs,
        description=f"The suite data_checks/{name}.json.",
        can_subset=True,  # without it the UI cannot run the checks again on what is there
    )
    def rules(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        judged = _newest(context, asset_key(voice, name), partitions is not None)
        tables = {table: read(project_store(), artifact) for table, artifact in judged.evidence.items()}
        for result in run(bound, tables):
            if dg.AssetCheckKey(judged.key, result.rule) in context.selected_asset_check_keys:
                yield _result(voice, name, bound, result)

    return rules


def _spec(
    voice: Voice, name: str, bound: BoundSuite, rule: Rule, partitions: dg.PartitionsDefinition | None
) -> dg.AssetCheckSpec:
    advice = voice.advisory.get(f"{name}/{rule.name}")
    return dg.AssetCheckSpec(
        name=rule.name,
        asset=asset_key(voice, name),
        description=f"{rule.description}{f' Advisory for this voice: {advice}.' if advice else ''}",
        blocking=True,
        metadata={SUITE: verdict_fingerprint(bound, advice)},
        partitions_def=partitions,
    )


def verdict_fingerprint(bound: BoundSuite, advice: str | None) -> str:
    """What a verdict was given by: the rules, their thresholds, and whether the voice calls the rule advisory."""
    return f"{bound.fingerprint}+advisory" if advice else bound.fingerprint


def _newest(context: dg.AssetCheckExecutionContext, key: dg.AssetKey, partitioned: bool) -> Materialisation:
    partition = context.partition_key if partitioned else None
    judged = History(context.instance).latest(key, partition)
    if judged is None:
        raise dg.Failure(f"{key.to_user_string()}: never materialised, so there is nothing to check", allow_retries=False)
    return judged


def unknown_advisories(voice: Voice) -> list[str]:
    """The entries of the voice's ``advisory`` that name no rule: a misspelt one would block without a word."""
    known = {f"{name}/{rule.name}" for name in suite_names() for rule in load_suite(name).rules}
    return sorted(set(voice.advisory) - known)


def judge(voice: Voice, name: str, tables: "dict[str, pd.DataFrame]") -> list[dict[str, Any]]:
    """The verdicts of the suite ``name`` on ``tables`` as reports print them, the same that its checks will give."""
    bound = bind(load_suite(name), suite_parameters(voice, name))
    return [
        {
            "rule": result.rule,
            "passed": result.passed,
            "blocks": not result.passed and not _warns(voice, name, result),
            "observed": result.observed,
            "limit": result.limit,
            "message": result.message,
            "advisory": voice.advisory.get(f"{name}/{result.rule}", ""),
        }
        for result in run(bound, tables)
    ]


def _warns(voice: Voice, name: str, result: RuleResult) -> bool:
    """Whether a failure only warns; a rule that errored blocks, whatever its severity and whoever called it advisory."""
    return (result.severity == "warning" or f"{name}/{result.rule}" in voice.advisory) and not result.errored


def _result(voice: Voice, name: str, bound: BoundSuite, result: RuleResult) -> dg.AssetCheckResult:
    warns = _warns(voice, name, result)
    advice = voice.advisory.get(f"{name}/{result.rule}")
    metadata: dict[str, Any] = {
        SUITE: verdict_fingerprint(bound, advice),
        "observed": result.observed if result.observed is not None else "nothing",
        "limit": result.limit,
        "unexpected": result.unexpected_count,
    }
    if result.failing:
        metadata["failing"] = dg.MetadataValue.md("\n".join(f"- `{clip}`" for clip in result.failing))
    if advice:
        metadata["advisory"] = advice
    return dg.AssetCheckResult(
        asset_key=asset_key(voice, name),
        check_name=result.rule,
        passed=result.passed,
        severity=dg.AssetCheckSeverity.WARN if warns else dg.AssetCheckSeverity.ERROR,
        description=result.message,
        metadata=metadata,
    )
