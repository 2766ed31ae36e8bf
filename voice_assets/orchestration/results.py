"""The records of a finished asset: exact inputs, the evidence for its rules, the report, the data version."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from voice_assets.orchestration import links
from voice_assets.orchestration.inputs import ResolvedInputs
from voice_assets.orchestration.records import (
    EVIDENCE,
    REPORT,
    SETTINGS,
    TABLE,
    TABLE_IS_EVIDENCE,
    UPSTREAM,
    Materialisation,
    Pin,
    pins_json,
)
from voice_assets.orchestration.tables import content_version, put, table_uri
from voice_assets.runtime.storage import Artifact, StoreError, project_store
from voice_assets.voices import Voice

if TYPE_CHECKING:
    import pandas as pd

OPEN = "open"
"""The metadata entry with the URL of the report or of the package."""
LISTEN = "listen"
"""The metadata entry with the URL of the review page."""


def opened(source: Materialisation, name: str) -> Path:
    """A local path to the file or folder that ``source`` recorded as ``name``, with exactly the recorded bytes.

    Raises:
        dagster.Failure: the file is gone or was changed.
    """
    try:
        return project_store().open(source.artifact(name))
    except StoreError as error:
        raise dg.Failure(f"{source.key.to_user_string()}: {name}: {error}", allow_retries=False) from error


def recorded_table(source: Materialisation) -> "pd.DataFrame":
    """The table that ``source`` recorded; raises as ``opened`` does."""
    import pandas as pd

    return pd.read_parquet(opened(source, TABLE))


def table_of(inputs: ResolvedInputs, name: str) -> "pd.DataFrame":
    """The table of the input asset ``name``, with the rows of all pinned partitions in partition order."""
    import pandas as pd

    return pd.concat([recorded_table(source) for source in inputs.all(name)], ignore_index=True)


def sound_clips(inputs: ResolvedInputs) -> "pd.DataFrame":
    """CLIPS of the pinned shards without the rows that have a structural fault.

    A voice may call such a fault advisory, for instance for an audio file without a row in the metadata. This function leaves
    the row out for all assets downstream; the validation report still lists the row.
    """
    clips = table_of(inputs, "clips")
    return clips[clips["structure"] == ""].reset_index(drop=True)


def keep_evidence(context: dg.AssetExecutionContext, tables: "Mapping[str, pd.DataFrame]") -> tuple[dict[str, Artifact], str]:
    """Store the tables that the asset's rules judge. Returns them by name, and one data version over all."""
    kept, versions = {}, []
    for name, table in tables.items():
        uri = table_uri(context.asset_key, _partition(context), context.run_id, name)
        kept[name] = put(project_store(), uri, table)
        versions.append(content_version(table))
    return kept, "-".join(version[:32] for version in versions)


def recorded(artifact: Artifact) -> dg.JsonMetadataValue:
    """The metadata entry of a file; ``Materialisation.artifacts`` reads it."""
    return dg.MetadataValue.json(artifact.as_json())


def review_link(voice: Voice, key: str = links.QUALITY_KEY) -> dict[str, dg.UrlMetadataValue]:
    """The metadata entry that links to the page on which people listen and decide; none for a voice that asks nobody."""
    if voice.listening == "off":
        return {}
    return {LISTEN: dg.MetadataValue.url(links.review_url(voice.name, key))}


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
    evidence: Mapping[str, Artifact] | None = None,
    report: Artifact | None = None,
    value: Any = None,
    judged_as: str | None = None,
    settings: Mapping[str, Any] | None = None,
) -> dg.MaterializeResult:
    """The result of an asset: figures for people, and the records for gates and lineage.

    Args:
        pins: the exact inputs; an asset with a report has some.
        data_version: names the content of the result.
        metadata: figures for people, and files by ``recorded``.
        evidence: the tables that the asset's rules judge.
        report: the report for people, in the data set of the voice; the entry `open` links to its page.
        value: the table that the asset returns.
        judged_as: the name under which the rules judge ``value``; None when no rule judges it.
        settings: the settings that ``describe`` got, for comparisons; None records none.
    """
    entries: dict[str, Any] = {} if report is None else _report_entries(pins[0].key.path[0], report)
    entries |= {**metadata, UPSTREAM: dg.MetadataValue.json(pins_json(pins))}
    if evidence is not None:
        entries[EVIDENCE] = dg.MetadataValue.json({name: artifact.as_json() for name, artifact in evidence.items()})
    if judged_as is not None:
        entries[TABLE_IS_EVIDENCE] = judged_as
    if settings is not None:
        entries[SETTINGS] = dg.MetadataValue.json(json.loads(json.dumps(settings, default=str)))
    arguments: dict[str, Any] = {"metadata": entries, "data_version": dg.DataVersion(data_version)}
    return dg.MaterializeResult(**arguments) if value is None else dg.MaterializeResult(**arguments, value=value)


def _report_entries(voice: str, report: Artifact) -> dict[str, Any]:
    url = links.report_url(voice, report)
    return ({} if url is None else {OPEN: dg.MetadataValue.url(url)}) | {REPORT: recorded(report)}


def _partition(context: dg.AssetExecutionContext) -> str | None:
    return context.partition_key if context.has_partition_key else None
