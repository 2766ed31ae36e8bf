import csv
import re
import time
from datetime import UTC, datetime

import pytest

from voice_assets.asr import categories, validation
from voice_assets.curation.decisions import read_record, with_kept
from voice_assets.curation.suspect_tables import newest_report
from voice_assets.dataset.tables import TRANSCRIPTS, frame
from voice_assets.reports import asr_sample, trend, whisper

NASTY = 'текст | с [ссылкой](http://x) <b>"кавычками"</b>\tи\nстрокой'


def transcript(clip_id, similarity, reference="Обычное предложение", **changes):
    scores = {
        "wer": 1 - similarity,
        "first_word_wrong": False,
        "last_word_wrong": False,
        "other_words": False,
        "other_numbers": False,
        "repeated": False,
        "hallucination": "",
        "categories": "",
    }
    return {
        **scores,
        "clip_id": clip_id,
        "path": f"wavs/{clip_id}.wav",
        "audio_sha256": "00",
        "duration_s": 3.0,
        "reference": reference,
        "hypothesis": "=услышано",
        "similarity": similarity,
        "cer": 1 - similarity,
        "decoding_pass": "full",
        **changes,
    }


@pytest.fixture
def transcripts():
    return frame(
        [transcript("good", 0.95), transcript("edge", 0.8), transcript("bad", 0.3, NASTY), transcript("worse", 0.1)],
        TRANSCRIPTS,
    )


def judged(*passed, blocks=True):
    return [
        {"rule": f"rule_{number}", "passed": one, "blocks": not one and blocks, "observed": "0.9", "limit": "1", "message": "m"}
        for number, one in enumerate(passed)
    ]


