"""Simulated loss curves of known truth: the noiseless validation loss, and what a training would record of it."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from voice_assets.dataset.tables import EPOCHS, frame

Shape = Callable[[np.ndarray], np.ndarray]
"""The noiseless curve: epochs -> a factor of the final loss."""


def converging(epochs: np.ndarray) -> np.ndarray:
    """Falls to its end value with a time constant of 15 epochs; under 1 % of change in 20 epochs from epoch 76 on."""
    return 1 + 2 * np.exp(-epochs / 15)


def falling(share: float) -> Shape:
    """Falls quickly, then by ``share`` of itself in every 20 epochs, without an end."""
    return lambda epochs: (1 + 2 * np.exp(-epochs / 10)) * (1 - share) ** (epochs / 20)


def overfitting(epochs: np.ndarray) -> np.ndarray:
    """Falls until epoch 40, then rises by 3 % of itself in every 20 epochs."""
    return converging(epochs) * (1 + 0.03 * np.maximum(epochs - 40, 0) / 20)


def diverging(epochs: np.ndarray) -> np.ndarray:
    """Rises from the start, by 20 % in every 20 epochs."""
    return 1.2 ** (epochs / 20)


def restarted(at: int) -> Shape:
    """Converged, until a jump by 60 % at epoch ``at``, which converges again."""
    return lambda epochs: converging(epochs) + np.where(epochs >= at, 0.6 * np.exp(-np.maximum(epochs - at, 0) / 15), 0)


def noise(rng: np.random.Generator, count: int, deviation: float, memory: float = 0.0) -> np.ndarray:
    """Noise of this standard deviation; ``memory``: the correlation of an epoch with the one before."""
    steps = rng.normal(0, deviation * np.sqrt(1 - memory**2), count)
    values = [rng.normal(0, deviation)]
    for step in steps[1:]:
        values.append(memory * values[-1] + step)
    return np.array(values)


def simulated(shape: Shape, count: int, deviation: float, seed: int, memory: float = 0.0, spikes: float = 0.0) -> pd.DataFrame:
    """The ``EPOCHS`` of a simulated training.

    Args:
        shape: the noiseless curve.
        count: how many epochs.
        deviation: standard deviation of the noise, as a share of the loss.
        seed: of the noise.
        memory: see `noise`.
        spikes: share of the validations that are 30 % too high.
    """
    rng = np.random.default_rng(seed)
    truth = shape(np.arange(count, dtype=float))
    mel = 0.5 * truth * (1 + noise(rng, count, deviation, memory)) * np.where(rng.random(count) < spikes, 1.3, 1)
    loss = 32 * truth * (1 + noise(rng, count, deviation, memory)) * np.where(rng.random(count) < spikes, 1.3, 1)
    train = 0.45 * converging(np.arange(count, dtype=float)) * (1 + noise(rng, count, deviation / 3))
    rows = [
        {
            **dict.fromkeys(EPOCHS, 1.0),
            "epoch": epoch,
            "loss": 65 * train[epoch],
            "loss_mel": train[epoch],
            "validation_loss": loss[epoch],
            "validation_mel": mel[epoch],
        }
        for epoch in range(count)
    ]
    return frame(rows, EPOCHS)


def first_stop(table: pd.DataFrame, stops: Callable[[pd.DataFrame], bool], every: int = 1) -> int | None:
    """The epoch after which a training would stop that asks ``stops`` after every ``every`` epochs; None: it never stops."""
    return next((count - 1 for count in range(1, len(table) + 1, every) if stops(table.iloc[:count])), None)
