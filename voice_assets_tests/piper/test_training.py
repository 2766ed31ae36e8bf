"""The epochs table of a training. The training itself is in workers/test_train.py."""

from pathlib import Path

from voice_assets.dataset.tables import EPOCHS
from voice_assets.piper.training import epoch_row, epochs_in


def test_an_epoch_is_the_mean_of_its_steps() -> None:
    steps = [{"generator": 4.0, "discriminator": 1.0, "mel": 3.0}, {"generator": 2.0, "discriminator": 3.0, "mel": 1.0}]
    row = epoch_row(5, {"training": steps, "validation": steps[:1]}, 9.5)
    assert list(row) == list(EPOCHS)
    assert row == {
        "epoch": 5,
        "loss": 3.0,
        "loss_mel": 2.0,
        "loss_disc": 2.0,
        "validation_loss": 4.0,
        "validation_mel": 3.0,
        "seconds": 9.5,
    }


def test_no_epoch_is_done_yet(tmp_path: Path) -> None:
    assert list(epochs_in(tmp_path).columns) == list(EPOCHS)
