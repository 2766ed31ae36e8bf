"""Rows of the metadata: every fault of a line, and that Piper reads rows without a fault the same way."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_assets.dataset.rows import STRUCTURE, MetadataError, clip_name, parse_rows, read_rows, unsafe


def codes(content: str) -> list[str]:
    return [row.structure for row in parse_rows(content)]


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        ("a|Привет", "", ""),
        ("a.wav|Привет", "", ""),
        ("digits/1|один", "", ""),
        ("wavs/a.wav|один", "", ""),
        ('a|Он сказал "да"', "", ""),
        ("a|Text\0", "", ""),
        ("a", "bad_columns", "1 column instead of 2"),
        ("a|b|c", "bad_columns", "3 columns instead of 2"),
        ('a|"Да', "bad_columns", "takes the rows that follow as one text"),
        ('a|"Да"', "bad_columns", "the text begins with"),
        ('"a|Да', "bad_columns", "the name begins with"),
        ("|Да", "empty_name", "no name"),
        ("  |Да", "empty_name", "no name"),
        ("a|", "empty_text", "no text"),
        ("a| \t", "empty_text", "no text"),
        ("../x.wav|Да", "unsafe_path", "leads out"),
        ("a/../../x|Да", "unsafe_path", "leads out"),
        ("..|Да", "unsafe_path", "leads out"),
        ("/etc/passwd|Да", "unsafe_path", "absolute"),
        ("~/x.wav|Да", "unsafe_path", "absolute"),
        ("C:\\x.wav|Да", "unsafe_path", "absolute"),
        ("a\\b|Да", "unsafe_path", "backslash"),
        ("a\0b|Да", "unsafe_path", "control character"),
        ("a..b|Да", "", ""),
    ],
)
def test_one_line(line: str, code: str, message: str) -> None:
    (row,) = parse_rows(line + "\n")
    assert row.structure == code
    assert message in row.message
    assert bool(row.message) == bool(code)
    assert code in {*STRUCTURE, ""}


def test_a_faulty_row_keeps_its_name_and_text() -> None:
    (row,) = parse_rows("a|b|c")
    assert (row.clip_id, row.text) == ("a", "b|c")


@pytest.mark.parametrize("second", ["a|Два", "a.wav|Два", "./a|Два", "wavs/a|Два", "wavs/a.wav|Два"])
def test_duplicates_name_the_first_row(second: str) -> None:
    rows = parse_rows(f"b|Ноль\na|Раз\n{second}\n{second}\n")
    assert [row.structure for row in rows] == ["", "", "duplicate", "duplicate"]
    assert "row 2 already" in rows[2].message
    assert "row 2 already" in rows[3].message


def test_other_names_are_no_duplicates() -> None:
    assert codes("a|Раз\nA|Раз\na.b|Раз\nb/a|Раз\n") == ["", "", "", ""]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(end: str) -> None:
    rows = parse_rows(end.join(["a|Раз", "b|Два", ""]))
    assert [(row.number, row.clip_id, row.text, row.structure) for row in rows] == [(1, "a", "Раз", ""), (2, "b", "Два", "")]


def test_empty_lines_are_faults() -> None:
    assert codes("a|Раз\n\nb|Два\n\n") == ["", "bad_columns", "", "bad_columns"]


def test_other_line_separators_stay_in_the_text() -> None:
    (row,) = parse_rows("a|Раз\x0b\x0c\u2028\x85два")
    assert row.text == "Раз\x0b\x0c\u2028\x85два"


def test_bom_is_a_fault_of_the_first_row() -> None:
    rows = parse_rows("\ufeffa|Раз\nb|Два\n")
    assert [row.structure for row in rows] == ["bad_columns", ""]
    assert "BOM" in rows[0].message
    assert rows[0].clip_id == "a"


@given(st.lists(st.text(st.characters(exclude_characters="\ufeff", codec="utf-8"), max_size=20), max_size=8))
def test_piper_reads_sound_files_the_same(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    """Rows without a fault equal what csv.reader gives Piper. One row with bad columns: nothing is claimed for the file."""
    rows = parse_rows("\n".join(lines))
    if any(row.structure == "bad_columns" for row in rows):
        return
    path = tmp_path_factory.mktemp("rows") / "m.csv"
    path.write_bytes("\n".join(lines).encode())
    with path.open(encoding="utf-8") as file:
        assert [(row.clip_id, row.text) for row in rows] == [tuple(row) for row in csv.reader(file, delimiter="|")]


def test_piper_joins_rows_after_a_quote() -> None:
    lines = ['a|"Раз\n', "b|Два\n", "c|Три\n"]
    assert len(list(csv.reader(lines, delimiter="|"))) == 1
    assert codes("".join(lines))[0] == "bad_columns"


def test_every_row_that_piper_swallows_is_named() -> None:
    """The quotation ends in row 3: Piper reads 2 rows out of 4, and 3 of the 4 are wrong."""
    lines = ['a|"Stop right there, he said.\n', "b|Birds sing.\n", 'c|He said "stop" and left.\n', "d|She reads.\n"]
    assert [row[0] for row in csv.reader(lines, delimiter="|")] == ["a", "d"]
    rows = parse_rows("".join(lines))
    assert [row.structure for row in rows] == ["bad_columns", "bad_columns", "bad_columns", ""]
    for row in rows[1:3]:
        assert row.message == "row 1 begins a quotation that goes on here: Piper takes this row as its text"


def test_rows_after_a_quotation_that_is_too_long_are_never_reached() -> None:
    rows = parse_rows('a|"Раз\n' + "".join(f"b{number}|Два\n" for number in range(20000)))
    assert {row.structure for row in rows} == {"bad_columns"}
    assert "stops at row 1 (field larger than field limit (131072))" in rows[1].message


@given(st.lists(st.text(st.sampled_from('ab|" ')), max_size=8))
def test_a_row_without_a_fault_is_one_that_piper_reads(lines: list[str]) -> None:
    read = [tuple(row) for row in csv.reader([f"{line}\n" for line in lines], delimiter="|")]
    for row in parse_rows("\n".join([*lines, ""])):
        assert row.structure in ("bad_columns", "duplicate", "empty_name", "empty_text") or (row.clip_id, row.text) in read


@pytest.mark.parametrize(
    ("line", "separator"),
    [
        ('1.wav,"The cat, the mat."', "commas"),
        ("1.wav\tThe cat", "tabs"),
        ('"1.wav";"The cat"', "semicolons"),
        ("The cat, he", ""),
    ],
)
def test_a_row_says_what_it_looks_separated_by(line: str, separator: str) -> None:
    (row,) = parse_rows(line)
    assert row.message.startswith("1 column instead of 2")
    assert (f"looks separated by {separator}" in row.message) == bool(separator)
    assert ("looks separated" in row.message) == bool(separator)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(MetadataError, match=r"m\.csv: no such file"):
        read_rows(tmp_path / "m.csv")


@pytest.mark.parametrize("data", [b"", b"\n \n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n"])
def test_empty_file(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "m.csv").write_bytes(data)
    with pytest.raises(MetadataError, match=r"m\.csv: the file is empty"):
        read_rows(tmp_path / "m.csv")


@pytest.mark.parametrize(
    ("data", "line", "byte"),
    [("a|Раз\nb|Два\n".encode("cp1251"), 1, 2), ("a|Раз\r\nb|".encode() + b"\xff", 2, 12), ("a|Раз".encode("utf-16"), 1, 0)],
)
def test_not_utf8(tmp_path: Path, data: bytes, line: int, byte: int) -> None:
    (tmp_path / "m.csv").write_bytes(data)
    with pytest.raises(MetadataError, match=rf"m\.csv: line {line}, byte {byte}: 0x.. is not UTF-8"):
        read_rows(tmp_path / "m.csv")


@pytest.mark.parametrize(("clip_id", "name"), [("a", "a"), ("a.wav", "a"), ("wavs/x/a.wav", "x/a"), ("./a", "a"), ("", "")])
def test_clip_name(clip_id: str, name: str) -> None:
    assert clip_name(clip_id) == name


def test_safe_names() -> None:
    assert unsafe("a b-ё.wav") == ""
