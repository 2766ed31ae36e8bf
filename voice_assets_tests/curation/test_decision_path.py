"""The whole path of a decision: data set, Whisper report, a person's TSV, `fix`, new metadata, next report."""

import csv
from pathlib import Path

import pytest

from voice_assets.asr import categories, validation
from voice_assets.curation.apply_decisions import fix
from voice_assets.curation.decisions import kept, read_decisions, read_record
from voice_assets.curation.suspect_tables import newest_report, suspect_files
from voice_assets.dataset.clips import read_shard
from voice_assets.dataset.tables import TRANSCRIPTS, frame
from voice_assets.reports import whisper

TEXTS = (
    "'-5 градусов, снег.",
    "'+7 в кавычках.",
    "''=два апострофа.",
    "-тире в начале.",
    "=равно в начале.",
    "@собака в начале.",
    "＋широкий плюс.",
    "'просто кавычка'.",
    "Пять\u00a0тысяч ␉ рублей ␦0009.",
    'Слово "в кавычках" и \\ черта.',
)


def write_report(dataset: Path, limits, hypothesis: str) -> Path:
    """The report of a validation in which every clip is low and has the same ``hypothesis``."""
    clips = read_shard(dataset, "0-of-1", limits).clips
    rows = [
        {
            **{name: clip[name] for name in ("clip_id", "path", "audio_sha256", "duration_s")},
            **dict.fromkeys(("first_word_wrong", "last_word_wrong", "other_words", "other_numbers", "repeated"), False),
            "reference": clip["text"],
            "hypothesis": hypothesis,
            "similarity": 0.1,
            "cer": 0.9,
            "wer": 0.9,
            "hallucination": "",
            "categories": "",
            "decoding_pass": "full",
        }
        for clip in clips.to_dict("records")
    ]
    table = frame(rows, TRANSCRIPTS)
    by_category = categories.by_category(categories.with_categories(table, "ru"), 0.8)
    facts = validation.validation_facts(table["clip_id"], table, by_category, 0.8, shards=1)
    shards = [whisper.ShardResult("0-of-1", table, None, "run-1")]
    return whisper.write(dataset / "reports", "Голос", dataset, shards, 0.8, facts, by_category, None, language="ru")


def decide(report: Path, action: str, new_text: str = "") -> None:
    """Fill in the column `decision` of every row like a spreadsheet: the same cells, with other quoting and line ends."""
    file = report / "low_similarity.tsv"
    with file.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    with file.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), delimiter="\t", quoting=csv.QUOTE_ALL)
        writer.writeheader()
        writer.writerows({**row, "decision": action, "new_text": new_text} for row in rows)


def texts_of(dataset: Path) -> list[str]:
    return [line.split("|")[1] for line in (dataset / "metadata_2col.csv").read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def dataset(make_dataset) -> Path:
    folder = make_dataset(f"Фраза номер {number}." for number in range(len(TEXTS)))
    names = [path.stem for path in sorted((folder / "wavs").iterdir())]
    rows = [f"{name}|{text}\n" for name, text in zip(names, TEXTS, strict=True)]
    (folder / "metadata_2col.csv").write_text("".join(rows), encoding="utf-8")  # an importer would clean some of these texts
    return folder


def test_kept_clips_stay_kept_whatever_their_texts_begin_with(dataset: Path, limits) -> None:
    decide(write_report(dataset, limits, "Другое."), "keep")
    (file,) = [file for file in suspect_files(newest_report(dataset / "reports")) if file.name == "low_similarity.tsv"]
    version = fix(dataset, read_decisions(file), limits)
    assert texts_of(version.out) == list(TEXTS)
    assert [line["old_text"] for line in kept(read_record(version.out)).values()] == list(TEXTS)
    again = write_report(version.out, limits, "Другое.")
    with (again / "low_similarity.tsv").open(encoding="utf-8", newline="") as stream:
        assert {row["kept"] for row in csv.DictReader(stream, delimiter="\t")} == {version.out.name}


@pytest.mark.parametrize("text", ["'-5 градусов.", "-5 градусов.", "=пять градусов.", "'пять' градусов."])
def test_a_hypothesis_becomes_the_text_whatever_it_begins_with(dataset: Path, limits, text: str) -> None:
    report = write_report(dataset, limits, text)
    decide(report, "use_hypothesis")
    assert set(texts_of(fix(dataset, read_decisions(report / "low_similarity.tsv"), limits).out)) == {text}


@pytest.mark.parametrize(("cell", "text"), [("-5 градусов.", "-5 градусов."), ("''-5 градусов.", "'-5 градусов.")])
def test_a_text_typed_by_a_person_becomes_the_text(dataset: Path, limits, cell: str, text: str) -> None:
    report = write_report(dataset, limits, "Другое.")
    decide(report, "replace", cell)
    assert set(texts_of(fix(dataset, read_decisions(report / "low_similarity.tsv"), limits).out)) == {text}
