"""What `voice-assets watch` shows of a training: epochs, losses, curves, and whether the loss is level."""

import io
import math
from typing import Any

import pytest
from rich.console import Console

from voice_assets.cli.snapshot import snapshot
from voice_assets.cli.watch_training import sparkline
from voice_assets.cli.watch_view import View
from voice_assets.voices import Voice, load_voice
from voice_assets_tests.cli.progress_states import write_progress
from voice_assets_tests.datasets import write_voice


@pytest.fixture
def voice(project: Any) -> Voice:
    return load_voice(write_voice(project / "voices" / "toy.yaml", project / "data"))


def shown(voice: Voice, width: int = 160) -> str:
    out = io.StringIO()
    Console(file=out, width=width).print(View(snapshot(voice, [])))
    return out.getvalue()


def row(epoch: int, **changes: Any) -> dict[str, Any]:
    usual = {"epoch": epoch, "loss": 60.0 - epoch, "loss_mel": 0.9 - epoch / 100, "loss_disc": 2.5, "seconds": 75.0}
    return {**usual, "validation_loss": 61.0 - epoch, "validation_mel": 1.0 - epoch / 100, **changes}


def write_training(*rows: dict[str, Any], level: str = "", **changes: Any) -> None:
    figures = {"epoch": 30, "of_epochs": 500, "loss": 33.25, "validation_loss": 36.0}
    usual = {"unit": "steps", "done": 30_000, "total": 500_000, "rate_per_s": 2.5, "remaining_s": 188_000.0, "recent": ()}
    write_progress(None, "training", **{**usual, "figures": figures, "curve": rows, "level": level, **changes})


def test_epoch_rate_time_to_go_and_losses(voice: Voice) -> None:
    write_training(*(row(epoch) for epoch in range(30)), level="not level: validation_mel still falls")
    text = shown(voice, 200)
    for words in ("30,000 of 500,000 steps (6 %)", "2.5 steps/s", "52:13:20", "epoch 30 of 0 to 499, loss 33.2"):
        assert words in text
    assert "validation loss 36.0" in text
    assert "epoch 30, " not in text
    assert "Convergence: not level: validation_mel still falls" in text
    table = text.split("training: last epochs")[1]
    assert [line.split()[1] for line in table.splitlines() if line.startswith("│")] == ["25", "26", "27", "28", "29"]
    assert "│    29 │ 31.0 │       32.0 │ 0.610 │          0.710 │          2.50 │ 1:15 │" in table
    assert "epochs 0 to 29" in table
    assert "0.710 in epoch 29" in table


def test_an_epoch_that_was_not_validated_has_a_dash_and_a_gap(voice: Voice) -> None:
    write_training(row(0), row(1, validation_loss=None, validation_mel=math.nan), row(2))
    lines = shown(voice).splitlines()
    second = next(line for line in lines if line.startswith("│") and line.split()[1] == "1")
    assert second.count("–") == 2
    assert any(line.startswith("validation mel") and "█ ▁" in line for line in lines)


def test_before_the_first_epoch_there_is_no_table(voice: Voice) -> None:
    write_training()
    assert "last epochs" not in shown(voice)
    write_training(*({"epoch": "<b>", "loss": "\x1b[2J"},), level="\x1b[2J")
    assert "\x1b" not in shown(voice)


def test_nothing_is_wider_than_80_columns(voice: Voice) -> None:
    write_training(*(row(epoch) for epoch in range(60)), level="level from epoch 40 on")
    text = shown(voice, 80)
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text
    assert next(line for line in text.splitlines() if line.startswith("validation mel")).endswith(" in epoch 59")
    assert "level from epoch 40 on" in text


@pytest.mark.parametrize(
    ("values", "blocks"),
    [([], ""), ([1.0], "▁"), ([2.0, 2.0], "▁▁"), ([8.0, None, 1.0], "█ ▁"), ([0.0, 1, 2, 3, 4, 5, 6, 7], "▁▂▃▄▅▆▇█")],
)
def test_a_sparkline(values: list[float | None], blocks: str) -> None:
    assert sparkline(values) == blocks
