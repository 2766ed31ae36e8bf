"""Tables for spreadsheets: one TSV writer for every report. Knows nothing of what the columns mean."""

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from voice_assets.runtime.files import replacing

# A spreadsheet takes a cell that starts with one of these for a formula and runs it.
FORMULA_STARTS = ("=", "+", "-", "@")

# Every C0 control, and DEL, as its picture (U+2400 block): visible, one line stays one line, nothing is lost.
_PICTURES = {code: 0x2400 + code for code in range(0x20)} | {0x7F: 0x2421, 0x85: 0x2424, 0x2028: 0x2424, 0x2029: 0x2424}


def one_line(text: str) -> str:
    """``text`` with every control (tab, line end, escape and so on) as its Unicode picture, so that none does anything."""
    return text.translate(_PICTURES)


def cell(value: object) -> str:
    """One value as the text of one cell.

    Controls become their pictures (``one_line``). A *text* that starts like a formula gets a
    leading ``'``, which spreadsheets read as "this is text". Numbers stay numbers, rounded to 6 decimals; NaN and ``None``
    are empty; truth values are ``yes`` and ``no``.
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
    text = one_line(str(value))
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def write_tsv(path: Path, rows: Iterable[Mapping[str, object]] | pd.DataFrame, columns: Sequence[str]) -> Path:
    """Write ``rows`` with exactly ``columns``, in that order, under a header line. UTF-8, LF line ends, atomic.

    Cells with a quotation mark are quoted as CSV does it, so that a spreadsheet and ``csv.reader`` with a tab as delimiter
    read back the same text. An empty table has its header line. Returns ``path``.

    Raises:
        KeyError: a row lacks a column.
    """
    records: Iterable[Mapping[str, object]]
    records = rows.loc[:, list(columns)].to_dict("records") if isinstance(rows, pd.DataFrame) else rows  # type: ignore[assignment]
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        writer.writerow([cell(name) for name in columns])
        writer.writerows([cell(record[name]) for name in columns] for record in records)
    return path
