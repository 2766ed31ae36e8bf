"""Tables between assets: their schemas as ``dagster-pandas`` types, and their Parquet files.

Each materialisation has a file of its own, named by the run, so the judged evidence never changes. Audio and models are not
tables; assets record them as artifacts.
"""

import hashlib
from typing import TYPE_CHECKING, Any

import dagster as dg

from voice_assets.dataset import tables as schemas
from voice_assets.dataset.tables import Column
from voice_assets.orchestration.records import TABLE
from voice_assets.runtime.storage import Artifact, Store, project_store

if TYPE_CHECKING:
    import pandas as pd


def table_type(name: str, columns: dict[str, Column]) -> dg.DagsterType:
    """The Dagster type of a table: exactly these columns, in these types, no nulls in text. Loads pandas on first use."""

    def check(_context: Any, value: object) -> dg.TypeCheck:
        return _constraints(name, columns).type_check(_context, value)

    rows = "\n".join(f"| `{column}` | {spec.type.__name__} | {spec.meaning} |" for column, spec in columns.items())
    return dg.DagsterType(
        type_check_fn=check,
        name=name,
        typing_type=object,
        description=f"A pandas DataFrame.\n\n| column | type | meaning |\n|---|---|---|\n{rows}",
        metadata={"dagster/column_schema": _column_schema(columns)},
    )


def _column_schema(columns: dict[str, Column]) -> dg.TableSchema:
    names = {str: "string", int: "int", float: "float", bool: "bool"}
    return dg.TableSchema([dg.TableColumn(name, names[spec.type], spec.meaning) for name, spec in columns.items()])


def _constraints(name: str, columns: dict[str, Column]) -> dg.DagsterType:
    import dagster_pandas

    column_type: Any = dagster_pandas.PandasColumn

    makers: dict[type, Any] = {
        str: lambda column: column_type.string_column(column, non_nullable=True),
        int: lambda column: column_type.integer_column(column, non_nullable=True),
        float: column_type.float_column,
        bool: lambda column: column_type.boolean_column(column, non_nullable=True),
    }
    make: Any = dagster_pandas.create_dagster_pandas_dataframe_type
    strict: Any = dagster_pandas.StrictColumnsConstraint
    return make(
        name=f"{name}_frame",
        columns=[makers[spec.type](column) for column, spec in columns.items()],
        dataframe_constraints=[strict(list(columns))],
    )


CLIPS = table_type("Clips", schemas.CLIPS)
CLIP_STATS = table_type("ClipStats", schemas.CLIP_STATS)
TRANSCRIPTS = table_type("Transcripts", schemas.TRANSCRIPTS)
TRAINING_SET = table_type("TrainingSet", schemas.TRAINING_SET)


def put(store: Store, uri: str, frame: "pd.DataFrame") -> Artifact:
    """Write one table as Parquet, whole or not at all."""
    return store.put(uri, lambda path: frame.to_parquet(path, index=False))


def read(store: Store, artifact: Artifact) -> "pd.DataFrame":
    """Read one recorded table.

    Raises:
        StoreError: the table is gone, or its bytes are not those recorded.
    """
    import pandas as pd

    return pd.read_parquet(store.open(artifact))


def content_version(frame: "pd.DataFrame", ignore: tuple[str, ...] = ()) -> str:
    """SHA-256 of a table's columns, types, values and row order, without the columns to ``ignore``."""
    import pandas as pd

    kept = frame.drop(columns=list(ignore))
    digest = hashlib.sha256("|".join(f"{name}:{dtype}" for name, dtype in kept.dtypes.items()).encode())
    digest.update(pd.util.hash_pandas_object(kept, index=False).to_numpy().tobytes())
    return digest.hexdigest()


def table_uri(key: dg.AssetKey, partition: str | None, run_id: str, table: str = "") -> str:
    """The URI of a table of one materialisation; ``table`` names the table where an asset keeps several."""
    voice, name = key.path
    suffix = f".{table}.parquet" if table else ".parquet"
    return f"artifacts/{voice}/tables/{name}/{partition or 'all'}/{run_id}{suffix}"


class ParquetTables(dg.IOManager):
    """Writes the table that an asset returns, and records where."""

    def handle_output(self, context: dg.OutputContext, obj: "pd.DataFrame") -> None:
        """Write the table and record its artifact."""
        partition = context.partition_key if context.has_partition_key else None
        artifact = put(project_store(), table_uri(context.asset_key, partition, context.run_id), obj)
        context.add_output_metadata({TABLE: dg.MetadataValue.json(artifact.as_json())})

    def load_input(self, context: dg.InputContext) -> "pd.DataFrame":
        """Refuse: an asset reads the materialisations that its gate pinned, not the newest ones.

        Raises:
            dagster.Failure: always.
        """
        raise dg.Failure(f"{context.asset_key.to_user_string()}: read inputs by `resolve_inputs`", allow_retries=False)
