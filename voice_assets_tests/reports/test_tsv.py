"""The TSV writer: what a spreadsheet would stumble over."""

import csv
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_assets.reports.tsv import FORMULA_STARTS, cell, write_tsv


def read_back(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, delimiter="\t"))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Привет", "Привет"),
        ("=1+1", "'=1+1"),
        ("+7 495", "'+7 495"),
        ("-тире", "'-тире"),
        ("@name", "'@name"),
        ("a=b", "a=b"),
        ("a\tb", "a␉b"),
        ("a\r\nb", "a␍␊b"),
        ("a\0b", "a␀b"),
        ("\t=1", "␉=1"),
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


@given(st.lists(st.text(), min_size=2, max_size=4))
def test_any_text_stays_one_line_one_cell_and_no_formula(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    texts = [text.encode("utf-8", "ignore").decode() for text in texts]
    path = tmp_path_factory.mktemp("tsv") / "t.tsv"
    columns = [f"c{number}" for number in range(len(texts))]
    write_tsv(path, [dict(zip(columns, texts, strict=True))], columns)
    assert len(path.read_text(encoding="utf-8").splitlines()) == 2
    assert read_back(path)[1] == [cell(text) for text in texts]
    assert not any(value.startswith(FORMULA_STARTS) for value in read_back(path)[1])
