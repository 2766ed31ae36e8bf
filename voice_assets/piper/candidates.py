"""Which epochs of a training compete in the tournament. Not here: which checkpoints are kept (``piper.retention``).

No loss decides which epoch is best, so the candidates are the newest epoch, those with the lowest validation losses, and
others spread over the training.
"""

from collections.abc import Collection, Mapping

import numpy as np


def choose(kept: Collection[int], validation_mel: Mapping[int, float], most: int) -> list[int]:
    """The epochs that compete, ascending; at most ``most`` of those that are ``kept``.

    Args:
        kept: the epochs whose checkpoint is on disk.
        validation_mel: the validation mel loss of each validated epoch.
        most: the number of candidates, at least 1. The newest epoch comes first, then the epochs with the lowest losses until
            half of the places are taken, then epochs that are spread evenly over the rest.
    """
    by_age = sorted(kept, reverse=True)
    if len(by_age) <= most:
        return sorted(by_age)
    chosen = by_age[:1]
    best = sorted((epoch for epoch in by_age[1:] if epoch in validation_mel), key=lambda epoch: validation_mel[epoch])
    chosen += best[: max(most // 2, 1) if most > 1 else 0]
    rest = sorted(set(by_age) - set(chosen))
    places = most - len(chosen)
    if places > 0:
        chosen += [rest[index] for index in np.linspace(0, len(rest) - 1, places).round().astype(int)]
    return sorted(chosen)
