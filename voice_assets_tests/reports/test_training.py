"""The report on a training."""

import math
from pathlib import Path

import pandas as pd
import pytest

from voice_assets.dataset.tables import EPOCHS, frame
from voice_assets.piper.convergence import gap, level
from voice_assets.piper.forecast import Costs
from voice_assets.reports import training
from voice_assets.reports.training import Details, ranges
from voice_assets_tests.piper.simulated_curves import converging, simulated
from voice_assets_tests.reports.test_training_pictures import steps

pytestmark = pytest.mark.slow

PASSED = {"rule": "loss_falls", "passed": True, "blocks": False, "observed": 2.0, "limit": "> 0", "message": "", "advisory": ""}
MADE = "2026-11-22 10:15:00 UTC"
FAILED = {**PASSED, "rule": "nothing_nan", "passed": False, "blocks": True, "observed": 1, "limit": "in {0}"}


def curve(*losses: float) -> pd.DataFrame:
    return frame([{**dict.fromkeys(EPOCHS, 1.5), "epoch": epoch, "loss": loss} for epoch, loss in enumerate(losses)], EPOCHS)


def test_a_report_is_a_new_folder_with_all_its_files(tmp_path: Path) -> None:
    first = training.write(tmp_path, "Felix", curve(4, 2), [PASSED], 3)
    second = training.write(tmp_path, "Felix", curve(4, 2), [PASSED], 3)
    assert first != second
    assert {path.name for path in first.iterdir()} == {
        "training_report.md",
        "training_report.html",
        "loss_curve.png",
        "epochs.tsv",
    }
    assert (first / "loss_curve.png").read_bytes().startswith(b"\x89PNG")
    assert first.name.startswith("training_2")
    assert not list(tmp_path.glob(".*"))
    assert len(pd.read_csv(first / "epochs.tsv", sep="\t")) == 2


@pytest.mark.parametrize(("verdicts", "word"), [([PASSED], "PASS"), ([PASSED, FAILED], "FAIL"), (None, "NOT JUDGED")])
def test_the_verdict(verdicts: list | None, word: str) -> None:
    assert f"**{word}**" in training.markdown("Felix", curve(4, 2), verdicts, 3, MADE)


def test_the_contents_of_the_report() -> None:
    text = training.markdown("Felix <b>", curve(4, 2), [FAILED], 3, MADE)
    assert text.startswith("# Training: Felix \\<b\\>\n")
    assert "Training 3: 2 epochs in 0.1 minutes; loss 4.00 to 2.00" in text
    assert f"Written {MADE}." in text
    assert "| nothing_nan | FAIL | 1 | in {0} |" in text
    page = training.page("Felix <b>", curve(4, 2), [FAILED], 3, MADE)
    assert "Felix &lt;b&gt;" in page
    assert page.count("<polyline") == 5  # loss and mel on both sides of the split, the discriminator on one


@pytest.mark.parametrize("table", [curve(), curve(math.nan)])
def test_a_report_without_epochs_or_finite_values(table: pd.DataFrame, tmp_path: Path) -> None:
    table[["validation_loss", "loss_mel", "validation_mel", "loss_disc"]] = math.nan
    folder = training.write(tmp_path, "Felix", table, [FAILED], 0)
    assert not (folder / "loss_curve.png").exists()
    assert "loss_curve" not in (folder / "training_report.md").read_text()


COSTS = Costs(500, 1000, 100.0, 60.0, None, 850_000_000, 15, 20_000_000_000)


def whole(**changes: object) -> tuple[pd.DataFrame, Details]:
    """A level training of 300 epochs, and what its report has besides the losses."""
    table = simulated(converging, 300, 0.005, 1)
    kept, removed = [49, 99, 298, 299], [epoch for epoch in range(298) if epoch not in (49, 99)]
    values = {"level": level(table, 20), "gap": gap(table, 20), "kept": kept, "removed": removed, "foretold": COSTS}
    return table, Details(**{**values, "steps": steps(300), **changes})


def test_the_report_on_a_whole_training(tmp_path: Path) -> None:
    table, details = whole()
    folder = training.write(tmp_path, "Felix", table, [PASSED], 3, details)
    assert (folder / "step_curves.png").read_bytes().startswith(b"\x89PNG")
    text = (folder / "training_report.md").read_text(encoding="utf-8")
    for words in (
        "![Losses of the steps](step_curves.png)",
        "- validation_mel is level: in epochs 2",
        "the limit is ±1.00 %: the loss is level.",
        "Gap between training and validation: median over 20 validated epochs, 280 to 299",
        "Checkpoints that are there: epochs 49, 99, 298 and 299.",
        "removed to save space: epochs 0 to 48, 50 to 98, 100 to 297.",
        "| Time to 100 epochs | 2.8 h |",
        "of 300 epochs; epochs.tsv has them all.",
    ):
        assert words in text
    assert text.count("| 299 |") == 1
    assert 60 <= text.split("## Epochs")[1].count("\n|") <= 64
    page = (folder / "training_report.html").read_text(encoding="utf-8")
    assert page.count("<title>level from epoch ") == 2
    assert "loss, log scale" in page
    assert '<img src="step_curves.png"' in page
    assert len(pd.read_csv(folder / "epochs.tsv", sep="\t")) == 300


def test_the_forecast_against_what_happened() -> None:
    table, details = whole(measured=Costs(300, 1000, 150.0, 60.0, None, 850_000_000, 4, 20_000_000_000))
    text = training.markdown("Felix", table, None, 3, MADE, details=details)
    assert "| Cost | Forecast | Measured | Measured / forecast |" in text
    assert "| One epoch | 100.0 s | 2.5 min | 1.50 |" in text
    assert "| Peak memory of one process | not known | not known |  |" in text
    assert "Costs" in training.page("Felix", table, None, 3, MADE, details)


def test_epochs_without_a_validation_have_a_dash() -> None:
    table = curve(4, 2)
    table.loc[0, ["validation_loss", "validation_mel"]] = math.nan
    text = training.markdown("Felix", table, None, 3, MADE)
    assert "| 0 | 4.0000 | – | 1.5000 | – |" in text
    assert "nan" not in text
    table[["validation_loss", "validation_mel"]] = math.nan
    assert "no epoch was validated" in training.markdown("Felix", table, None, 3, MADE)


@pytest.mark.parametrize(
    ("numbers", "words"),
    [([], "none"), ([3], "3"), ([4, 3], "3 and 4"), ([0, 1, 2, 49, 99, 100], "0 to 2, 49, 99 and 100")],
)
def test_numbers_as_ranges(numbers: list[int], words: str) -> None:
    assert ranges(numbers) == words
