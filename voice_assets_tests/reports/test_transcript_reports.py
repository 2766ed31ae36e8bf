import csv

import pytest

from voice_assets.reports import asr_sample, whisper
from voice_assets.speech import categories, validation
from voice_assets.speech.tables import TRANSCRIPTS, frame

NASTY = 'текст | с [ссылкой](http://x) <b>"кавычками"</b>\tи\nстрокой'


def transcript(clip_id, similarity, reference="Обычное предложение"):
    return {
        "clip_id": clip_id,
        "path": f"wavs/{clip_id}.wav",
        "audio_sha256": "00",
        "duration_s": 3.0,
        "reference": reference,
        "hypothesis": "=услышано",
        "similarity": similarity,
        "cer": 1 - similarity,
        "decoding": "full",
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
    table = categories.by_category(transcripts, "ru", 0.8)
    facts = validation.sample_facts(len(transcripts), transcripts, table, 0.8)
    return asr_sample.write(tmp_path / "reports", "Голос", transcripts, facts, table, verdicts)


def test_the_sample_is_a_table_worst_first(tmp_path, transcripts):
    folder = write_sample(tmp_path, transcripts, judged(False))
    assert folder.name.startswith("asr_sample_")
    rows = read_tsv(folder / "asr_sample.tsv")
    assert [row["clip_id"] for row in rows] == ["worse", "bad", "edge", "good"]
    assert rows[0]["hypothesis"] == "'=услышано"
    text = (folder / "asr_sample.md").read_text(encoding="utf-8")
    assert "**FAIL**" in text
    assert "<b>" not in text.replace("\\<b", "")
    assert "2 (50.00%)" in text


def test_two_samples_are_two_folders(tmp_path, transcripts):
    folders = {write_sample(tmp_path, transcripts, None) for _ in range(2)}
    assert len(folders) == 2
    assert {child.name for child in (tmp_path / "reports").iterdir()} == {folder.name for folder in folders}


def write_whisper(tmp_path, transcripts, shards, verdicts):
    table = categories.by_category(transcripts, "ru", 0.8)
    facts = validation.facts(transcripts["clip_id"], transcripts, table, 0.8, 2, len(shards))
    return whisper.write(tmp_path / "reports", "Голос", tmp_path / "data", shards, 0.8, facts, table, verdicts)


def test_the_report_has_the_files_people_know(tmp_path, transcripts):
    log = tmp_path / "worker.log"
    log.write_text("[1/2] sim=0.95\n")
    shards = [
        whisper.ShardResult("0-of-2", transcripts[:2], log, 12.0, "run-1"),
        whisper.ShardResult("1-of-2", transcripts[2:], None, None, "run-2"),
    ]
    folder = write_whisper(tmp_path, transcripts, shards, judged(True, False))
    stamp = folder.name.removeprefix("validation_whisper_sharded_")
    assert {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()} == {
        "SUMMARY.txt",
        "runner.log",
        "low_similarity.tsv",
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


def test_a_warning_is_no_failure_in_any_file(tmp_path, transcripts):
    verdicts = [one | {"advisory": "few clips"} for one in judged(True, False, blocks=False)]
    folder = write_whisper(tmp_path, transcripts, [whisper.ShardResult("0-of-1", transcripts)], verdicts)
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
    folder = write_whisper(tmp_path, transcripts, [whisper.ShardResult("0-of-1", transcripts)], None)
    assert "Failed shards: 0-of-1" in (folder / "SUMMARY.txt").read_text()
    assert [row["clip_id"] for row in read_tsv(folder / "low_similarity.tsv")][-1] == "good"


def test_a_report_that_cannot_be_written_leaves_nothing(tmp_path, transcripts):
    with pytest.raises(FileNotFoundError):
        write_whisper(tmp_path, transcripts, [whisper.ShardResult("0-of-1", transcripts, tmp_path / "gone.log")], None)
    assert list((tmp_path / "reports").iterdir()) == []


def test_a_shard_without_clips_has_its_folder(tmp_path, transcripts):
    shards = [whisper.ShardResult("0-of-2", transcripts), whisper.ShardResult("1-of-2", transcripts[:0])]
    folder = write_whisper(tmp_path, transcripts, shards, None)
    assert "shard 1-of-2: PASS clips=0 mean=- low=0" in (folder / "runner.log").read_text()
