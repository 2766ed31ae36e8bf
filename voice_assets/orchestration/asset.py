"""An asset, or the checks of an asset, from a function of the context: what most definitions are made with.

``@dg.asset`` and ``@dg.multi_asset_check`` look at the function's arguments and types again and again, to find inputs,
configuration and outputs: most of the time of loading many voices. Here there is nothing to find, because assets read their
inputs by themselves (``orchestration.inputs``). The definitions are the same.
"""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

AssetBody = Callable[[dg.AssetExecutionContext], dg.MaterializeResult]
ChecksBody = Callable[[dg.AssetCheckExecutionContext], Iterator[dg.AssetCheckResult]]
Compute = Callable[[Any, Mapping[str, Any]], Iterator[Any]]

_AFTER = dg.In(dg.Nothing)
_VERDICT = dg.Out(None, is_required=False)
_SIGNATURE = inspect.Signature([inspect.Parameter(name, inspect.Parameter.POSITIONAL_ONLY) for name in ("context", "inputs")])


class _Asset(dg.AssetsDefinition):
    """An asset that uses no resource. Dagster copies every definition to give it the resources of the code location."""

    def with_resources(self, _: Mapping[str, dg.ResourceDefinition]) -> "_Asset":
        return self


class _Checks(_Asset, dg.AssetChecksDefinition):
    """The same for checks."""


def asset(
    *,
    key: dg.AssetKey,
    deps: Sequence[dg.AssetDep],
    description: str,
    dagster_type: dg.DagsterType | None = None,
    io_manager_key: str | None = None,
    pool: str | None = None,
    config_schema: Any = None,
    **more: Any,
) -> Callable[[AssetBody], dg.AssetsDefinition]:
    """As ``@dg.asset``, for a function that takes the context and nothing else. ``more``: as ``dg.AssetSpec`` takes it."""

    def made(body: AssetBody) -> dg.AssetsDefinition:
        @_with_signature
        def compute(context: Any, _: Mapping[str, Any]) -> Iterator[dg.MaterializeResult]:
            yield body(context)  # in a generator, so that Dagster records what the body raises

        parents = _after(dep.asset_key for dep in deps)
        op = dg.OpDefinition(
            compute,
            key.to_python_identifier(),
            dict.fromkeys(parents, _AFTER),
            {"result": dg.Out(dagster_type, io_manager_key=io_manager_key)},
            description=description,
            config_schema=config_schema,
            code_version=more.get("code_version"),
            pool=pool,
        )
        kind = dg.AssetsDefinition if io_manager_key else _Asset
        spec = dg.AssetSpec(key, deps=deps, description=description, **more)
        return kind(keys_by_input_name=parents, keys_by_output_name={"result": key}, node_def=op, specs=[spec])

    return made


def checks(
    name: str, specs: Sequence[dg.AssetCheckSpec], description: str | None = None
) -> Callable[[ChecksBody], dg.AssetChecksDefinition]:
    """As ``@dg.multi_asset_check``, for a function that takes the context and nothing else. ``name``: of the step.

    Each check can run without the others.
    """

    def made(body: ChecksBody) -> dg.AssetChecksDefinition:
        @_with_signature
        def compute(context: Any, _: Mapping[str, Any]) -> Iterator[dg.AssetCheckResult]:
            yield from body(context)

        judged = _after(spec.asset_key for spec in specs)
        outs = {spec.get_python_identifier(): spec for spec in specs}
        op = dg.OpDefinition(
            compute,
            name,
            dict.fromkeys(judged, _AFTER),
            dict.fromkeys(outs, _VERDICT),
            description=description,
        )
        return _Checks(
            keys_by_input_name=judged,
            keys_by_output_name={},
            node_def=op,
            check_specs_by_output_name=outs,
            can_subset=True,  # without this the UI cannot run the checks again on a finished asset
        )

    return made


def _after(keys: Iterable[dg.AssetKey]) -> dict[str, dg.AssetKey]:
    """The assets that a step comes after, by the names that Dagster gives them as inputs."""
    return {"_".join(key.path): key for key in keys}


def _with_signature(compute: Compute) -> Compute:
    """``compute`` with the signature that Dagster asks for several times. It has no types, so the context is the step's."""
    compute.__signature__ = _SIGNATURE  # type: ignore[attr-defined]
    return compute
