"""A new version of a data set has the decided changes and no others; the original never changes."""

import csv
import os
from pathlib import Path

import pytest

from voice_assets.curation import suspect_tables
from voice_assets.curation.apply_decisions import fix, next_version
from voice_assets.curation.decisions import Decision, kept, read_decisions, read_record
from voice_assets.curation.errors import FixError
from voice_assets.dataset.clips import fingerprint, read_shard
from voice_assets.runtime.files import sha256


def decide(clip_id, action, new_text="", line=2, **fields):
    return Decision("d.tsv", line, clip_id, action, new_text, **fields)


def everything(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def rows_of(dataset):
    return dict(line.split("|") for line in (dataset / "metadata_2col.csv").read_text(encoding="utf-8").splitlines())


@pytest.fixture
def dataset(make_dataset):
    folder = make_dataset()
    (folder / "reports").mkdir()
    (folder / "reports" / "old.md").write_text("old")
    (folder / "LICENSE").write_text("CC0")
    return folder


def test_every_decision_is_carried_out_and_the_source_is_untouched(dataset, limits):
    before, stamps = everything(dataset), {path: path.stat().st_mtime_ns for path in dataset.rglob("*")}
    version = fix(
        dataset,
        [
            decide("clip-003", "replace", "Все операторы сейчас заняты."),
            decide("clip-000", "drop", line=3),
            decide("clip-001", "use_hypothesis", line=4, hypothesis=" Конференция\nначнётся. "),
            decide("clip-005", "keep", line=5),
        ],
        limits,
    )
    assert everything(dataset) == before
    assert {path: path.stat().st_mtime_ns for path in dataset.rglob("*")} == stamps
    assert version.out == dataset.with_name("dataset-v2")
    old, new = rows_of(dataset), rows_of(version.out)
    assert new == {name: text for name, text in old.items() if name != "clip-000"} | {
        "clip-001": "Конференция начнётся.",
        "clip-003": "Все операторы сейчас заняты.",
    }
    assert {path.name for path in (version.out / "wavs").iterdir()} == {f"{name}.wav" for name in new}
    assert (version.out / "LICENSE").read_text() == "CC0"
    assert (version.out / "config.json").read_bytes() == (dataset / "config.json").read_bytes()
    assert not (version.out / "reports").exists()
    assert list(read_shard(version.out, "0-of-1", limits).clips["findings"].unique()) == [""]
    assert [path.name for path in dataset.parent.iterdir() if path.name.startswith(".")] == []


def test_wavs_are_hard_links_or_with_copy_separate_files(dataset, limits):
    linked = fix(dataset, [decide("clip-000", "keep")], limits)
    copied = fix(dataset, [decide("clip-000", "keep")], limits, copy=True)
    assert (linked.linked, linked.copied, copied.linked, copied.copied) == (6, 0, 0, 6)
    assert (linked.out.name, copied.out.name) == ("dataset-v2", "dataset-v3")
    for path in (dataset / "wavs").iterdir():
        assert os.path.samefile(path, linked.out / "wavs" / path.name)
        assert not os.path.samefile(path, copied.out / "wavs" / path.name)
        assert sha256(path) == sha256(copied.out / "wavs" / path.name)
    assert not os.path.samefile(dataset / "config.json", linked.out / "config.json")


def test_wavs_are_copied_where_links_fail(dataset, limits, monkeypatch):
    def refuse(*_):
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    version = fix(dataset, [decide("clip-000", "drop")], limits)
    assert (version.linked, version.copied) == (0, 5)


def test_the_new_version_records_its_source_and_decisions(dataset, limits):
    digest = fingerprint(dataset, 1)["0-of-1"]
    old = rows_of(dataset)
    first = fix(dataset, [decide("clip-000", "drop"), decide("clip-001", "keep", line=3)], limits, sources=["/x/d.tsv"])
    info = (first.out / "FIX_INFO.txt").read_text(encoding="utf-8")
    for part in (f"Source: {dataset}", f"Source fingerprint: {digest}", "Decisions: /x/d.tsv", "6 in the source, 5 here"):
        assert part in info
    assert f"row 1, clip-000: drop\n    was: {old['clip-000']}\n" in info
    assert "row 2, clip-001: keep\n" in info
    assert "Left behind: reports" in info
    second = fix(first.out, [decide("clip-002", "replace", "Оставайтесь на линии.")], limits, by=" Анна\nПетрова ")
    assert second.out.name == "dataset-v3"
    later = (second.out / "FIX_INFO.txt").read_text(encoding="utf-8")
    assert f"    was: {old['clip-002']}\n    now: Оставайтесь на линии.\n" in later
    assert info.strip() in later
    assert "Decided by: not recorded\n" in info
    assert "Decided by: Анна Петрова\n" in later
    record = read_record(second.out)
    assert [(line["version"], line["clip_id"], line["decision"], line["by"]) for line in record] == [
        ("dataset-v2", "clip-000", "drop", ""),
        ("dataset-v2", "clip-001", "keep", ""),
        ("dataset-v3", "clip-002", "replace", "Анна Петрова"),
    ]
    assert record[2]["audio_sha256"] == sha256(dataset / "wavs" / "clip-002.wav")
    assert set(kept(record)) == {"clip-001"}


@pytest.mark.parametrize(
    ("decision", "message"),
    [
        (decide("clip-999", "drop"), "no such clip"),
        (decide("clip-000", "delete"), "no such decision; the decisions are drop, use_hypothesis, replace, keep"),
        (decide("clip-000", "replace"), "new_text is empty"),
        (decide("clip-000", "replace", "да"), "2 characters, under min_text_chars 3"),
        (decide("clip-000", "replace", "а" * 401), "401 characters, over max_text_chars 400"),
        (decide("clip-000", "replace", "This is English text"), "in the script of `ru`"),
        (decide("clip-000", "replace", "Нажмите один|два"), "3 columns instead of 2"),
        (decide("clip-000", "replace", '"Нажмите" один'), 'begins with `"`'),
        (decide("clip-000", "replace", "Нажмите\u200b\ue000 один"), "invisible characters"),
        (decide("clip-000", "use_hypothesis"), "no hypothesis is known"),
        (decide("clip-000", "use_hypothesis", hypothesis=" "), "the hypothesis is empty"),
        (decide("clip-000", "keep", reference="Другой текст."), "was made about the text 'Другой текст.'"),
    ],
)
def test_an_impossible_decision_is_named_and_nothing_is_made(dataset, limits, decision, message):
    with pytest.raises(FixError) as caught:
        fix(dataset, [decision], limits)
    assert message in str(caught.value)
    assert f"d.tsv: row 2, clip {decision.clip_id!r}, decision {decision.action!r}" in str(caught.value)
    assert [path.name for path in dataset.parent.iterdir() if path.name.startswith((".", "dataset-v"))] == []


def test_every_problem_is_named_at_once(dataset, limits):
    decisions = [decide("clip-000", "drop"), decide("clip-000", "keep", line=3), decide("clip-9", "keep", line=4)]
    with pytest.raises(FixError) as caught:
        fix(dataset, decisions, limits)
    lines = str(caught.value).splitlines()
    assert len(lines) == 2
    assert "row 3" in lines[0]
    assert "decided before, 'drop' in row 2 of d.tsv" in lines[0]
    assert "row 4" in lines[1]


def test_texts_at_the_limits_are_accepted(dataset, limits):
    texts = {"clip-000": "ага", "clip-001": "а" * 400}
    version = fix(dataset, [decide(name, "replace", text) for name, text in texts.items()], limits)
    assert rows_of(version.out).items() >= texts.items()


def test_a_text_with_a_warning_is_accepted_and_the_warning_recorded(dataset, limits):
    version = fix(dataset, [decide("clip-000", "use_hypothesis", hypothesis="Нажмите цифру 5.")], limits)
    assert rows_of(version.out)["clip-000"] == "Нажмите цифру 5."
    assert "warning: digits in the text" in (version.out / "FIX_INFO.txt").read_text(encoding="utf-8")


def test_dropping_every_clip_is_an_error(dataset, limits):
    with pytest.raises(FixError, match="no clip would be left"):
        fix(dataset, [decide(name, "drop", line=line) for line, name in enumerate(rows_of(dataset))], limits)


def test_no_decision_is_an_error(dataset, limits):
    with pytest.raises(FixError, match=r"no decision in /x/low_similarity\.tsv: write drop"):
        fix(dataset, [], limits, sources=["/x/low_similarity.tsv"])


@pytest.mark.parametrize("action", ["drop", "keep", "use_hypothesis"])
def test_a_decision_about_other_audio_is_an_error(dataset, limits, action):
    judged = sha256(dataset / "wavs" / "clip-000.wav")
    decision = decide("clip-000", action, hypothesis="Оставайтесь на линии.", audio_sha256=judged)
    fix(dataset, [decision], limits)
    os.replace(dataset / "wavs" / "clip-001.wav", dataset / "wavs" / "clip-000.wav")
    with pytest.raises(FixError, match=f"clip 'clip-000'.* was made about the audio {judged[:12]}…, now it is [0-9a-f]{{12}}…"):
        fix(dataset, [decision], limits)


def test_a_hypothesis_of_other_audio_is_an_error(dataset, limits):
    known = {"clip-000": suspect_tables.ReportedHypothesis("Оставайтесь на линии.", "0" * 64)}
    with pytest.raises(FixError, match="was made about the audio 000000000000…"):
        fix(dataset, [decide("clip-000", "use_hypothesis")], limits, known=known)
    assert fix(dataset, [decide("clip-000", "keep")], limits, known=known).clips == 6


def test_the_path_of_the_new_folder_is_resolved(dataset, limits, tmp_path, monkeypatch):
    monkeypatch.chdir(dataset)
    assert fix(dataset, [decide("clip-000", "keep")], limits, Path("../better")).out == dataset.parent / "better"
    (tmp_path / "link").symlink_to(dataset)
    with pytest.raises(FixError, match="is inside the other"):
        fix(dataset, [decide("clip-000", "keep")], limits, tmp_path / "link" / "v2")
    assert not (dataset / "v2").exists()


def test_a_wav_in_a_linked_folder_is_included(dataset, limits):
    (dataset / "real").mkdir()
    (dataset / "wavs" / "linked").symlink_to("../real")
    os.replace(dataset / "wavs" / "clip-000.wav", dataset / "real" / "clip-000.wav")
    metadata = dataset / "metadata_2col.csv"
    metadata.write_text(metadata.read_text(encoding="utf-8").replace("clip-000|", "linked/clip-000|"), encoding="utf-8")
    version = fix(dataset, [decide("clip-001", "keep")], limits)
    assert list(read_shard(version.out, "0-of-1", limits).clips["structure"].unique()) == [""]


def test_decisions_in_older_reports_are_listed(tmp_path):
    for day, decision in ((1, "drop"), (2, ""), (3, "keep")):
        report = tmp_path / f"validation_whisper_sharded_2026010{day}_000000_000"
        report.mkdir()
        (report / "suspects.tsv").write_text(f"clip_id\tdecision\nclip-000\t{decision}\n", encoding="utf-8")
    assert suspect_tables.older_decisions(tmp_path) == [
        tmp_path / "validation_whisper_sharded_20260101_000000_000" / "suspects.tsv"
    ]


def test_an_existing_folder_is_never_written_to(dataset, limits, tmp_path):
    (tmp_path / "there").mkdir()
    for out in (tmp_path / "there", dataset, dataset / "inside"):
        with pytest.raises(FixError):
            fix(dataset, [decide("clip-000", "drop")], limits, out)
    assert list((tmp_path / "there").iterdir()) == []
    assert not (dataset / "inside").exists()


def test_a_version_that_another_process_makes_meanwhile_is_not_replaced(dataset, limits):
    out = dataset.with_name("mine")

    def other_process(done, total):
        (out / "precious").mkdir(parents=True, exist_ok=True)

    with pytest.raises(FixError, match="cannot be written"):
        fix(dataset, [decide("clip-000", "drop")], limits, out, on_progress=other_process)
    assert [path.name for path in out.iterdir()] == ["precious"]
    assert not list(dataset.parent.glob(".mine*"))


def test_other_lines_do_not_change(dataset, limits):
    metadata = dataset / "metadata_2col.csv"
    lines = metadata.read_bytes().split(b"\n")
    metadata.write_bytes(b"\r\n".join(lines[:-1]))  # CRLF, and no line end after the last row
    version = fix(dataset, [decide("clip-001", "drop"), decide("clip-002", "replace", "Ждите ответа.")], limits)
    expected = [lines[0], b"clip-002|" + "Ждите ответа.".encode(), *lines[3:-1]]
    assert (version.out / "metadata_2col.csv").read_bytes() == b"\r\n".join(expected)


def test_a_wav_that_another_row_still_names_stays(dataset, limits):
    metadata = dataset / "metadata_2col.csv"
    metadata.write_text(metadata.read_text(encoding="utf-8") + "wavs/clip-000|Тот же файл.\n", encoding="utf-8")
    version = fix(dataset, [decide("wavs/clip-000", "drop")], limits)
    assert (version.out / "wavs" / "clip-000.wav").is_file()


@pytest.mark.parametrize(
    ("there", "of", "expected"),
    [
        ([], "x", "x-v2"),
        (["x-v2"], "x", "x-v3"),
        (["x-v2", "x-v10"], "x-v2", "x-v11"),
        (["x-v9-old", "xx-v5", "y-v7"], "x", "x-v2"),
        (["x-v3"], "x-v2", "x-v4"),
    ],
)
def test_the_next_version(tmp_path, there, of, expected):
    for name in {of, *there}:
        (tmp_path / name).mkdir()
    assert next_version(tmp_path / of).name == expected


def test_the_report_s_own_table_can_hold_decisions(dataset, limits, tmp_path):
    from voice_assets.reports.transcripts_layout import COLUMNS
    from voice_assets.reports.tsv import write_tsv

    text = rows_of(dataset)["clip-001"]
    row = dict.fromkeys(COLUMNS, "") | {"clip_id": "clip-001", "reference": text, "hypothesis": "Конференция начнётся."}
    report = tmp_path / "reports" / "validation_whisper_sharded_20260101_000000_000"
    write_tsv(report / "low_similarity.tsv", [{**row, "decision": "use_hypothesis"}], COLUMNS)
    (file,) = suspect_tables.suspect_files(suspect_tables.newest_report(tmp_path / "reports"))
    version = fix(dataset, read_decisions(file), limits)
    assert rows_of(version.out)["clip-001"] == "Конференция начнётся."
    with (version.out / "fix_decisions.tsv").open(encoding="utf-8", newline="") as file:
        assert [line["old_text"] for line in csv.DictReader(file, delimiter="\t")] == [text]
    short, known = [decide("clip-001", "use_hypothesis")], suspect_tables.reported_hypotheses(report)
    assert rows_of(fix(dataset, short, limits, known=known).out)["clip-001"] == "Конференция начнётся."
