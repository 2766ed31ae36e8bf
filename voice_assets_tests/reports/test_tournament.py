"""The report on a tournament: complete by itself, with everything that was ranked, and nothing that the texts smuggle in."""

import dataclasses
import math
import re
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pytest

from voice_assets.reports import tournament, tournament_plots
from voice_assets.reports.tournament_layout import Contents
from voice_assets.reports.tournament_plots import Bar, Curve
from voice_assets.runtime.tsv import read_table
from voice_assets.tournament.candidates import TournamentError
from voice_assets.tournament.ranking import rank
from voice_assets_tests.tournament.made import TEXTS, candidate, vote
from voice_assets_tests.tournament.spoken import field_of

EVIL = "<script>alert(1)</script> | `x` [a](javascript:1)"
CURVE = pd.DataFrame(
    {
        "epoch": range(30),
        "loss_mel": np.linspace(1, 0.3, 30),
        "validation_loss": 40.0,
        "validation_mel": [*np.linspace(1, 0.4, 29), math.nan],
    }
)


@pytest.fixture
def contents(tmp_path: Path) -> Contents:
    texts = [EVIL, *TEXTS[1:]]
    made, folders = field_of(
        tmp_path / "audio",
        [
            candidate(10, texts=texts, mos=[3.5, 3.1, 3.4, 3.8, 3.2, 3.5]),
            candidate(20, texts=texts, mos=[3.6, 3.2, 3.4, 3.9, 3.2, 3.4]),
            candidate(25, texts=texts, mos=2.0, failed=["natural: mean mos 2.0; needed 3.0"]),
        ],
    )
    said = [vote(made[0], made[1], by=f"{EVIL} {number}", text=TEXTS[1]) for number in range(2)]
    return Contents("toy", "Toy <b>", "en", made, rank(made, said, 200, 1), folders, {"v0": CURVE, "v1": CURVE})


def test_the_folder_is_complete_by_itself(contents: Contents, tmp_path: Path) -> None:
    folder = tournament.write(tmp_path / "reports", contents)
    assert re.fullmatch(r"best_epoch_\d{8}_\d{6}_\d{3}", folder.name)
    page = (folder / "best_epoch.html").read_text(encoding="utf-8")
    players = re.findall(r'<audio [^>]*src="([^"]+)"', page)
    assert len(players) == len(set(players)) == 3 * len(TEXTS)
    assert all((folder / unquote(player)).read_bytes()[:4] == b"RIFF" for player in players)
    assert "http" not in page  # nothing is loaded from anywhere
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "<b>" not in page
    ranking = [row for _, row in read_table(folder / "ranking.tsv", ["rank", "epoch_key", "score", "reasons"])]
    assert [row["epoch_key"] for row in ranking] == ["v0-e0010", "v0-e0020", "v0-e0025"]
    assert len(read_table(folder / "samples.tsv", ["epoch_key", "text", "cer"])) == 3 * len(TEXTS)
    assert len(read_table(folder / "pairs.tsv", ["first", "second", "words"])) == 3
    (_, said), _ = read_table(folder / "votes.tsv", ["by", "first_sha256"])
    assert said["by"] == f"{EVIL} 0"


def test_both_forms_say_the_result(contents: Contents, tmp_path: Path) -> None:
    folder = tournament.write(tmp_path / "reports", contents)
    page = (folder / "best_epoch.html").read_text(encoding="utf-8")
    text = (folder / "best_epoch.md").read_text(encoding="utf-8")
    for form in (page, text):
        assert contents.ranking.headline in form
        assert "v0-e0010 and v0-e0020 cannot be told apart (difference " in form
        assert "in the blind comparison 2 : 0 for v0-e0010, too few to tell them apart" in form
        assert "the votes put it before v0-e0020, whose score is higher" in form
        assert "failed natural: mean mos 2.0" in form
        assert "recordings" in form
    assert page.count("loss, training v0") == 2  # no candidate is of training v1
    assert page.count("<svg") == 4
    assert "](javascript:1)" not in text.replace(r"\]", "")
    assert "voice-assets review toy --blind" in page


def test_one_candidate_alone(contents: Contents, tmp_path: Path) -> None:
    alone = dataclasses.replace(
        contents, candidates=contents.candidates[:1], ranking=rank(contents.candidates[:1], [], 200, 1), curves={}
    )
    page = (tournament.write(tmp_path / "reports", alone) / "best_epoch.html").read_text(encoding="utf-8")
    assert "v0-e0010 is the only candidate" in page
    assert "--blind" not in page
    assert page.count("<svg") == 1


def test_audio_that_was_changed_leaves_no_report(contents: Contents, tmp_path: Path) -> None:
    (contents.folders["v0-e0020"] / "sample_03.wav").write_bytes(b"other")
    with pytest.raises(TournamentError, match=r"sample_03\.wav: its SHA-256 is .*make voice_samples\[v0-e0020\] again"):
        tournament.write(tmp_path / "reports", contents)
    assert list((tmp_path / "reports").iterdir()) == []
    (contents.folders["v0-e0020"] / "sample_03.wav").unlink()
    with pytest.raises(TournamentError, match=r"sample_03\.wav: cannot be copied: No such file"):
        tournament.write(tmp_path / "reports", contents)


def test_the_bands_are_where_the_numbers_are() -> None:
    drawing = str(tournament_plots.intervals([Bar("<a>", 0.5, 0.4, 0.7, True), Bar("b", 0.2, 0.2, 0.2, False)], "score"))
    assert "<title>&lt;a&gt;: 0.500, 95 % CI 0.400 to 0.700</title>" in drawing
    (x, width), (_, least) = [
        (float(x), float(w)) for x, w in re.findall(r'<rect x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', drawing)
    ]
    high, low = (float(x) for x in re.findall(r'<circle cx="([\d.]+)"', drawing))
    per_unit = (high - low) / 0.3
    assert (x, width) == (pytest.approx(high - 0.1 * per_unit, abs=0.2), pytest.approx(0.3 * per_unit, abs=0.2))
    assert least == 1.0  # an interval without width is seen


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_value_that_is_not_finite_is_no_drawing(bad: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        tournament_plots.intervals([Bar("a", 0.5, bad, 0.6, False)], "score")
    with pytest.raises(ValueError, match="finite"):
        tournament_plots.curves([Curve("a", [(0, bad)])], [], "loss")
    with pytest.raises(ValueError, match="finite"):
        tournament_plots.curves([], [], "loss")


def test_names_of_close_candidates_are_on_two_levels() -> None:
    drawing = str(
        tournament_plots.curves([Curve("a", [(0, 1.0), (100, 0.5)])], [(50, "e50", False), (51, "e51", True)], "loss")
    )
    levels = re.findall(r'<text x="[\d.]+" y="([\d.]+)" text-anchor="middle" style="[^"]+">e5[01]<', drawing)
    assert len(set(levels)) == 2
