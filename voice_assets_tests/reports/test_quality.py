import csv
import html.parser
import json
import math
import urllib.parse
from pathlib import Path

import pandas as pd
import pytest

from voice_assets.dataset import tables
from voice_assets.quality import sampling, suspects
from voice_assets.quality.summary import facts
from voice_assets.reports import quality
from voice_assets_tests.quality.stats_frames import SEGMENT_S, changed, stats_of

NASTY = '</td><script>alert("1")</script> & | `x` *y* [z](http://a.b) \x07'
RULES = [
    {"rule": "text_length_p95", "passed": True, "observed": 96.0, "limit": "< 300", "message": "fine", "blocks": False},
    {"rule": "no_duplicate_audio", "passed": False, "observed": 2, "limit": "in {0}", "message": "two", "blocks": False},
]


class Page(html.parser.HTMLParser):
    """The tags of a page with their attributes, and its texts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.texts.append(data)


def nasty_stats() -> pd.DataFrame:
    stats = changed(stats_of(60), 7, clip_id="a b#c?<i>%41", path="wavs/a b#c?<i>%41.wav", text=NASTY, rms_db=-45.0)
    return changed(stats, 8, text="=1+1", rms_db=-50.0)


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    folder = tmp_path / "данные <1>"
    (folder / "wavs").mkdir(parents=True)
    for path in nasty_stats()["path"]:
        (folder / path).write_bytes(b"RIFF")
    return folder


def write(dataset: Path, stats: pd.DataFrame | None = None, verdicts=None) -> Path:
    stats = nasty_stats() if stats is None else stats
    found = suspects.rank(stats, 100, SEGMENT_S)
    drawn = sampling.sample(stats, 12, 1)
    return quality.write(dataset / "reports", "Voice <b>", stats, facts(stats, 60, SEGMENT_S), found, drawn, dataset, verdicts)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def test_the_folder_has_every_file_and_nothing_else_is_left(dataset):
    folder = write(dataset)
    names = {"quality_report.md", "quality_report.html", "samples.tsv", "suspects.tsv", "stats.json"}
    assert {one.name for one in folder.iterdir()} == names
    assert [one.name for one in (dataset / "reports").iterdir()] == [folder.name]
    assert folder.name.startswith("quality_2")


def test_reports_are_never_overwritten(dataset):
    assert len({write(dataset) for _ in range(3)}) == 3


def test_every_player_reaches_its_clip_from_disk(dataset):
    folder = write(dataset)
    page = Page((folder / "quality_report.html").read_text(encoding="utf-8"))
    sources = [attributes for tag, attributes in page.tags if tag == "audio"]
    assert len(sources) == 2 + 12
    for attributes in sources:
        assert attributes["preload"] == "none"
        url = urllib.parse.urlsplit(str(attributes["src"]))
        assert (url.scheme, url.netloc, url.query, url.fragment) == ("", "", "", "")
        clip = (folder / urllib.parse.unquote(url.path)).resolve()
        assert clip.is_file()
        assert clip.parent == (dataset / "wavs").resolve()


def test_the_page_loads_nothing_and_runs_nothing(dataset):
    page = Page((write(dataset, verdicts=RULES) / "quality_report.html").read_text(encoding="utf-8"))
    assert not {tag for tag, _ in page.tags} & {"script", "link", "img", "iframe", "i", "b"}
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    assert not [attributes for tag, attributes in page.tags if tag != "audio" and {"src", "href"} & set(attributes)]


def test_texts_are_shown_as_written(dataset):
    page = Page((write(dataset) / "quality_report.html").read_text(encoding="utf-8"))
    assert NASTY in page.texts
    assert "Quality: Voice <b>" in page.texts
    assert sum(tag == "svg" for tag, _ in page.tags) == 7


def test_markdown_texts_cannot_break_the_table(dataset):
    report = (write(dataset, verdicts=RULES) / "quality_report.md").read_text(encoding="utf-8")
    line = next(line for line in report.splitlines() if "script" in line)
    assert line.count("|") - line.count("\\|") == 5
    assert report.startswith("# Quality of the data set: Voice \\<b\\>\n")
    assert "<script" not in line.replace("\\<", "")
    assert "| text_length_p95 | PASS | 96 | \\< 300 | fine |" in report
    assert "| no_duplicate_audio | WARNING |" in report


def test_only_a_true_verdict_is_written_as_pass(dataset):
    folder = write(dataset, verdicts=[{**RULES[0], "passed": "yes", "blocks": True}])
    assert "| text_length_p95 | FAIL |" in (folder / "quality_report.md").read_text(encoding="utf-8")
    assert "PASS" not in Page((folder / "quality_report.html").read_text(encoding="utf-8")).texts


def test_a_warning_is_no_failure_in_any_file(dataset):
    folder = write(dataset, verdicts=RULES)
    words = Page((folder / "quality_report.html").read_text(encoding="utf-8")).texts
    assert (words.count("PASS"), words.count("WARNING"), words.count("FAIL")) == (2, 1, 0)
    assert "FAIL" not in (folder / "quality_report.md").read_text(encoding="utf-8")


def test_the_text_histogram_counts_every_clip(dataset):
    report = (write(dataset) / "quality_report.md").read_text(encoding="utf-8")
    block = report.split("## Duration (s)")[1].split("```")[1].splitlines()[1:]
    assert sum(int(line.split()[3]) for line in block) == 60
    assert max(line.count("█") for line in block) == 40


def test_the_verdicts_on_samples_are_empty(dataset):
    found = rows(write(dataset) / "samples.tsv")
    assert len(found) == 12
    assert {row["verdict"] + row["comment"] for row in found} == {""}
    assert all((dataset / row["path"]).is_file() for row in found)


def test_suspects_have_reasons_and_no_formula(dataset):
    found = {row["clip_id"]: row for row in rows(write(dataset) / "suspects.tsv")}
    assert set(found) == {"a b#c?<i>%41", "clip_0008"}
    assert "much quieter than the rest" in found["clip_0008"]["reasons"]
    assert found["clip_0008"]["text"] == "'=1+1"


def test_stats_json_has_the_facts_and_no_nan(dataset):
    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    content = json.loads((write(dataset, verdicts=RULES) / "stats.json").read_text(encoding="utf-8"), parse_constant=refuse)
    assert content["facts"] == facts(nasty_stats(), 60, SEGMENT_S)
    assert content["rules"] == RULES
    assert sum(one["count"] for one in content["histograms"]["duration_s"]) == 60


@pytest.mark.parametrize(
    ("verdicts", "word", "passed"),
    [
        (None, "NOT JUDGED", None),
        ([], "NOT JUDGED", None),
        (RULES, "PASS", True),
        ([{**RULES[1], "blocks": True}], "FAIL", False),
        ([{**RULES[0], "passed": "yes", "blocks": True}], "FAIL", False),
    ],
)
def test_the_verdict_is_the_same_in_every_file(dataset, verdicts, word, passed):
    folder = write(dataset, verdicts=verdicts)
    assert f"**{word}**" in (folder / "quality_report.md").read_text(encoding="utf-8")
    assert json.loads((folder / "stats.json").read_text(encoding="utf-8"))["passed"] is passed
    assert word in Page((folder / "quality_report.html").read_text(encoding="utf-8")).texts


def test_a_failed_report_leaves_nothing(dataset):
    stats = nasty_stats()
    figures = facts(stats, 60, SEGMENT_S) | {"hours": math.nan}
    with pytest.raises(ValueError, match="nan"):
        quality.write(dataset / "reports", "V", stats, figures, suspects.rank(stats, 9, SEGMENT_S), stats.head(3), dataset)
    assert list((dataset / "reports").iterdir()) == []


def test_one_clip_and_no_suspect_still_make_a_report(dataset):
    stats = stats_of(1)
    folder = quality.write(
        dataset / "reports",
        "V",
        stats,
        facts(stats, 1, SEGMENT_S),
        suspects.rank(stats, 9, SEGMENT_S),
        stats.head(0),
        dataset,
        None,
    )
    assert rows(folder / "suspects.tsv") == rows(folder / "samples.tsv") == []
    assert "None." in Page((folder / "quality_report.html").read_text(encoding="utf-8")).texts


def test_one_extreme_value_does_not_make_thousands_of_bars(dataset):
    stats = changed(stats_of(60), 3, duration_s=5000.0)
    content = json.loads(quality.stats_json("V", stats, facts(stats, 60, SEGMENT_S), None, "now"))
    assert len(content["histograms"]["duration_s"]) <= 81
    assert sum(one["count"] for one in content["histograms"]["duration_s"]) == 60


def test_every_column_of_the_files_exists():
    assert set(suspects.COLUMNS) - {"suspicion", "reasons"} <= set(tables.CLIP_STATS)
    assert set(quality.SAMPLE_COLUMNS) - {"verdict", "comment"} <= set(tables.CLIP_STATS)
