"""The report on the loss of every clip."""

import html.parser
import math
from pathlib import Path

import pandas as pd
import pytest

from voice_assets.curation.decisions import read_decisions
from voice_assets.dataset.tables import CLIP_LOSSES
from voice_assets.quality.training_suspects import rank
from voice_assets.reports import clip_losses
from voice_assets.runtime.tsv import read_table
from voice_assets_tests.quality.loss_frames import changed, losses_of

NASTY = '</td><script>alert("1")</script> & | `x`'


@pytest.fixture
def losses() -> pd.DataFrame:
    nothing = {"kl": math.nan, "duration": math.nan, "longest_s": math.nan}
    table = changed(losses_of(80), 7, clip_id="a <b>", path="wavs/a b#c.wav", text=NASTY, mel=9.0)
    return changed(table, 8, frames=20, phoneme_ids=50, **nothing)


@pytest.fixture
def report(losses: pd.DataFrame, tmp_path: Path) -> Path:
    return clip_losses.write(tmp_path / "reports", "Voice <b>", "v0-e0002", losses, rank(losses, 50), tmp_path)


def test_the_files_of_the_report(report: Path, losses: pd.DataFrame) -> None:
    assert sorted(path.name for path in report.iterdir()) == [clip_losses.PAGE, clip_losses.EVERY, clip_losses.SUSPECTS]
    assert report.name.startswith("clip_losses_")
    rows = [row for _, row in read_table(report / clip_losses.EVERY, list(CLIP_LOSSES))]
    assert [row["clip_id"] for row in rows] == losses["clip_id"].tolist()
    assert rows[8]["kl"] == ""


def test_a_person_fills_in_the_suspects_and_fix_reads_the_decisions(report: Path) -> None:
    file = report / clip_losses.SUSPECTS
    assert read_decisions(file) == []
    header, *lines = file.read_text(encoding="utf-8").splitlines()
    place = header.split("\t").index("decision")
    cells = lines[1].split("\t")
    cells[place] = "drop"
    lines[1] = "\t".join(cells)
    file.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    (decision,) = read_decisions(file)
    assert (decision.clip_id, decision.action, decision.reference) == ("a <b>", "drop", NASTY)
    assert decision.audio_sha256 == f"{7:064d}"


def test_the_page_shows_the_suspects_with_players_and_runs_no_script(report: Path) -> None:
    text = (report / clip_losses.PAGE).read_text(encoding="utf-8")
    tags: list[tuple[str, dict]] = []
    parser = html.parser.HTMLParser()
    parser.handle_starttag = lambda tag, attrs: tags.append((tag, dict(attrs)))  # type: ignore[method-assign]
    parser.feed(text)
    assert [name for name, _ in tags if name == "script"] == []
    assert "../../wavs/a%20b%23c.wav" in [attributes["src"] for name, attributes in tags if name == "audio"]
    assert sum(name == "svg" for name, _ in tags) == len(clip_losses.HISTOGRAMS)
    assert "20 frames for 50 phoneme ids" in text
    assert "mel loss 9.00, clips of its length have" in text
    assert ">nan<" not in text.lower()


def test_a_report_is_never_overwritten(report: Path, losses: pd.DataFrame, tmp_path: Path) -> None:
    second = clip_losses.write(tmp_path / "reports", "Voice", "v0-e0003", losses, rank(losses, 0), tmp_path)
    assert second.parent == report.parent
    assert second.name > report.name
    assert "None." in (second / clip_losses.PAGE).read_text(encoding="utf-8")


def test_an_error_leaves_no_folder(losses: pd.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        clip_losses.write(tmp_path / "reports", "V", "v0-e0000", losses, rank(losses, 5).drop(columns="mel"), tmp_path)
    assert list((tmp_path / "reports").iterdir()) == []
