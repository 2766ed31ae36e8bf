"""Lists as text: every row is read as it was meant, whatever the separator and the quoting, and none is lost."""

import csv
import gzip
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_assets.importers.errors import RecordingsError
from voice_assets.importers.lists import Table, read_list

NAMES = frozenset("abcdefgh")


def is_audio(cell: str) -> bool:
    return cell.strip() in NAMES


def read(folder: Path, content: str, name: str = "m.csv", separator: str = "") -> Table:
    (folder / name).write_bytes(content.encode())
    return read_list(folder / name, is_audio, separator)


def cells(table: Table) -> list[tuple[int, tuple[str, ...]]]:
    return [(line.number, line.cells) for line in table.lines]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        # One quotation mark: Piper's reader would swallow two rows here.
        (
            'a|"Stop, he said.\nb|Birds sing.\nc|He said "stop".\n',
            [(1, ("a", '"Stop, he said.')), (2, ("b", "Birds sing.")), (3, ("c", 'He said "stop".'))],
        ),
        # A whole text in quotation marks, beside others: the marks belong to the text.
        ('a|"Stop."\nb|Birds sing.\n', [(1, ("a", '"Stop."')), (2, ("b", "Birds sing."))]),
        ('a|"Quoted," he said|\n', [(1, ("a", '"Quoted," he said', ""))]),
        # Doubled marks, or a separator or a line end in quotation marks, show that a program wrote CSV.
        ('a|"He said ""stop""."\nb|"Plain."\n', [(1, ("a", 'He said "stop".')), (2, ("b", "Plain."))]),
        ('a|"One | two"\nb|Birds\n', [(1, ("a", "One | two")), (2, ("b", "Birds"))]),
        ('a|"One\ntwo"\nb|Birds\n', [(1, ("a", "One\ntwo")), (3, ("b", "Birds"))]),
        ('"a"|"One"\r\n"b"|"Two"\r\n', [(1, ("a", "One")), (2, ("b", "Two"))]),
        # Commas in a text without quotation marks: the text goes on to the end of the line.
        ("a,One, two, three\nb,Four\n", [(1, ("a", "One, two, three")), (2, ("b", "Four"))]),
        ('a,"One, two"\nb,Four\n', [(1, ("a", "One, two")), (2, ("b", "Four"))]),
        ("a|One, two; three: four\n\n\nb|Five\n", [(1, ("a", "One, two; three: four")), (4, ("b", "Five"))]),
        ("a|One\u2028two\x0bthree\n", [(1, ("a", "One\u2028two\x0bthree"))]),
        ("a|One", [(1, ("a", "One"))]),
    ],
)
def test_rows(tmp_path: Path, content: str, expected: list[tuple[int, tuple[str, ...]]]) -> None:
    assert cells(read(tmp_path, content)) == expected


@given(
    st.lists(st.tuples(st.sampled_from("abcdefgh"), st.text("xy\"|,\n '", min_size=1)), min_size=2, max_size=6),
    st.sampled_from("|,;\t"),
)
def test_what_a_program_writes_as_csv_is_read_back(tmp_path_factory, pairs: list[tuple[str, str]], separator: str) -> None:
    """A file with all cells quoted, as spreadsheets and Piper's recording studio write it."""
    file = io.StringIO()
    csv.writer(file, delimiter=separator, quoting=csv.QUOTE_ALL).writerows(pairs)
    table = read(tmp_path_factory.mktemp("csv"), file.getvalue(), separator=separator)
    assert [tuple(cell.split("\n") for cell in line.cells) for line in table.lines] == [
        tuple(cell.split("\n") for cell in pair) for pair in pairs
    ]


