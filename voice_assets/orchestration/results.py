"""What a finished asset records: exact inputs, the evidence its rules judge, the report, the data version."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from voice_assets.orchestration.gates import ResolvedInputs
from voice_assets.orchestration.history import EVIDENCE, UPSTREAM, Materialisation, Pin, pins_json
from voice_assets.orchestration.tables import content_version, read, table_path, write
from voice_assets.runtime.files import sha256

if TYPE_CHECKING:
    import pandas as pd


def table_of(inputs: ResolvedInputs, name: str) -> "pd.DataFrame":
    """The table of the input asset ``name``, all its pinned partitions one below the other, in partition order."""
    import pandas as pd

    return pd.concat([read_recorded(source) for source in inputs.all(name)], ignore_index=True)


def read_recorded(source: Materialisation) -> "pd.DataFrame":
    """The table a materialisation recorded, after making sure that the file is still that table.

    Raises:
        dagster.Failure: its bytes are others than those recorded.
    """
    path = Path(source.metadata["table"])
    table = read(path)
    found = sha256(path)
    if found != source.metadata["sha256"]:
        raise dg.Failure(f"{path}: its SHA-256 is {found}, recorded was {source.metadata['sha256']}", allow_retries=False)
    return table


def sound_clips(inputs: ResolvedInputs) -> "pd.DataFrame":
    """CLIPS of the pinned shards without the rows that are faulty in themselves.

    A voice may call such a fault advisory, an outtake that nobody lists for instance; then the row is left out here, once
    and for all that comes after, and stays visible in the report.
    """
    clips = table_of(inputs, "clips")
    return clips[clips["structure"] == ""].reset_index(drop=True)


def own_table(context: dg.AssetExecutionContext) -> Path:
    """Where the table that the running asset returns is going to lie."""
    return table_path(context.asset_key, _partition(context), context.run_id)


def keep_evidence(context: dg.AssetExecutionContext, tables: "Mapping[str, pd.DataFrame]") -> tuple[dict[str, str], str]:
    """Store the tables that the asset's rules judge. Returns their paths by name, and one data version over all."""
    paths, versions = {}, []
    for name, table in tables.items():
        paths[name] = str(write(table, table_path(context.asset_key, _partition(context), context.run_id, name)))
        versions.append(content_version(table))
    return paths, "-".join(version[:32] for version in versions)


def one_row(facts: Mapping[str, Any]) -> "pd.DataFrame":
    """Facts as the one-row table that suites judge; lists become text."""
    import pandas as pd

    return pd.DataFrame(
        [{name: "; ".join(map(str, value)) if isinstance(value, list) else value for name, value in facts.items()}]
    )


def finished(
    pins: list[Pin],
    data_version: str,
    metadata: Mapping[str, Any],
    *,
    evidence: Mapping[str, str] | None = None,
    report: Path | None = None,
    value: Any = None,
) -> dg.MaterializeResult:
    """The result of an asset, with what every gate and the lineage need beside the figures for people."""
    shown = {} if report is None else {"report": dg.MetadataValue.path(report)}
    recorded: dict[str, Any] = {**shown, **metadata, UPSTREAM: dg.MetadataValue.json(pins_json(pins))}
    if evidence is not None:
        recorded[EVIDENCE] = dg.MetadataValue.json(dict(evidence))
    arguments: dict[str, Any] = {"metadata": recorded, "data_version": dg.DataVersion(data_version)}
    return dg.MaterializeResult(**arguments) if value is None else dg.MaterializeResult(**arguments, value=value)


def _partition(context: dg.AssetExecutionContext) -> str | None:
    return context.partition_key if context.has_partition_key else None
