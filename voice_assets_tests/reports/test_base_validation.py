"""The report on base validation: its contents match the table and the verdicts, and no report is overwritten."""

import csv
import re
from pathlib import Path
from typing import Any

import pytest

from voice_assets.audio.recordings import write_wav
from voice_assets.dataset.clips import read_shard
from voice_assets.dataset.config import read_config
from voice_assets.dataset.faults import Limits
from voice_assets.reports.base_validation import SHOWN, TSV_COLUMNS, write
from voice_assets_tests.conftest import MakeDataset
from voice_assets_tests.datasets import RATE, TEXTS, burst

Report = tuple[str, list[dict[str, str]]]


def report(dataset: Path, limits: Limits, verdicts: list[dict[str, Any]] | None = None) -> Report:
    clips = read_shard(dataset, "0-of-1", limits).clips
    config = read_config(dataset, limits.sample_rate, limits.espeak_voice)
    markdown, tsv = write(dataset / "reports", "Felix", dataset, clips, config, verdicts, limits)
    with tsv.open(encoding="utf-8", newline="") as file:
        return markdown.read_text(encoding="utf-8"), list(csv.DictReader(file, delimiter="\t"))


def verdict(rule: str, **changes: Any) -> dict[str, Any]:
    return {
        "rule": rule,
        "passed": True,
        "blocks": False,
        "observed": 0,
        "limit": "<= 0",
        "message": "all well",
        "advisory": "",
        **changes,
    }


def test_sound(make_dataset: MakeDataset, limits: Limits) -> None:
    markdown, rows = report(make_dataset(), limits)
    assert markdown.startswith("# Validation of Felix: PASS\n")
    assert rows == []
    assert f"| rows in the metadata | {len(TEXTS)} |" in markdown
    assert "| rows with a fault | 0 |" in markdown
    assert "shortest 1, p5 1, median 1" in markdown
    assert f"#### {len(TEXTS)}\n" in markdown


def test_faults_and_warnings(make_dataset: MakeDataset, limits: Limits) -> None:
    dataset = make_dataset([*TEXTS, "=СУММ(1)", "Да | нет"[:2] + "ма [дома] *нет*"])
    write_wav(dataset / "wavs" / "clip-001.wav", burst(17.3), RATE)
    write_wav(dataset / "wavs" / "extra.wav", burst(0.5), RATE)
    (dataset / "wavs" / "clip-002.wav").unlink()
    (dataset / "wavs" / "clip-006.wav").write_bytes(b"")
    markdown, rows = report(dataset, limits)
    assert markdown.startswith("# Validation of Felix: FAIL\n")
    assert [(row["row"], row["level"], row["rule"]) for row in rows] == [
        ("2", "fault", "duration"),
        ("3", "fault", "wavs_present"),
        ("7", "fault", "wavs_readable"),
        ("0", "fault", "no_extra_wavs"),
        ("7", "warning", "no_digits"),  # rarer than no_signs
        ("7", "warning", "no_signs"),
        ("8", "warning", "no_signs"),
    ]
    assert list(rows[0]) == list(TSV_COLUMNS)
    assert rows[0]["finding"] == "17.300 s, over max_duration_s 15.0"
    assert rows[2]["text"] == "'=СУММ(1)"
    for expected in (
        "17.300 s, over max_duration_s 15.0",
        "| duration | 1 | row 2, clip-001 |",
        "| no_digits | 1 | row 7, clip-006 |",
    ):
        assert expected in markdown
    assert "| rows with a fault | 4 |" in markdown
    assert "| wavs that no row names | 1 |" in markdown


def test_warnings_alone_pass(make_dataset: MakeDataset, limits: Limits) -> None:
    markdown, rows = report(make_dataset(["Нажмите 1."]), limits)
    assert "PASS" in markdown.splitlines()[0]
    assert [row["level"] for row in rows] == ["warning"]


@pytest.mark.parametrize("change", [lambda config: config.unlink(), lambda config: config.write_text("{}")])
def test_a_bad_config_fails(make_dataset: MakeDataset, limits: Limits, change: Any) -> None:
    dataset = make_dataset()
    change(dataset / "config.json")
    markdown, _ = report(dataset, limits)
    assert "FAIL" in markdown.splitlines()[0]
    assert "## config.json" in markdown


