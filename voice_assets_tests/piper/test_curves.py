"""Facts of a loss curve."""

import math

import pytest

from voice_assets.dataset.tables import EPOCHS, frame
from voice_assets.piper.curves import loss_facts


def curve(*losses: float, epochs: list[int] | None = None, **columns: float):
    rows = [
        {**dict.fromkeys(EPOCHS, 1.0), "epoch": epoch, "loss": loss, **columns}
        for epoch, loss in zip(epochs or range(len(losses)), losses, strict=True)
    ]
    return frame(rows, EPOCHS)


@pytest.mark.parametrize(
    ("losses", "epochs", "planned", "done", "drop"),
    [
        ((3.0, 2.0), None, 2, 2, 1.0),
        ((2.0, 2.0), None, 2, 2, 0.0),
        ((2.0, 3.0), None, 2, 2, -1.0),
        ((3.0, 2.0, 1.0), None, 2, 2, 1.0),
        ((3.0,), None, 2, 1, math.nan),
        ((), None, 2, 0, math.nan),
        ((3.0, 2.0), [0, 2], 3, 2, math.nan),
        ((3.0, 2.5), [0, 0], 2, 1, math.nan),
    ],
)
def test_loss_facts(losses, epochs, planned, done, drop) -> None:
    facts = loss_facts(curve(*losses, epochs=epochs), planned)
    assert (facts["epochs_planned"], facts["epochs_done"], facts["not_finite"]) == (planned, done, 0)
    assert facts["loss_drop_0_1"] == pytest.approx(drop, nan_ok=True)


@pytest.mark.parametrize("column", ["loss", "loss_mel", "loss_disc", "validation_loss", "validation_mel"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_every_loss_that_is_not_finite_counts(column: str, value: float) -> None:
    assert loss_facts(curve(2.0, 1.0, **{column: value}), 2)["not_finite"] == 2


def test_a_nan_loss_is_no_drop() -> None:
    assert math.isnan(loss_facts(curve(math.nan, 1.0), 2)["loss_drop_0_1"])


def test_an_epoch_without_validation_is_not_a_loss_that_is_not_finite() -> None:
    losses = dict.fromkeys((name for name in EPOCHS if name.startswith("validation_")), math.nan)
    assert loss_facts(curve(2.0, 1.0, validated=False, **losses), 2)["not_finite"] == 0
    assert loss_facts(curve(2.0, 1.0, **losses), 2)["not_finite"] == 2 * len(losses)
