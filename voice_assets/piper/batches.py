"""In which order clips are trained on: clips of about one length together, otherwise at random.

A batch is padded to its longest clip, so batches drawn at random spend half the work on padding (measured on the demo's
clips, batch 8: 874 s computed for 444 s of audio; by length, 408 s for 432 s in whole batches). VITS was published with
batches by length as well. Reading the clips belongs to ``piper.data``.
"""

from collections.abc import Sequence

import numpy as np

# How far a clip may stray from its length, so that a batch is not the same clips each epoch.
JITTER = 0.1


def order(durations_s: Sequence[float], batch_size: int, seed: int, epoch: int) -> list[int]:
    """Every index of ``durations_s`` once: whole batches of like length in random order, then what fills no batch.

    The rest is drawn at random, so that dropping it drops no particular length. Depends on nothing but the arguments.
    """
    random = np.random.default_rng([seed, epoch])
    shuffled = random.permutation(len(durations_s))
    whole = len(shuffled) - len(shuffled) % batch_size
    kept, rest = shuffled[:whole], shuffled[whole:]
    lengths = np.asarray(durations_s, dtype=np.float64)[kept] * (1 + JITTER * random.uniform(-1, 1, size=whole))
    batches = kept[np.argsort(lengths, kind="stable")].reshape(-1, batch_size)
    random.shuffle(batches)
    return [int(index) for index in [*batches.reshape(-1), *rest]]
