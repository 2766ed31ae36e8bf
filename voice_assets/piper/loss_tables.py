"""The losses of a training on disk: ``epochs.parquet`` (``EPOCHS``) and ``steps.parquet`` (``STEPS``) of its version.

Both are written whole at the end of each epoch, so that a killed process leaves the tables of the epoch before. An epoch that
is trained again replaces its rows. Not here: facts and rules about the losses (``piper.curves``).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from voice_assets.dataset.tables import EPOCHS, STEPS, Column, frame
from voice_assets.runtime import files

_TERMS = ("mel", "kl", "dur")
_STEP_TERMS = (*_TERMS, "fm", "gen", "disc")


def epochs_in(folder: Path) -> pd.DataFrame:
    """The ``EPOCHS`` table of a training; empty when no epoch is done."""
    return _read(folder / "epochs.parquet", EPOCHS)


def steps_in(folder: Path) -> pd.DataFrame:
    """The ``STEPS`` table of a training; empty when no epoch is done."""
    return _read(folder / "steps.parquet", STEPS)


def rows_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table as dictionaries."""
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def write_epoch(folder: Path, row: Mapping[str, Any], steps: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Write a finished epoch: its row of ``EPOCHS`` and its rows of ``STEPS``. Returns the new table of epochs.

    Rows of this epoch and of later ones, which an interrupted process left, are replaced.
    """
    cut_after(folder, row["epoch"] - 1)
    _write(folder / "steps.parquet", _with(steps_in(folder), steps, STEPS))
    table = _with(epochs_in(folder), [row], EPOCHS)
    _write(folder / "epochs.parquet", table)
    return table


def cut_after(folder: Path, epoch: int) -> None:
    """Remove the rows of every epoch after ``epoch`` from both tables: these epochs will be trained again."""
    for name, columns in (("epochs.parquet", EPOCHS), ("steps.parquet", STEPS)):
        table = _read(folder / name, columns)
        if (table["epoch"] > epoch).any():
            _write(folder / name, table[table["epoch"] <= epoch])


def epoch_row(
    epoch: int, training: Mapping[str, float], validation: Mapping[str, float] | None, **facts: float
) -> dict[str, Any]:
    """A row of ``EPOCHS``.

    Args:
        epoch: from 0.
        training: the means of the losses over the training steps, with the names of ``GuardedVits``.
        validation: the means over the validation steps; None for an epoch without validation.
        facts: the other columns: ``seconds``, ``memory_mb``, ``gpu_memory_mb``.
    """
    tried = validation if validation is not None else dict.fromkeys(("generator", *_TERMS), float("nan"))
    return {
        "epoch": epoch,
        "loss": training["generator"],
        **{f"loss_{name}": training[name] for name in _TERMS},
        "loss_disc": training["discriminator"],
        "validated": validation is not None,
        "validation_loss": tried["generator"],
        **{f"validation_{name}": tried[name] for name in _TERMS},
        **facts,
    }


def step_row(losses: Mapping[str, float], **facts: float) -> dict[str, Any]:
    """A row of ``STEPS``: the losses of one step, and the columns that are not losses."""
    return {**facts, "loss": losses["generator"], **{f"loss_{name}": losses[name] for name in _STEP_TERMS}}


def _read(path: Path, columns: dict[str, Column]) -> pd.DataFrame:
    return pd.read_parquet(path) if path.exists() else frame([], columns)


def _with(table: pd.DataFrame, rows: Sequence[Mapping[str, Any]], columns: dict[str, Column]) -> pd.DataFrame:
    new = frame([dict(row) for row in rows], columns)
    return pd.concat([table, new], ignore_index=True) if len(table) else new


def _write(path: Path, table: pd.DataFrame) -> None:
    with files.replacing(path) as temporary:
        table.to_parquet(temporary, index=False)
