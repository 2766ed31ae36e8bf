"""Facts of a training's loss curve, for the rules of ``mini_training``. Judging the facts belongs to the rules."""

import math

import pandas as pd

from voice_assets.dataset.tables import EPOCHS

TRAINING_LOSSES = [name for name in EPOCHS if name.startswith("loss")]
VALIDATION_LOSSES = [name for name in EPOCHS if name.startswith("validation_")]


def loss_facts(epochs: pd.DataFrame, planned: int) -> dict[str, float | int]:
    """The facts of a table of ``EPOCHS``.

    Returns:
        ``epochs_planned``; ``epochs_done``: the number of epochs from 0 to ``planned - 1`` that are in the table, each
        counted once; ``loss_drop_0_1``: the training loss of epoch 0 minus that of epoch 1, positive for a falling loss, NaN
        when one of the two is missing; ``not_finite``: the number of losses that are NaN or infinite; the validation losses of
        an epoch without validation do not count.
    """
    done = set(epochs["epoch"]) & set(range(planned))
    loss = {int(epoch): float(value) for epoch, value in zip(epochs["epoch"], epochs["loss"], strict=True)}
    validated = epochs[epochs["validated"]]
    values = [*epochs[TRAINING_LOSSES].to_numpy().flat, *validated[VALIDATION_LOSSES].to_numpy().flat]
    return {
        "epochs_planned": planned,
        "epochs_done": len(done),
        "loss_drop_0_1": loss.get(0, math.nan) - loss.get(1, math.nan),
        "not_finite": sum(not math.isfinite(value) for value in values),
    }