def read_tsv(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def write_sample(tmp_path, transcripts, verdicts):
    table = categories.by_category(categories.with_categories(transcripts, "ru"), 0.8)
    facts = validation.sample_facts(len(transcripts), transcripts, table, 0.8)
    return asr_sample.write(
        tmp_path / "reports", "Голос <b>\x1b", transcripts, facts, table, verdicts, language="ru", low_similarity=0.8
    )


def test_the_sample_is_a_table_worst_first(tmp_path, transcripts):
    folder = write_sample(tmp_path, transcripts, judged(False))
    assert folder.name.startswith("asr_sample_")
    rows = read_tsv(folder / "asr_sample.tsv")
    assert [row["clip_id"] for row in rows] == ["worse", "bad", "edge", "good"]
    assert rows[0]["hypothesis"] == "'=услышано"
    text = (folder / "asr_sample.md").read_text(encoding="utf-8")
    assert text.startswith("# ASR sample: Голос \\<b\\>␛\n")
    assert "**FAIL**" in text
    assert "<b>" not in text.replace("\\<b", "")
    assert "2 (50.00%)" in text


def test_two_samples_are_two_folders(tmp_path, transcripts):
    folders = {write_sample(tmp_path, transcripts, None) for _ in range(2)}
    assert len(folders) == 2
    assert {child.name for child in (tmp_path / "reports").iterdir()} == {folder.name for folder in folders}


def write_whisper(tmp_path, transcripts, shards, verdicts, history=()):
    table = categories.by_category(categories.with_categories(transcripts, "ru"), 0.8)
    facts = validation.validation_facts(transcripts["clip_id"], transcripts, table, 0.8, shards=2)
    targets = (tmp_path / "reports", "Голос <b>\x1b", tmp_path / "data")
    return whisper.write(*targets, shards, 0.8, facts, table, verdicts, language="ru", history=history)


def test_the_report_has_the_files_of_the_former_scripts(tmp_path, transcripts):
    log = tmp_path / "worker.log"
    log.write_text("[1/2] sim=0.95\n")
    shards = [
        whisper.ShardResult("0-of-2", transcripts[:2], log, "run-1"),
        whisper.ShardResult("1-of-2", transcripts[2:], None, "run-2"),
    ]
    folder = write_whisper(tmp_path, transcripts, shards, judged(True, False))
    stamp = folder.name.removeprefix("validation_whisper_sharded_")
    assert {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()} == {
        "SUMMARY.txt",
        "runner.log",
        "low_similarity.tsv",
        "suspects.tsv",
        "whisper_report.html",
        "shard_reports/shard_0/validator_whisper.log",
        f"shard_reports/shard_0/validation_{stamp}.md",
        f"shard_reports/shard_0/validation_{stamp}.tsv",
        f"shard_reports/shard_1/validation_{stamp}.md",
        f"shard_reports/shard_1/validation_{stamp}.tsv",
    }
    summary = (folder / "SUMMARY.txt").read_text(encoding="utf-8")
    assert summary.startswith("FAIL  ")
    assert "Failed shards: none" in summary
    assert "shard 1-of-2: PASS clips=2 mean=0.2000 low=2 run=run-2" in summary
    assert [row["clip_id"] for row in read_tsv(folder / "low_similarity.tsv")] == ["worse", "bad"]
    assert read_tsv(folder / "shard_reports" / "shard_0" / f"validation_{stamp}.tsv") == []
    page = (folder / "whisper_report.html").read_text(encoding="utf-8")
    assert "../../data/wavs/worse.wav" in page
    assert "<b>" not in page
    assert page.count("<audio") == 2


def test_no_file_for_a_terminal_has_a_control_character_of_the_title(tmp_path, transcripts):
    folder = write_whisper(tmp_path, transcripts, [whisper.ShardResult("0-of-1", transcripts, None, "run-1")], judged(True))
    assert "Whisper validation of Голос <b>\\x1b\n" in (folder / "SUMMARY.txt").read_text(encoding="utf-8")
    files = [file for file in folder.rglob("*") if file.is_file() and file.suffix != ".html"]
    assert [file for file in files if b"\x1b" in file.read_bytes()] == []


def test_the_category_fast_is_the_same_in_every_table(tmp_path):
    text = "абвгд " * 9
    usual = [transcript(f"c{number}", 0.9, text, duration_s=45 / rate) for number, rate in enumerate([9.0, 11.0] * 10)]
    fast = transcript("rushed", 0.5, text, duration_s=45 / 24)  # under 25 letters a second: fast only in comparison
    shards = [
        whisper.ShardResult("0-of-2", frame(usual, TRANSCRIPTS), None, "run-1"),
        whisper.ShardResult("1-of-2", frame([fast], TRANSCRIPTS), None, "run-1"),
    ]
    together = frame([*usual, fast], TRANSCRIPTS)
    folder = write_whisper(tmp_path, together, shards, None)
    assert [row["categories"] for row in read_tsv(folder / "low_similarity.tsv")] == ["fast"]
    page = (folder / "whisper_report.html").read_text(encoding="utf-8")
    assert page.count("0.500 (1 clips, 1 low)") == 2  # of all shards, and of the second
    assert "| fast" in next((folder / "shard_reports" / "shard_1").glob("*.md")).read_text(encoding="utf-8")


def test_hypotheses_of_later_decoding_passes_are_counted(tmp_path):
    passes = frame(
        [transcript(decoding_pass, 0.9, decoding_pass=decoding_pass) for decoding_pass in ("fast", "wide", "full")], TRANSCRIPTS
    )
    page = (write_whisper(tmp_path, passes, whole(passes), None) / "whisper_report.html").read_text(encoding="utf-8")
    assert 'Kept from a later decoding pass</div><div class="value">2</div>' in page


def test_a_warning_is_no_failure_in_any_file(tmp_path, transcripts):
    verdicts = [one | {"advisory": "few clips"} for one in judged(True, False, blocks=False)]
    folder = write_whisper(tmp_path, transcripts, [whisper.ShardResult("0-of-1", transcripts, None, "run-1")], verdicts)
    summary = (folder / "SUMMARY.txt").read_text(encoding="utf-8")
    assert summary.startswith("PASS  ")
    assert "rule_1  WARNING  0.9       1      m Advisory: few clips." in summary
    page = (folder / "whisper_report.html").read_text(encoding="utf-8")
    assert '<span class="badge warn">WARNING</span>' in page
    sample = (write_sample(tmp_path, transcripts, verdicts) / "asr_sample.md").read_text(encoding="utf-8")
    assert "| rule_1 | WARNING | 0.9 | 1 | m Advisory: few clips. |" in sample
    assert "FAIL" not in summary + page + sample


def test_a_shard_with_a_clip_without_a_score_failed(tmp_path, transcripts):
    transcripts.loc[0, "similarity"] = float("nan")
    folder = write_whisper(tmp_path, transcripts, [whisper.ShardResult("0-of-1", transcripts, None, "run-1")], None)
    assert "Failed shards: 0-of-1" in (folder / "SUMMARY.txt").read_text()
    assert [row["clip_id"] for row in read_tsv(folder / "low_similarity.tsv")][-1] == "good"


def test_a_report_that_cannot_be_written_leaves_nothing(tmp_path, transcripts):
    with pytest.raises(FileNotFoundError):
        write_whisper(tmp_path, transcripts, [whisper.ShardResult("0-of-1", transcripts, tmp_path / "gone.log", "run-1")], None)
    assert list((tmp_path / "reports").iterdir()) == []


def test_a_shard_without_clips_has_its_folder(tmp_path, transcripts):
    shards = [
        whisper.ShardResult("0-of-2", transcripts, None, "run-1"),
        whisper.ShardResult("1-of-2", transcripts[:0], None, "run-1"),
    ]
    folder = write_whisper(tmp_path, transcripts, shards, None)
    assert "shard 1-of-2: PASS clips=0 mean=- low=0" in (folder / "runner.log").read_text()


def whole(transcripts):
    return [whisper.ShardResult("0-of-1", transcripts, None, "run-1")]


SUSPECTS = (
    transcript("fine", 0.99, "Ждите ответа", hypothesis="Ждите ответа"),
    transcript(
        "low", 0.5, "Введите номер сейчас", hypothesis="Введите пароль сейчас", last_word_wrong=True, categories="names"
    ),
    transcript("first", 0.9, first_word_wrong=True),
    transcript("last", 0.91, last_word_wrong=True),
    transcript("again", 0.85, repeated=True, last_word_wrong=True),
    transcript("silent", 0.95, hallucination="words over silence"),
    transcript("changed", 0.93, other_words=True),
    transcript("counted", 0.97, other_numbers=True, other_words=True),
)


def test_suspects_have_their_reasons(tmp_path):
    folder = write_whisper(tmp_path, table := frame(list(SUSPECTS), TRANSCRIPTS), whole(table), None)
    (low,) = read_tsv(folder / "low_similarity.tsv")
    assert (low["clip_id"], low["suspicion"], low["diff"]) == ("low", "low cut", "введите [-номер-] {+пароль+} сейчас")
    assert (low["decision"], low["new_text"], low["kept"]) == ("", "", "")
    assert (low["wer"], low["first_word_wrong"], low["last_word_wrong"], low["categories"]) == ("0.5", "no", "yes", "")
    others = {row["clip_id"]: row["suspicion"] for row in read_tsv(folder / "suspects.tsv")}
    assert others == {
        "again": "repeated cut",
        "counted": "numbers words",
        "first": "cut",
        "last": "cut",
        "silent": "hallucination",
        "changed": "words",
    }
    assert "Other suspects: 6 (1 hallucination, 1 repeated, 1 numbers, 3 cut, 2 words)" in (folder / "SUMMARY.txt").read_text(
        encoding="utf-8"
    )


def test_every_suspect_has_a_player_in_the_section_of_its_first_reason(tmp_path):
    folder = write_whisper(tmp_path, table := frame(list(SUSPECTS), TRANSCRIPTS), whole(table), None)
    page = (folder / "whisper_report.html").read_text(encoding="utf-8")
    sections = page.split("<h2>")[1:]
    clips = {
        section.split("<")[0]: [
            name
            for name in ("fine", "low", "first", "last", "again", "silent", "changed", "counted")
            if f"/{name}.wav" in section
        ]
        for section in sections
    }
    assert {title: found for title, found in clips.items() if found} == {
        "Low clips: 1 under 0.8": ["low"],
        "Hallucinations: 1": ["silent"],
        "Repeated: 1": ["again"],
        "Other numbers: 1": ["counted"],
        "Bad cuts: 2": ["first", "last"],
        "Other words: 1": ["changed"],
    }
    assert '<del title="only in the reference">номер</del> <ins title="only in the hypothesis">пароль</ins>' in page


def test_a_diff_escapes_its_texts(tmp_path):
    table = frame([transcript("x", 0.1, "a<b c", hypothesis="<script>alert</script>")], TRANSCRIPTS)
    folder = write_whisper(tmp_path, table, whole(table), None)
    assert "<script" not in (folder / "whisper_report.html").read_text(encoding="utf-8")


def test_clips_that_a_person_kept_are_marked_and_come_last(tmp_path):
    record = "version\trow\tclip_id\tdecision\told_text\tnew_text\taudio_sha256\tby\n"
    record += "data-v2\t1\tworst\tkeep\tОбычное предложение\tОбычное предложение\t00\tАнна <b>\x1b\n"
    record += "data-v2\t2\tedited\tkeep\tЧто-то другое\tЧто-то другое\t00\tАнна <b>\x1b\n"
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "fix_decisions.tsv").write_text(record, encoding="utf-8")
    table = frame([transcript("worst", 0.1), transcript("edited", 0.2), transcript("bad", 0.3)], TRANSCRIPTS)
    folder = write_whisper(tmp_path, with_kept(table, read_record(tmp_path / "data")), whole(table), None)
    kept = [(row["clip_id"], row["kept"], row["kept_by"]) for row in read_tsv(folder / "low_similarity.tsv")]
    assert kept == [("edited", "", ""), ("bad", "", ""), ("worst", "data-v2", "Анна <b>␛")]
    page = (folder / "whisper_report.html").read_text(encoding="utf-8")
    assert page.count("heard and kept in data-v2 by Анна &lt;b&gt;") == 1
    assert "Low clips: 3 under 0.8, 1 of them kept" in page
    assert "<b>" not in page
    summary = (folder / "SUMMARY.txt").read_text(encoding="utf-8")
    assert "Low clips: 2 (66.67%, without 1 kept: Анна <b>\\x1b 1)" in summary
    assert "clips=3 mean=0.2000 low=2" in summary


