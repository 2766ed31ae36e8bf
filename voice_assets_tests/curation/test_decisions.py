import pandas as pd
import pytest

from voice_assets.curation import decisions
from voice_assets.curation.decisions import kept, kept_ids, kept_in, read_decisions, read_record, with_kept, write_record
from voice_assets.runtime.tsv import TsvError


def test_rows_without_a_decision_are_skipped(tmp_path):
    file = tmp_path / "low.tsv"
    file.write_text("clip_id\tdecision\tnew_text\nа\tdrop\t\nб\t\t\n\nв\tUse Hypothesis \t\nг\treplace\t Новый  текст \n")
    found = read_decisions(file)
    assert [(one.line, one.clip_id, one.action, one.new_text) for one in found] == [
        (2, "а", "drop", ""),
        (5, "в", "use_hypothesis", ""),
        (6, "г", "replace", "Новый текст"),
    ]
    assert found[0].location == "low.tsv: row 2, clip 'а', decision 'drop'"


def test_a_byte_order_mark_is_not_a_part_of_a_column_name(tmp_path):
    file = tmp_path / "low.tsv"
    file.write_text("clip_id\tdecision\r\na\tkeep\r\n", encoding="utf-8-sig", newline="")
    assert [one.action for one in read_decisions(file)] == ["keep"]


def record(**changes):
    line = {
        "version": "x-v2", "row": "1", "clip_id": "a", "decision": "keep", "old_text": "Да.", "new_text": "Да.",
        "audio_sha256": "00", "by": "Анна",
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


def test_a_data_set_that_was_never_fixed_has_no_record(tmp_path):
    assert read_record(tmp_path) == []
    (tmp_path / decisions.RECORD).write_text("nonsense\n")
    with pytest.raises(TsvError, match="no column version"):
        read_record(tmp_path)


def test_a_record_is_read_as_written(tmp_path):
    lines = [record(old_text="'-5 градусов", new_text='\t"=1"\n\u2028'), record(clip_id="+7", new_text="␉␦0009\x85")]
    assert read_record(write_record(tmp_path / decisions.RECORD, lines).parent) == lines


def test_a_record_of_an_older_version_is_read(tmp_path):
    older = (
        "\t".join(name for name in decisions.RECORD_COLUMNS if name != "by") + "\nx-v2\t1\ta\tkeep\t'-тире\t\"'=a\nb\"\t00\n"
    )
    (tmp_path / decisions.RECORD).write_text(older, encoding="utf-8")
    assert read_record(tmp_path) == [record(old_text="-тире", new_text="=a\nb", by="")]


def test_a_table_gets_who_kept_each_clip_and_in_which_version():
    table = pd.DataFrame([CLIP, {**CLIP, "clip_id": "b"}, {**CLIP, "clip_id": "c", "audio_sha256": "01"}], index=[7, 3, 5])
    lines = [record(), record(clip_id="b", by="", version="x-v3"), record(clip_id="c")]
    columns = with_kept(table, lines)[["kept", "kept_by"]]
    assert list(columns.itertuples(index=False, name=None)) == [("x-v2", "Анна"), ("x-v3", ""), ("", "")]
    assert list(with_kept(table.iloc[:0], lines)[["kept", "kept_by"]].dtypes) == ["object", "object"]


def test_only_unchanged_kept_clips_count():
    table = pd.DataFrame([CLIP, {**CLIP, "clip_id": "b", "reference": "Нет."}, {**CLIP, "clip_id": "c"}])
    lines = [record(), record(clip_id="b"), record(clip_id="c", decision="drop")]
    assert kept_ids(table, lines) == ["a"]
    assert kept_ids(table, []) == []
