"""Values of any type as cells, and the files of reports. ``runtime/test_tsv.py`` tests texts as cells."""

import csv
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from voice_assets.reports.tsv import cell, write_tsv


def read_back(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, delimiter="\t"))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Привет", "Привет"),
        ("-3.5", "'-3.5"),
        ("a\tb", "a␉b"),
        (-3.5, "-3.5"),
        (-3, "-3"),
        (0.12345678, "0.123457"),
        (math.nan, ""),
        (None, ""),
        (True, "yes"),
        (np.bool_(False), "no"),
        (np.float64(0.5), "0.5"),
        (np.int64(7), "7"),
        ("", ""),
    ],
)
def test_cell(value: object, expected: str) -> None:
    assert cell(value) == expected


def test_table_has_header_order_and_quotes(tmp_path: Path) -> None:
    rows = [{"b": 'say "hi"', "a": 1, "unused": "x"}, {"a": 2, "b": '"opens', "unused": ""}]
    path = write_tsv(tmp_path / "t.tsv", rows, ["a", "b"])
    assert read_back(path) == [["a", "b"], ["1", 'say "hi"'], ["2", '"opens']]
    assert [p.name for p in tmp_path.iterdir()] == ["t.tsv"]


def test_frame_and_empty_frame(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [1.5, math.nan], "b": [True, False]})
    assert read_back(write_tsv(tmp_path / "t.tsv", frame, ["b", "a"])) == [["b", "a"], ["yes", "1.5"], ["no", ""]]
    assert read_back(write_tsv(tmp_path / "e.tsv", frame.iloc[:0], ["a"])) == [["a"]]


def test_missing_column_leaves_the_old_file(tmp_path: Path) -> None:
    path = write_tsv(tmp_path / "t.tsv", [{"a": 1}], ["a"])
    with pytest.raises(KeyError, match="b"):
        write_tsv(path, [{"a": 1}], ["a", "b"])
    assert read_back(path) == [["a"], ["1"]]