def test_a_trend_is_drawn_from_the_second_validation_on(tmp_path, transcripts):
    first = write_whisper(tmp_path, transcripts, whole(transcripts), None)
    assert "from the second validation on" in (first / "whisper_report.html").read_text(encoding="utf-8")
    history = [trend.Past(2e9 - 100, 0.9, 0.2, 50), trend.Past(1e9, 0.8, 0.3, 40), trend.Past(5e8, 0.0, 0.0, 0)]
    folder = write_whisper(tmp_path, transcripts, whole(transcripts), None, [past for past in history if past.time < 1.5e9])
    page = (folder / "whisper_report.html").read_text(encoding="utf-8")
    assert page.count("<polyline") == 2
    assert page.count("<circle") == 4
    summary = (folder / "SUMMARY.txt").read_text(encoding="utf-8").split("Last validations")[1].splitlines()
    assert "0.8000" in summary[2]
    assert "30.00%" in summary[2]
    assert "-0.2625" in summary[3]
    assert "50.00%" in summary[3]


def test_the_trend_takes_the_newest_in_order():
    past = [trend.Past(float(number), 0.9, 0.1, 10) for number in range(30)]
    now = trend.Past(99.0, 0.9, 0.1, 10)
    assert [one.time for one in trend.newest(past[::-1], now)] == [*(float(number) for number in range(11, 30)), 99.0]
    assert trend.newest([trend.Past(1.0, 0.0, 0.0, 0)], now) == [now]