@given(st.lists(st.text("ab|\" ,'x"), max_size=12))
def test_no_row_is_lost_or_swallowed(tmp_path_factory, texts: list[str]) -> None:
    """Rows with a name are all read, in their order, whatever quotation marks the texts hold."""
    lines = [f"{name}|{text}" for name, text in zip("abcdefghabcdefgh", texts, strict=False)]
    if not lines:
        return
    table = read(tmp_path_factory.mktemp("rows"), "\n".join(lines), separator="|")
    assert [line.number for line in table.lines] == list(range(1, len(lines) + 1))


def test_a_line_of_json_that_is_none_is_a_fault_of_its_own(tmp_path: Path) -> None:
    table = read(tmp_path, '{"file": "a", "text": "One"}\n{broken\n[1]\n{"file": "b", "text": null}\n', "m.jsonl")
    assert table.header == ("file", "text")
    assert [line.cells for line in table.lines] == [("a", "One"), ("", ""), ("", ""), ("b", "")]
    assert [line.fault[:17] for line in table.lines] == ["", "line 2: not JSON:", "line 3: not an ob", ""]


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        ("just some words\nwithout any list\n", "m.csv", "no list of clips: no separator"),
        ("", "m.csv", "empty: 0 bytes"),
        ("{}", "m.json", "no list of clips: no JSON objects"),
        ("[" * 100_000, "m.json", "no list of clips: no JSON objects"),
        ("PAR1", "m.parquet", "cannot be read as Parquet"),
        ("x", "m.csv.gz", "cannot be read"),
    ],
)
def test_what_is_no_list(tmp_path: Path, content: str, name: str, message: str) -> None:
    with pytest.raises(RecordingsError, match=message):
        read(tmp_path, content, name)


def test_half_a_character_is_a_fault_and_can_be_written(tmp_path: Path) -> None:
    table = read(tmp_path, '{"file": "a", "text": "One\\ud800"}\n{"file": "\\udc80b", "text": "Two"}\n', "m.jsonl")
    assert [line.fault[:26] for line in table.lines] == ["line 1: half a character, ", "line 2: half a character, "]
    assert [line.cells for line in table.lines] == [("a", "One?"), ("?b", "Two")]


def test_a_damaged_archive_is_an_error(tmp_path: Path) -> None:
    data = bytearray(gzip.compress(b"a|One two three\n" * 50))
    data[20:24] = b"\xff" * 4
    (tmp_path / "m.csv.gz").write_bytes(data)
    with pytest.raises(RecordingsError, match=r"m\.csv\.gz: cannot be read"):
        read_list(tmp_path / "m.csv.gz", is_audio)


PIECES = st.sampled_from(
    [
        "a",
        "b",
        "|",
        ",",
        "\t",
        ";",
        ": ",
        '"',
        '""',
        "\n",
        "\r\n",
        "words here",
        "file",
        "text",
        "[",
        "{",
        '"}',
        "1",
        "\\",
        "\x00",
        "\xe9",
    ]
)


@given(st.lists(PIECES, max_size=40), st.sampled_from(["m.csv", "m.jsonl", "m.json", "m.parquet", "m.gz"]))
def test_any_bytes_are_a_list_or_an_error_in_words(tmp_path_factory, pieces: list[str], name: str) -> None:
    file = tmp_path_factory.mktemp("any") / name
    file.write_bytes("".join(pieces).encode("latin-1"))
    try:
        said = read_list(file, is_audio).form
    except RecordingsError as error:
        said = str(error)
    assert str(file) in said or said.startswith(("separated by", "JSON"))


def test_a_huge_line_and_open_quotation_marks_take_no_time(tmp_path: Path) -> None:
    """A line of 5 MB, and 20,000 rows that all begin a quotation: each is read once."""
    huge = read(tmp_path, "a|" + "x" * 5_000_000 + "\nb|y\n")
    assert [len(line.cells[1]) for line in huge.lines] == [5_000_000, 1]
    quoted = read(tmp_path, "a|One\n" + "".join(f'row{number}|"open\n' for number in range(20_000)))
    assert len(quoted.lines) == 20_001
