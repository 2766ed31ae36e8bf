"""Which clips train together: batches of clips of about the same length, for one device or for several.

A batch is padded to its longest clip, so half the work of random batches is padding. Measured on the demo's clips with 8 clips
per batch: random batches compute 874 s for 444 s of audio, batches by length 408 s for the 432 s in whole batches. The paper on
VITS has batches by length too. With two devices, which wait for each other in every step, batches of 8 of the demo's clips cost
1.19 s for each second of audio; when the sorted order is dealt clip by clip, as Lightning does, 1.48 s.
Not here: reading the clips (``piper.data_module``), the processes (``piper.rank_processes``).

Words of ``torch.distributed``: each device of a training has a process with a number, the *rank*. In one step every rank
trains on a batch of its own, and then the ranks average their gradients.
"""

from collections.abc import Sequence

import numpy as np

# Lengths are changed at random by up to this share, so that a batch does not hold the same clips in each epoch.
JITTER = 0.1


def clips_per_batch(clips: int, batch_size: int, devices: int = 1) -> int:
    """How many clips a batch has: ``batch_size``, or fewer where the clips do not fill one batch for each device.

    The result is 0 when there are fewer clips than devices.
    """
    return min(batch_size, clips // devices)


def steps_of(durations_s: Sequence[float], batch_size: int, seed: int, epoch: int, devices: int = 1) -> list[list[list[int]]]:
    """The batches of an epoch as ``[step][rank][clip]``, where a clip is an index of ``durations_s``.

    Every step has one batch for each of the ``devices``. The batches of a step hold clips of neighbouring lengths, so that the
    devices do equal work. Every clip comes at most once in an epoch. The clips that fill no whole step are left out; they are
    drawn at random in each epoch, so no length and no clip is always left out. The result depends on the arguments only.
    """
    size = clips_per_batch(len(durations_s), batch_size, devices)
    if size == 0:
        return []
    random = np.random.default_rng([seed, epoch])
    shuffled = random.permutation(len(durations_s))
    kept = shuffled[: len(shuffled) - len(shuffled) % (size * devices)]
    lengths = np.asarray(durations_s, dtype=np.float64)[kept] * (1 + JITTER * random.uniform(-1, 1, size=len(kept)))
    steps = kept[np.argsort(lengths, kind="stable")].reshape(-1, devices, size)
    random.shuffle(steps)
    if devices > 1:
        for step in steps:
            random.shuffle(step)  # no rank always gets the longer clips
    return [[[int(clip) for clip in batch] for batch in step] for step in steps]


def order(durations_s: Sequence[float], batch_size: int, seed: int, epoch: int, rank: int = 0, devices: int = 1) -> list[int]:
    """The clips that one rank trains on in an epoch, in order: whole batches of :func:`clips_per_batch` clips.

    Every rank gets the same number of clips. With another number, one rank would wait for ever for the other one's gradients.
    """
    return [clip for step in steps_of(durations_s, batch_size, seed, epoch, devices) for clip in step[rank]]


def validation_order(durations_s: Sequence[float], rank: int = 0, devices: int = 1) -> list[int]:
    """The clips that one rank validates on, by length. All ranks together have every clip once.

    The clips are dealt in turns, so that the ranks do equal work. One rank may have one clip more than another.
    """
    by_length = np.argsort(np.asarray(durations_s, dtype=np.float64), kind="stable")
    return [int(clip) for clip in by_length[rank::devices]]
