"""Cells and tables: any text comes back exactly, on one line, and a spreadsheet finds no formula."""

import csv
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from voice_assets.runtime.tsv import FORMULA_STARTS, TsvError, read_cell, read_table, visible, write_cell, write_table

# Hypothesis rarely puts these together by itself, and each of them once lost something.
HARD = st.text(st.sampled_from("'=+-@＝\"\t\n\r\0\x10\x1b\x7f\x85\x9b\u00a0\u2028\u2029\ufeff␉␤␦␛␡0A4Fаж"), max_size=12)
ANY = st.text(st.characters(exclude_categories=()), max_size=30) | HARD


@given(ANY)
@example("'-5 градусов")
@example("''+7")
@example("␦0009")
@example("␦")
@example("␉\t")
@example("\ud800")
def test_any_text_comes_back_from_its_cell(text: str) -> None:
    cell = write_cell(text)
    assert read_cell(cell) == text
    assert len(f"x{cell}x".splitlines()) == 1
    assert not cell.startswith(FORMULA_STARTS)
    cell.encode("utf-8")


@given(st.lists(st.lists(ANY, min_size=2, max_size=2), max_size=4))
def test_any_table_comes_back_from_its_file(tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]) -> None:
    path = tmp_path_factory.mktemp("tsv") / "t.tsv"
    write_table(path, ("number", "a", "b"), ([str(number), *map(write_cell, row)] for number, row in enumerate(rows)))
    found = read_table(path, ("a", "b"))
    assert [line for line, _ in found] == list(range(2, len(rows) + 2))
    assert [[row["a"], row["b"]] for _, row in found] == rows
    assert len(path.read_text(encoding="utf-8").splitlines()) == len(rows) + 1


@given(st.lists(HARD, min_size=1, max_size=3))
def test_a_spreadsheet_that_saves_the_file_changes_no_text(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    path = tmp_path_factory.mktemp("tsv") / "t.tsv"
    write_table(path, ("clip_id", "text"), (["c", write_cell(text)] for text in texts))
    with path.open(encoding="utf-8", newline="") as file:
        cells = list(csv.reader(file, delimiter="\t"))
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file, delimiter="\t", lineterminator="\r\n", quoting=csv.QUOTE_ALL).writerows(cells)
    assert [row["text"] for _, row in read_table(path, ("clip_id",))] == texts


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("", ""),
        ("Привет, «мир»", "Привет, «мир»"),
        ("'в кавычках'", "'в кавычках'"),
        ("5 - 3", "5 - 3"),
        ("5\u00a0000", "5\u00a0000"),
        ("-тире", "'-тире"),
        ("'-тире", "''-тире"),
        ("=1+1", "'=1+1"),
        ("@x", "'@x"),
        ("＝1", "'＝1"),
        ("\t=1", "␉=1"),
        ("a\r\nb", "a␍␊b"),
        ("a\x85b", "a␤b"),
        ("a\u2028b", "a␦2028b"),
        ("a␉b", "a␦2409b"),
        ("\ufeffa", "␦FEFFa"),
    ],
)
def test_cells_stay_readable(text: str, cell: str) -> None:
    assert write_cell(text) == cell


@pytest.mark.parametrize(
    ("cell", "text"),
    [("'-тире", "-тире"), ("'quoted'", "'quoted'"), ("a␉b␊c␤d", "a\tb\nc\x85d"), ("'", "'"), ("␦", "␦"), ("␦12x", "␦12x")],
)
def test_cells_of_older_files_and_of_people_are_read(cell: str, text: str) -> None:
    assert read_cell(cell) == text


def test_a_line_of_text_has_no_control() -> None:
    assert visible("a\tb\x1b[31m\u2029'=c") == "a␉b␛[31m␦2029'=c"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("clip\tdecision\na\tdrop\n", "no column clip_id"),
        ("clip_id,decision\na,drop\n", "no column clip_id, decision"),
        ("", "no column"),
        ('clip_id\tdecision\n"a\tdrop\nb\tdrop\n', "must be quoted"),
        ("clip_id\tdecision\na\tdrop\tmore\n", "row 2, clip 'a': more cells"),
    ],
)
def test_a_file_that_is_no_table_says_where(tmp_path: Path, content: str, message: str) -> None:
    file = tmp_path / "bad.tsv"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(TsvError, match=message) as caught:
        read_table(file, ("clip_id", "decision"))
    assert "bad.tsv" in str(caught.value)


def test_a_file_that_is_not_utf8_or_not_there_says_so(tmp_path: Path) -> None:
    file = tmp_path / "bad.tsv"
    file.write_bytes("clip_id\tdecision\nклип\tdrop\n".encode("cp1251"))
    for path in (file, tmp_path / "gone.tsv"):
        with pytest.raises(TsvError, match=rf"{path.name}: cannot be read as UTF-8"):
            read_table(path, ())


def test_empty_rows_are_left_out_and_lines_still_count(tmp_path: Path) -> None:
    file = tmp_path / "t.tsv"
    file.write_text('a\tb\n\n1\t\n\t\n"x\ny"\t2\n', encoding="utf-8")
    assert read_table(file, ("a",)) == [(3, {"a": "1", "b": ""}), (6, {"a": "x\ny", "b": "2"})]
