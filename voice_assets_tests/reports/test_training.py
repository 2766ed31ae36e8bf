"""The report on a training."""

import math
from pathlib import Path

import pandas as pd
import pytest

from voice_assets.dataset.tables import EPOCHS, frame
from voice_assets.reports import training

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
    assert f"**{word}**" in training.markdown("Felix", curve(4, 2), verdicts, 3, MADE, drawn=True)


def test_the_contents_of_the_report() -> None:
    text = training.markdown("Felix <b>", curve(4, 2), [FAILED], 3, MADE, drawn=True)
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
