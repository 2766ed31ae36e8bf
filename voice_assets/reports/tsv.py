"""The TSV files of the reports: values of any type as cells. ``runtime.tsv`` turns texts into cells."""

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from voice_assets.runtime.tsv import write_cell, write_table


def cell(value: object) -> str:
    """One value as a cell.

    Texts are written by ``runtime.tsv.write_cell``. Numbers are rounded to 6 decimals. NaN and ``None`` become empty cells,
    booleans ``yes`` and ``no``.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return "" if math.isnan(value) else str(round(value, 6))
    if isinstance(value, int):
        return str(value)
    return write_cell(str(value))


def write_tsv(path: Path, rows: Iterable[Mapping[str, object]] | pd.DataFrame, columns: Sequence[str]) -> Path:
    """Write ``rows`` with exactly ``columns``, in that order, under a header line. Returns ``path``.

    An empty table has a header line. ``runtime.tsv.read_table`` reads the file.

    Raises:
        KeyError: a row lacks a column.
    """
    records: Iterable[Mapping[str, object]]
    records = rows.loc[:, list(columns)].to_dict("records") if isinstance(rows, pd.DataFrame) else rows  # type: ignore[assignment]
    return write_table(path, columns, ([cell(record[name]) for name in columns] for record in records))
