"""Our decorators make what Dagster's own make, and Dagster takes what they made without copying."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg

from voice_assets.definitions import build_definitions
from voice_assets.orchestration.asset import asset, checks
from voice_assets_tests.datasets import write_voice

KEY, TABLE = dg.AssetKey(["toy", "clips"]), dg.DagsterType(lambda _, __: True, "table")
SHARDS = dg.StaticPartitionsDefinition(["0", "1"])
ARGUMENTS: dict[str, Any] = {
    "key": KEY,
    "deps": [
        dg.AssetDep(dg.AssetKey(["toy", "raw"])),
        dg.AssetDep(dg.AssetKey(["toy", "heard"]), partition_mapping=dg.AllPartitionMapping()),
    ],
    "description": "Rows.",
    "dagster_type": TABLE,
    "io_manager_key": "tables",
    "pool": "gpu",
    "config_schema": {"epoch": str},
    "group_name": "toy__validation",
    "code_version": "1.2",
    "owners": ["team:voices"],
    "kinds": {"wav"},
    "tags": {"voice": "toy"},
    "metadata": {"mark": True},
    "partitions_def": SHARDS,
    "automation_condition": dg.AutomationCondition.eager(),
}
SPECS = [dg.AssetCheckSpec(name, asset=KEY, blocking=True, partitions_def=SHARDS, metadata={"at": 1}) for name in ("a", "b")]


def node(made: dg.AssetsDefinition) -> Mapping[str, Any]:
    """What the step of a definition is."""
    op = made.op
    return {
        "name": op.name,
        "description": op.description,
        "inputs": {one.name: (one.dagster_type, made.keys_by_input_name[one.name]) for one in op.input_defs},
        "outputs": {
            one.name: (one.dagster_type, one.io_manager_key, one.is_required, one.code_version) for one in op.output_defs
        },
        "config": op.config_schema.config_type.key if made.keys else None,
        "pool": op.pool,
        "subsets": made.can_subset,
        "resources": op.required_resource_keys,
    }


def test_an_asset_is_the_one_that_dagster_makes() -> None:
    def clips(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        raise NotImplementedError

    ours, dagsters = asset(**ARGUMENTS)(clips), dg.asset(**ARGUMENTS)(clips)
    assert ours.get_asset_spec() == dagsters.get_asset_spec()
    assert node(ours) == node(dagsters)
    assert ours.keys_by_output_name == dagsters.keys_by_output_name


def test_checks_are_those_that_dagster_makes() -> None:
    def rules(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        yield from ()

    ours = checks("toy__rules", SPECS, "The suite.")(rules)
    dagsters = dg.multi_asset_check(name="toy__rules", specs=SPECS, description="The suite.", can_subset=True)(rules)
    assert list(ours.check_specs) == list(dagsters.check_specs) == SPECS
    assert node(ours) == node(dagsters)


def test_an_asset_that_raises_fails_its_run_and_gets_the_context_of_an_asset(tmp_path: Path) -> None:
    got = []

    @asset(key=KEY, deps=[], description="Fails.")
    def fails(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        got.append(context)
        raise dg.Failure("no clips", metadata={"why": "empty"}, allow_retries=False)

    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        run = dg.materialize([fails], instance=instance, raise_on_error=False)
        (failed,) = run.get_step_failure_events()
    assert failed.step_failure_data.user_failure_data.description == "no clips"
    assert type(got[0]) is dg.AssetExecutionContext


def test_dagster_copies_only_what_uses_a_resource(tmp_path: Path) -> None:
    """A copy of each costs as much as making it."""
    write_voice(tmp_path / "toy.yaml", tmp_path)
    definitions = build_definitions(tmp_path)
    kept = set(map(id, definitions.get_repository_def().assets_defs_by_key.values()))
    made = [one for one in definitions.assets or () if isinstance(one, dg.AssetsDefinition) and one.keys]
    copied = {one.key.path[-1] for one in made if id(one) not in kept}
    assert copied == {"raw_dataset", "clips", "clip_stats", "asr_sample", "whisper_shard", "training_set"}
    judged = set(map(id, definitions.get_repository_def().asset_checks_defs_by_key.values()))
    assert judged == set(map(id, definitions.asset_checks or ()))
