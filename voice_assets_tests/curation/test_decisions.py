import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_assets.curation import decisions
from voice_assets.curation.decisions import DecisionsError, kept, kept_ids, kept_in, plain, read_decisions, read_record, written
from voice_assets.reports.tsv import FORMULA_STARTS, write_tsv


def test_rows_without_a_decision_are_none(tmp_path):
    file = tmp_path / "low.tsv"
    file.write_text("clip_id\tdecision\tnew_text\nа\tdrop\t\nб\t\t\n\nв\tUse Hypothesis \t\nг\treplace\t Новый  текст \n")
    found = read_decisions(file)
    assert [(one.line, one.clip_id, one.word, one.new_text) for one in found] == [
        (2, "а", "drop", ""),
        (5, "в", "use_hypothesis", ""),
        (6, "г", "replace", "Новый текст"),
    ]
    assert found[0].place == "low.tsv: row 2, clip 'а', decision 'drop'"


def test_a_spreadsheet_s_byte_order_mark_is_no_part_of_a_column_name(tmp_path):
    file = tmp_path / "low.tsv"
    file.write_text("clip_id\tdecision\r\na\tkeep\r\n", encoding="utf-8-sig", newline="")
    assert [one.word for one in read_decisions(file)] == ["keep"]


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
def test_a_file_that_is_none_says_where(tmp_path, content, message):
    file = tmp_path / "bad.tsv"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(DecisionsError, match=message) as caught:
        read_decisions(file)
    assert "bad.tsv" in str(caught.value)


def test_a_file_that_is_not_utf8_says_so(tmp_path):
    file = tmp_path / "bad.tsv"
    file.write_bytes("clip_id\tdecision\nклип\tdrop\n".encode("cp1251"))
    with pytest.raises(DecisionsError, match="UTF-8"):
        read_decisions(file)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u2028"), min_size=1))
def test_what_a_report_writes_comes_back(tmp_path_factory, text):
    file = tmp_path_factory.mktemp("t") / "low.tsv"
    write_tsv(file, [{"clip_id": text, "decision": "keep", "hypothesis": text}], ("clip_id", "decision", "hypothesis"))
    (found,) = read_decisions(file)
    if not text.startswith("'"):  # a text that itself begins with '= cannot be told from an escaped one
        assert (found.clip_id, found.hypothesis) == (text, text)


@pytest.mark.parametrize("start", FORMULA_STARTS)
def test_the_escape_of_formulas_is_that_of_the_reports(start):
    assert written(f"{start}1") == f"'{start}1"
    assert plain(written(f"{start}1")) == f"{start}1"
    assert plain("'quoted'") == "'quoted'"


def record(**changes):
    line = {
        "version": "x-v2", "row": "1", "clip_id": "a", "decision": "keep", "old_text": "Да.", "new_text": "Да.",
        "audio_sha256": "00",
    }  # fmt: skip
    return {**line, **changes}


CLIP = {"clip_id": "a", "reference": "Да.", "audio_sha256": "00"}


@pytest.mark.parametrize(
    ("lines", "clip", "version"),
    [
        ([record()], CLIP, "x-v2"),
        ([], CLIP, ""),
        ([record()], {**CLIP, "reference": "Нет."}, ""),
        ([record()], {**CLIP, "audio_sha256": "01"}, ""),
        ([record()], {**CLIP, "clip_id": "b"}, ""),
        ([record(), record(decision="replace", version="x-v3")], CLIP, ""),
        ([record(decision="replace"), record(version="x-v3")], CLIP, "x-v3"),
    ],
)
def test_a_clip_stays_kept_while_text_and_audio_stay(lines, clip, version):
    assert kept_in(clip, kept(lines)) == version


def test_a_data_set_that_was_never_fixed_remembers_nothing(tmp_path):
    assert read_record(tmp_path) == []
    (tmp_path / decisions.RECORD).write_text("nonsense\n")
    with pytest.raises(DecisionsError, match="no column version"):
        read_record(tmp_path)


def test_only_clips_that_are_kept_as_they_are_now_count():
    table = pd.DataFrame([CLIP, {**CLIP, "clip_id": "b", "reference": "Нет."}, {**CLIP, "clip_id": "c"}])
    lines = [record(), record(clip_id="b"), record(clip_id="c", decision="drop")]
    assert kept_ids(table, lines) == ["a"]
    assert kept_ids(table, []) == []
