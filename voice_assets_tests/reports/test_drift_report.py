"""The drift report: what it says, and that nothing from a data set can be markup in it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from voice_assets.asr.drift import CHANGES, compare
from voice_assets.dataset.tables import KEPT, TRANSCRIPTS, frame
from voice_assets.reports import drift
from voice_assets.reports.drift_layout import FIRST, MOST_NAMES, SAME, SECTIONS, Contents, Validation, section_clips
from voice_assets.reports.drift_page import MOST_PLAYERS
from voice_assets.reports.trend import Past
from voice_assets.runtime.tsv import read_table

NASTY = "<b>кле|й</b> [ссылка](http://x)"
RULES = [{"rule": "low_similarity", "passed": False, "blocks": True, "observed": 0.3, "limit": "< 0.02", "message": "m"}]


def validation(clips: Mapping[str, float], **changes: object) -> pd.DataFrame:
    """TRANSCRIPTS and KEPT of clips by similarity; ``changes`` are the same for every clip."""
    flags = dict.fromkeys(("first_word_wrong", "last_word_wrong", "other_words", "other_numbers", "repeated"), False)
    usual = {"reference": "Набранный номер", "hypothesis": "Набранный пароль", "audio_sha256": "00", "duration_s": 2.0}
    other = {"hallucination": "", "categories": "", "decoding_pass": "fast", "kept": "", "kept_by": ""}
    rows = [
        {
            **flags,
            **usual,
            **other,
            "clip_id": name,
            "path": f"wavs/{name[:4]}.wav",
            "similarity": value,
            "cer": 1 - value,
            "wer": 0.0,
        }
        | changes
        for name, value in clips.items()
    ]
    return frame(rows, {**TRANSCRIPTS, **KEPT})


def contents(tmp_path: Path, before: pd.DataFrame | None, now: pd.DataFrame, **changes: object) -> Contents:
    old = Validation("2026-01-01 10:00:00 UTC", "aaaaaaaa-1", "validation_whisper_sharded_1")
    made = Contents(
        title=f"Голос {NASTY}",
        dataset=tmp_path / "data",
        place="s3://voices/data",
        language="ru",
        drift=compare(before, now, 0.8, 0.8),
        before=old if before is not None else None,
        now=replace(old, run_id="bbbbbbbb-2"),
        verdicts=RULES,
        differences=[{"kind": "settings", "what": "whisper_shard: model", "before": "base", "now": NASTY}],
        affected=[(f"toy/voice_package[v0-e{epoch:04d}]", (f"reason {NASTY}",)) for epoch in range(3)],
        past=[Past(1e9, 0.95, 0.01, 100), Past(2e9, 0.8, 0.3, 100)],
    )
    return replace(made, **changes)


BEFORE = {"good": 0.9, "same": 0.9, "poor": 0.5, "gone": 0.9}
NOW = {"good": 0.2, "same": 0.9, "poor": 0.9, f"new {NASTY}": 0.95}


def texts(folder: Path) -> tuple[str, str]:
    """The page and the Markdown."""
    page, markdown = ((folder / f"drift_report.{end}").read_text(encoding="utf-8") for end in ("html", "md"))
    return page, markdown


def test_the_report_has_its_files_and_names_the_clips(tmp_path: Path) -> None:
    folder = drift.write(tmp_path / "reports", contents(tmp_path, validation(BEFORE), validation(NOW)))
    assert folder.name.startswith("drift_")
    assert {file.name for file in folder.iterdir()} == {"drift_report.md", "drift_report.html", "clips.tsv", "drift.json"}
    rows = {row["clip_id"]: row for _, row in read_table(folder / "clips.tsv", ("clip_id", "changes"))}
    assert {name: row["changes"] for name, row in rows.items()} == {
        "good": "newly_low worse", "poor": "fixed better", "gone": "removed", f"new {NASTY}": "added",
    }  # fmt: skip
    assert (rows["good"]["similarity_before"], rows["good"]["similarity"], rows["good"]["difference"]) == ("0.9", "0.2", "-0.7")
    assert rows["good"]["diff"] == "набранный [-номер-] {+пароль+}"
    assert (rows["gone"]["similarity"], rows["gone"]["diff"]) == ("", "")
    found = json.loads((folder / "drift.json").read_text(encoding="utf-8"))
    assert (found["verdict"], found["before"]["run_id"], found["now"]["run_id"]) == ("FAIL", "aaaaaaaa-1", "bbbbbbbb-2")
    assert (found["counts"]["newly_low"], found["figures"]["before"]["low"], found["figures"]["now"]["low"]) == (1, 1, 1)
    assert len(found["affected"]) == 3


def test_the_page_has_players_diffs_and_pictures(tmp_path: Path) -> None:
    page, markdown = texts(drift.write(tmp_path / "reports", contents(tmp_path, validation(BEFORE), validation(NOW))))
    assert page.count("<audio") == 3  # none for the clip that is gone
    assert '<del title="only in the reference">номер</del> <ins title="only in the hypothesis">пароль</ins>' in page
    assert page.count("<svg") == 4
    assert page.count("<circle") == 2 * 2 + 1  # the points of two lines, a ring around the newly low clip
    for text in ("Newly low: 1", "Fixed: 1", "Worse: 0", "1 of all 1 are in a section above"):
        assert text in page
    for text in (
        "| Mean similarity | 0.8000 | 0.7375 | -0.0625 |",
        "run aaaaaaaa",
        "| settings | whisper_shard: model | base |",
    ):
        assert text in markdown


def test_nothing_from_outside_is_markup(tmp_path: Path) -> None:
    nasty = {"reference": NASTY, "hypothesis": f"{NASTY} другой", "kept": "x-v2", "kept_by": NASTY}
    given = contents(tmp_path, validation({"a": 0.9, "b": 0.9}), validation({"a": 0.2, "b": 0.95, NASTY: 0.1}, **nasty))
    page, markdown = texts(drift.write(tmp_path / "reports", given))
    assert "<b>" not in page
    assert "heard and kept in x-v2 by &lt;b&gt;" in page
    assert "<b>" not in markdown.replace("\\<b\\>", "")
    assert "](http" not in markdown.replace("\\]", "")


def test_a_first_validation_says_that_there_is_nothing_to_compare(tmp_path: Path) -> None:
    given = contents(tmp_path, None, validation(NOW), differences=[], affected=[], past=[Past(1e9, 0.9, 0.1, 4)])
    page, markdown = texts(drift.write(tmp_path / "reports", given))
    assert FIRST in page
    assert FIRST in markdown
    assert "<audio" not in page
    assert "| Clips | – | 4 | – |" in markdown
    assert "Nothing speaks against what was made before." in page


def test_two_validations_of_the_same_say_so(tmp_path: Path) -> None:
    same = validation(BEFORE)
    page, markdown = texts(drift.write(tmp_path / "reports", contents(tmp_path, same, same, differences=[])))
    assert SAME in page
    assert SAME in markdown


def test_many_affected_results_are_one_row(tmp_path: Path) -> None:
    names = [f"toy/checkpoint[v0-e{epoch:04d}]" for epoch in range(MOST_NAMES + 5)]
    given = contents(tmp_path, validation(BEFORE), validation(NOW), affected=[(name, ("it failed",)) for name in names])
    page, _ = texts(drift.write(tmp_path / "reports", given))
    assert names[MOST_NAMES - 1] in page
    assert names[MOST_NAMES] not in page
    assert "and 5 more" in page
    assert page.count("it failed") == 1


def test_a_page_with_many_clips_says_how_many_it_shows(tmp_path: Path) -> None:
    clips = [f"c{number:03d}" for number in range(MOST_PLAYERS + 1)]
    sides = (validation(dict.fromkeys(clips, similarity)) for similarity in (0.9, 0.1))
    page, _ = texts(drift.write(tmp_path / "reports", contents(tmp_path, *sides)))
    assert page.count("<audio") == MOST_PLAYERS
    assert f"Newly low: {MOST_PLAYERS + 1}" in page
    assert f"The first {MOST_PLAYERS} are shown." in page


@pytest.mark.parametrize("sides", [(BEFORE, NOW), (NOW, BEFORE), (BEFORE, BEFORE), ({}, NOW), (NOW, {})])
def test_each_changed_clip_is_in_one_section(tmp_path: Path, sides: Sequence[Mapping[str, float]]) -> None:
    found = compare(*map(validation, sides), 0.8, 0.8)
    assert set(SECTIONS) == set(CHANGES)
    shown = [clip for change in SECTIONS for clip in section_clips(found, change)["clip_id"]]
    assert sorted(shown) == sorted(found.clips["clip_id"])
    drift.write(tmp_path / "reports", contents(tmp_path, *map(validation, sides)))
