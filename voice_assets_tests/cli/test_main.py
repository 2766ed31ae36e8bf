"""The command line: help that helps, exit codes a script can use, errors without tracebacks."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from voice_assets.audio.recordings import write_wav
from voice_assets.cli.main import main
from voice_assets_tests.datasets import RATE, burst, write_voice


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VOICE_ASSETS_ROOT", str(tmp_path))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / ".dagster"))
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "voices").mkdir()
    (tmp_path / "dagster.yaml").write_text("telemetry:\n  enabled: false\n", encoding="utf-8")
    return tmp_path


def call(*arguments: str):
    return CliRunner().invoke(main, list(arguments))


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["run"],
        ["watch"],
        ["fix"],
        ["voices"],
        ["doctor"],
        ["ui"],
        ["demo"],
        ["import"],
        ["import", "prompts"],
        ["import", "ljspeech"],
    ],
)
def test_every_command_explains_itself(command: list[str]) -> None:
    done = call(*command, "--help")
    assert done.exit_code == 0
    assert len(done.output.splitlines()) > 4


def test_an_unknown_voice_is_exit_code_2_and_names_those_there_are(project: Path) -> None:
    write_voice(project / "voices" / "toy.yaml", project / "nowhere")
    done = call("run", "toi")
    assert done.exit_code == 2
    assert "there is no voice 'toi'; there are: toy" in done.output


def test_a_missing_data_set_is_exit_code_1(project: Path) -> None:
    write_voice(project / "voices" / "toy.yaml", project / "nowhere")
    done = call("run", "toy", "--to", "clips")
    assert done.exit_code == 1
    assert "toy.yaml: dataset:" in done.output
    assert "no such folder" in done.output


def test_voices_shows_a_broken_file_beside_the_good(project: Path) -> None:
    write_voice(project / "voices" / "toy.yaml", project)
    write_voice(project / "voices" / "bad.yaml", project, shards=0)
    done = call("voices")
    assert done.exit_code == 0
    assert "toy" in done.output
    assert "bad does not load" in done.output
    assert "shards" in done.output


def test_importing_ljspeech(project: Path) -> None:
    source = project / "lj"
    for number, text in enumerate(("Hello, my good friends.", "The weather is fine today.")):
        write_wav(source / "wavs" / f"LJ-{number}.wav", burst(1.0, number), RATE)
        with (source / "metadata.csv").open("a", encoding="utf-8") as metadata:
            metadata.write(f"LJ-{number}|{text}|{text}\n")
    done = call(
        "import", "ljspeech", str(source), str(project / "out"), "--language", "en", "--region", "US", "--espeak-voice", "en-us"
    )
    assert done.exit_code == 0, done.output
    rows = (project / "out" / "metadata_2col.csv").read_text(encoding="utf-8").splitlines()
    assert rows == ["LJ-0|Hello, my good friends.", "LJ-1|The weather is fine today."]


def test_an_import_that_cannot_be_says_why_without_a_traceback(project: Path) -> None:
    (project / "empty").mkdir()
    (project / "list.txt").write_text("a: text\n", encoding="utf-8")
    done = call(
        "import",
        "prompts",
        str(project / "empty"),
        str(project / "list.txt"),
        str(project / "out"),
        "--language",
        "ru",
        "--region",
        "RU",
    )
    assert done.exit_code == 2
    assert "no audio files" in done.output
    assert "Traceback" not in done.output


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
    assert f"{voice}: to use it: dataset: {dataset}-v2" in done.output
    assert voice.read_text(encoding="utf-8") == before
    assert not (dataset.with_name("dataset-v2") / "wavs" / "clip-000.wav").exists()


def test_fix_switches_the_voice_and_keeps_its_comments(decided, project: Path) -> None:
    voice, dataset, _ = decided
    short = project / "short.tsv"
    short.write_text("clip_id\tdecision\tnew_text\nclip-001\tuse_hypothesis\t\n", encoding="utf-8")
    before = voice.read_text(encoding="utf-8")
    done = call("fix", "toy", "--decisions", str(short), "--out", str(project / "better"), "--switch", "--copy")
    assert done.exit_code == 0, done.output
    assert voice.read_text(encoding="utf-8") == before.replace(str(dataset), str(project / "better"))
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
    done = call("fix", "toy", "--decisions", str(short))
    assert done.exit_code == 2
    assert message in done.output
    assert "Traceback" not in done.output
    assert not decided[1].with_name("dataset-v2").exists()


def test_fix_names_decisions_in_older_reports_that_it_does_not_read(decided) -> None:
    _, dataset, table = decided
    older = dataset / "reports" / "validation_whisper_sharded_20250101_000000_000"
    older.mkdir()
    (older / "suspects.tsv").write_text("clip_id\tdecision\nclip-002\tdrop\n", encoding="utf-8")
    done = call("fix", "toy")
    assert done.exit_code == 0
    assert "5 clips; drop 1" in done.output
    assert f"Not read, though somebody decided there: {older / 'suspects.tsv'}" in done.output
    assert "Not read" not in call("fix", "toy", "--decisions", str(table)).output


def test_fix_without_a_report_asks_for_decisions(decided) -> None:
    decided[2].unlink()
    decided[2].parent.rmdir()
    done = call("fix", "toy")
    assert done.exit_code == 2
    assert "name a file with --decisions" in done.output
