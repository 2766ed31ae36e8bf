"""`voice-assets fix`: what it makes, what it says, and what it leaves alone."""

from pathlib import Path

import pytest

from voice_assets.curation.decisions import read_record
from voice_assets_tests.cli.projects import call, error_of
from voice_assets_tests.datasets import write_voice


@pytest.fixture
def decided(project: Path, make_dataset) -> tuple[Path, Path, Path]:
    """A voice on a small data set with a report, one clip of which is to be dropped: voice file, data set, decisions."""
    dataset = make_dataset()
    voice = write_voice(project / "voices" / "toy.yaml", dataset)
    voice.write_text(f"# a comment\n{voice.read_text(encoding='utf-8')}", encoding="utf-8")
    report = dataset / "reports" / "validation_whisper_sharded_20260101_000000_000"
    report.mkdir(parents=True)
    text = dict(line.split("|") for line in (dataset / "metadata_2col.csv").read_text(encoding="utf-8").splitlines())
    (report / "low_similarity.tsv").write_text(
        "clip_id\tdecision\tnew_text\treference\thypothesis\n"
        f"clip-000\tdrop\t\t{text['clip-000']}\t\n"
        f"clip-001\t\t\t{text['clip-001']}\tКонференция начнётся.\n",
        encoding="utf-8",
    )
    return voice, dataset, report / "low_similarity.tsv"


def test_fix_makes_a_version_and_says_which_line_to_change(decided) -> None:
    voice, dataset, _ = decided
    before = voice.read_text(encoding="utf-8")
    done = call("fix", "toy")
    assert done.exit_code == 0, done.output
    assert f"{dataset}-v2: 5 clips; drop 1" in done.output
    assert f"To use the new version, write into {voice}: dataset: {dataset}-v2" in done.output
    assert voice.read_text(encoding="utf-8") == before
    assert not (dataset.with_name("dataset-v2") / "wavs" / "clip-000.wav").exists()


def test_a_data_set_on_a_store_is_not_fixed(project: Path) -> None:
    voice = write_voice(project / "voices" / "toy.yaml", "s3://bucket/toy")
    assert error_of("fix", "toy") == (
        f"{voice}: dataset: s3://bucket/toy is on a store, and a new version is made of a folder; copy the data set into a "
        "folder, name the folder as `dataset`, validate, and fix there"
    )


def test_fix_records_who_decided(decided, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, dataset, _ = decided
    monkeypatch.setenv("LOGNAME", "hanna")
    for arguments, by in ((("fix", "toy"), "hanna"), (("fix", "toy", "--by", "Анна", "--out", str(project / "x")), "Анна")):
        assert call(*arguments).exit_code == 0
        version = project / "x" if "--out" in arguments else dataset.with_name("dataset-v2")
        assert [line["by"] for line in read_record(version)] == [by]


def test_fix_switches_the_voice_and_keeps_its_comments(decided, project: Path) -> None:
    voice, dataset, _ = decided
    short = project / "short.tsv"
    short.write_text("clip_id\tdecision\tnew_text\nclip-001\tuse_hypothesis\t\n", encoding="utf-8")
    before = voice.read_text(encoding="utf-8")
    done = call("fix", "toy", "--decisions", str(short), "--out", str(project / "better"), "--switch", "--copy")
    assert done.exit_code == 0, done.output
    assert voice.read_text(encoding="utf-8") == before.replace(str(dataset), str(project / "better"))
    assert f"{voice} now has: dataset: {project / 'better'}" in done.output
    assert "clip-001|Конференция начнётся.\n" in (project / "better" / "metadata_2col.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            "clip_id\tdecision\nclip-009\tdrop\n",
            "short.tsv: row 2, clip 'clip-009', decision 'drop': metadata_2col.csv has no such",
        ),
        ("clip_id\tdecision\nclip-000\n", "no decision"),
        ("clip\tdecision\n", "no column clip_id"),
    ],
)
def test_fix_says_what_it_cannot_do_without_a_traceback(decided, project: Path, table: str, message: str) -> None:
    short = project / "short.tsv"
    short.write_text(table, encoding="utf-8")
    assert message in error_of("fix", "toy", "--decisions", str(short))
    assert not decided[1].with_name("dataset-v2").exists()


def test_fix_names_decisions_in_older_reports_that_it_does_not_read(decided) -> None:
    _, dataset, table = decided
    older = dataset / "reports" / "validation_whisper_sharded_20250101_000000_000"
    older.mkdir()
    (older / "suspects.tsv").write_text("clip_id\tdecision\nclip-002\tdrop\n", encoding="utf-8")
    done = call("fix", "toy")
    assert done.exit_code == 0
    assert "5 clips; drop 1" in done.output
    assert f"Not read: {older / 'suspects.tsv'} of an older report holds decisions too" in done.stderr
    assert "Not read" not in call("fix", "toy", "--decisions", str(table)).output


def test_fix_without_a_report_asks_for_decisions(decided) -> None:
    decided[2].unlink()
    decided[2].parent.rmdir()
    assert "name a file with --decisions" in error_of("fix", "toy")


def test_a_table_cannot_talk_to_the_terminal(decided, project: Path) -> None:
    short = project / "short.tsv"
    short.write_text("clip_id\tdecision\nclip-\x1b[2J\tdr\x07op\n", encoding="utf-8")
    error = error_of("fix", "toy", "--decisions", str(short))
    assert "short.tsv: row 2" in error
    assert not {"\x1b", "\x07"} & set(error)