def test_categories_are_shown_by_shard(tmp_path):
    texts = ["Нажмите 5", "Нажмите 6", "Ждите ответа оператора"]
    scores = (0.7, 0.85, 0.9)
    rows = [transcript(f"c{number}", *one) for number, one in enumerate(zip(scores, texts, strict=True))]
    table = frame(rows, TRANSCRIPTS)
    shards = [whisper.ShardResult("0-of-2", table[:1], None, "run-1"), whisper.ShardResult("1-of-2", table[1:], None, "run-1")]
    folder = write_whisper(tmp_path, table, shards, None)
    page = (folder / "whisper_report.html").read_text(encoding="utf-8")
    assert "0.775 (2 clips, 1 low)" in page
    assert "0.700 (1 clips, 1 low)" in page
    assert "0.850 (1 clips)" in page
    (text,) = (folder / "shard_reports" / "shard_1").glob("*.md")
    assert "| numbers | 1 | 0.8500 | 0 |" in text.read_text(encoding="utf-8")


def test_the_newest_report_is_the_last_one_written(tmp_path, transcripts):
    reports = tmp_path / "reports"
    for older in ("20991231_235959_999", "20250101_000000_000"):  # written with a clock ahead, and in a past year
        (reports / f"validation_whisper_sharded_{older}").mkdir(parents=True)
    (reports / "validation_whisper_sharded_z copy").mkdir()
    for _ in range(3):
        folder = write_whisper(tmp_path, transcripts, whole(transcripts), None)
        assert newest_report(reports) == folder


def test_times_in_a_report_are_utc_wherever_it_is_written(tmp_path, transcripts, monkeypatch):
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    time.tzset()
    try:
        start = time.time()
        past = [trend.Past(datetime(2026, 10, 25, 0, 30, tzinfo=UTC).timestamp(), 0.9, 0.2, 50)]
        folder = write_whisper(tmp_path, transcripts, whole(transcripts), None, past)
        end = time.time()
    finally:
        monkeypatch.undo()
        time.tzset()
    summary = (folder / "SUMMARY.txt").read_text(encoding="utf-8")
    assert "\n2026-10-25 00:30:00 UTC  50 " in summary
    written = re.search(r"^Written: (.+) UTC$", summary, re.MULTILINE)[1]
    assert int(start) <= datetime.fromisoformat(written).replace(tzinfo=UTC).timestamp() <= end
    assert f"Written {written} UTC." in (folder / "whisper_report.html").read_text(encoding="utf-8")