@pytest.mark.parametrize(
    ("verdicts", "head"),
    [
        ([verdict("mono")], "PASS"),
        ([verdict("mono"), verdict("duration", passed=False, blocks=True)], "FAIL"),
        ([verdict("no_digits", passed=False, blocks=False)], "PASS"),
        ([{"rule": "mono", "passed": False, "observed": 1, "limit": "0"}], "FAIL"),
        ([{"rule": "mono", "passed": True, "observed": 0, "limit": "0"}], "PASS"),
        ([], "NOT JUDGED"),
    ],
)
def test_verdicts_decide(make_dataset: MakeDataset, limits: Limits, verdicts: list[dict[str, Any]], head: str) -> None:
    markdown, _ = report(make_dataset(), limits, verdicts)
    assert markdown.splitlines()[0] == f"# Validation of Felix: {head}"


def test_rules_are_listed_with_their_reasons(make_dataset: MakeDataset, limits: Limits) -> None:
    verdicts = [
        verdict("mono"),
        verdict("duration", passed=False, blocks=True, observed=2, message="2 clips | too long"),
        verdict("pcm16", passed=False, advisory="old recordings"),
    ]
    markdown, _ = report(make_dataset(), limits, verdicts)
    assert "| mono | PASS | 0 | \\<= 0 | all well |" in markdown
    assert "| duration | FAIL | 2 | \\<= 0 | 2 clips \\| too long |" in markdown
    assert "| pcm16 | WARNING | 0 | \\<= 0 | all well Advisory: old recordings. |" in markdown


def test_the_markdown_is_short_and_the_tsv_is_complete(make_dataset: MakeDataset, limits: Limits) -> None:
    dataset = make_dataset(TEXTS[:1])
    (dataset / "metadata_2col.csv").write_text(
        "".join(f"nobody-{number}|Нет файла\n" for number in range(120)), encoding="utf-8"
    )
    markdown, rows = report(dataset, limits)
    assert len(rows) == 121
    assert f"The first faults of each rule, {SHOWN} of 121" in markdown
    assert markdown.count("and no file wavs/nobody") == SHOWN  # once of them beside the count
    assert "| no_extra_wavs | 1 |" in markdown


def test_each_kind_of_fault_is_shown_and_counted(make_dataset: MakeDataset, limits: Limits) -> None:
    """Of thousands of faults of one kind and a few of another, both are in the Markdown, the counts first."""
    dataset = make_dataset(TEXTS[:1])
    nfd = [f"n{number}|И\u0306од номер{' &' * (number % 2)} и сего\u200bдня" for number in range(200)]
    silent = [f"s{number}|..." for number in range(3)]
    (dataset / "metadata_2col.csv").write_text("\n".join([*nfd, *silent]), encoding="utf-8")
    markdown, rows = report(dataset, limits)
    assert [row["rule"] for row in rows].count("same_reading") == 200
    counts, listed = markdown.split("## Rows")
    assert "| same_reading | 200 | row 1, n0 |" in counts
    assert "U+0418 in 200, U+0306 in 200, U+200B in 200" in counts
    assert "| phonemes_present | 3 | row 201, s0 |" in counts
    assert "| no_signs | 100 | row 2, n1 |" in counts
    assert listed.count("phonemes_present") == 3
    assert listed.count("same_reading") > 10


def test_text_cannot_break_the_table(make_dataset: MakeDataset, limits: Limits) -> None:
    dataset = make_dataset(TEXTS[:1])
    (dataset / "metadata_2col.csv").write_text("clip-000|<b>*жир*</b> `x` _y_ a_b | x\n", encoding="utf-8")
    markdown, _ = report(dataset, limits)
    assert "\\<b\\>\\*жир\\*\\</b\\> \\`x\\` \\_y\\_ a_b \\| x |" in markdown


def test_no_report_is_overwritten_and_each_is_later_by_name(make_dataset: MakeDataset, limits: Limits) -> None:
    dataset = make_dataset()
    reports = dataset / "reports"
    for _ in range(2):
        report(dataset, limits)
    first, second = (sorted(path.name for path in reports.glob(f"*.{kind}")) for kind in ("md", "tsv"))
    assert len(set(first)) == 2
    assert [name.removesuffix(".md") for name in first] == [name.removesuffix(".tsv") for name in second]
    (reports / "validation_20991231_235959_999.md").touch()  # written with a wrong clock, or in local time
    markdown, _ = report(dataset, limits)
    assert sorted(reports.glob("*.md"))[-1].name == "validation_21000101_000000_000.md"
    assert re.search(r"^Written 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC\.", markdown, re.MULTILINE)
    assert not list(reports.glob(".*"))
