"""Tables between assets: their schema as ``dagster-pandas`` types, their place on disk as Parquet.

One file per materialisation, named by its run: what was judged stays what was judged. Audio and models are not
tables; they pass as paths with hash and size.
"""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from voice_assets.dataset import tables as schemas
from voice_assets.dataset.tables import Column
from voice_assets.runtime.files import replacing, sha256
from voice_assets.runtime.project import artifacts_dir

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


def write(frame: "pd.DataFrame", path: Path) -> Path:
    """Write one table as Parquet, atomically. Returns ``path``."""
    with replacing(path) as temporary:
        frame.to_parquet(temporary, index=False)
    return path


def read(path: Path | str) -> "pd.DataFrame":
    """Read one table written by ``write``.

    Raises:
        FileNotFoundError: naming the table that is gone.
    """
    import pandas as pd

    if not Path(path).is_file():
        raise FileNotFoundError(f"{path}: the table of a recorded materialisation is gone; materialise that asset again")
    return pd.read_parquet(path)


def content_version(frame: "pd.DataFrame", ignore: tuple[str, ...] = ()) -> str:
    """SHA-256 of a table's columns, types, values and row order, without the columns to ``ignore``."""
    import pandas as pd

    kept = frame.drop(columns=list(ignore))
    digest = hashlib.sha256("|".join(f"{name}:{dtype}" for name, dtype in kept.dtypes.items()).encode())
    digest.update(pd.util.hash_pandas_object(kept, index=False).to_numpy().tobytes())
    return digest.hexdigest()


def table_path(key: dg.AssetKey, partition: str | None, run_id: str, table: str = "") -> Path:
    """Where a table of one materialisation lies; ``table`` names it where an asset keeps several."""
    voice, name = key.path
    suffix = f".{table}.parquet" if table else ".parquet"
    return artifacts_dir(voice) / "tables" / name / (partition or "all") / f"{run_id}{suffix}"


class ParquetTables(dg.IOManager):
    """Keeps the table an asset returns; see ``table_path`` for where."""

    def handle_output(self, context: dg.OutputContext, obj: "pd.DataFrame") -> None:
        """Write the table and record path, size and hash."""
        partition = context.partition_key if context.has_partition_key else None
        path = write(obj, table_path(context.asset_key, partition, context.run_id))
        context.add_output_metadata(
            {"table": dg.MetadataValue.path(path), "bytes": path.stat().st_size, "sha256": sha256(path)}
        )

    def load_input(self, context: dg.InputContext) -> "pd.DataFrame":
        """Read the newest table; with several partitions, all of them one below the other."""
        import pandas as pd

        partitions: list[str | None] = list(context.asset_partition_keys) if context.has_asset_partitions else [None]
        return pd.concat([self._newest(context, partition) for partition in partitions], ignore_index=True)

    def _newest(self, context: dg.InputContext, partition: str | None) -> "pd.DataFrame":
        wanted = dg.AssetRecordsFilter(asset_key=context.asset_key, asset_partitions=[partition] if partition else None)
        records = context.step_context.instance.fetch_materializations(wanted, limit=1).records
        materialization = records[0].asset_materialization if records else None
        if materialization is None:
            raise dg.Failure(f"{context.asset_key.to_user_string()}[{partition}]: never materialised", allow_retries=False)
        return read(str(materialization.metadata["table"].value))
