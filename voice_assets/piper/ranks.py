"""The ranks of one training: the processes that train together, one for each device.

Belongs here: which rank this process is, sums over all ranks, and Lightning's arguments for several devices. Does not belong
here: which clips a rank gets (``piper.batches``), starting and ending the processes (``piper.rank_processes``).
"""

import os
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from voice_assets.piper.errors import TrainingError
from voice_assets.voices import Training

Value = TypeVar("Value")

DDP = ("auto", "ddp", "ddp_find_unused_parameters_true")
"""The strategies for several devices that are made here: torch's DistributedDataParallel, one process for each device."""
OWN_PROCESSES = ("spawn", "fork", "notebook")
"""Parts of the names of Lightning's strategies that start processes in another way."""
SPLITS_THE_MODEL = ("fsdp", "deepspeed", "model_parallel")
"""Parts of the names of strategies in which a device has a part of the weights. The step (``piper.vits_step``) asks autograd
for the gradients of whole weights."""
SECONDS_AFTER_THE_WATCHDOG = 60
"""A collective gives up later than ``piper.watchdog``, whose message says more."""


def rank() -> int:
    """The number of this process among the ranks, from 0. The first rank prints the events and writes the files."""
    return _world().get_rank() if _together() else int(os.environ.get("LOCAL_RANK", "0"))


def devices() -> int:
    """How many ranks train together; 1 before they have found each other."""
    return _world().get_world_size() if _together() else 1


def totals_over_ranks(sums: Mapping[str, float], count: int) -> tuple[dict[str, float], int]:
    """Add up ``sums`` by name, and ``count``, over all ranks. Every rank must call this, and every rank gets the result.

    The mean over all ranks is then ``sum / count``. A mean of the ranks' means is wrong where the ranks have other counts.
    """
    found = _of_every_rank((dict(sums), count))
    names = dict.fromkeys(name for one, _ in found for name in one)
    return {name: sum(one.get(name, 0.0) for one, _ in found) for name in names}, sum(one for _, one in found)


def means_over_ranks(rows: Sequence[Mapping[str, float]], weights: Sequence[int] | None = None) -> dict[str, float]:
    """The mean of every name in ``rows`` over the rows of all ranks. Every rank must call this.

    Args:
        rows: the losses of this rank's steps.
        weights: how often each row counts, such as the clips of its batch; once each when absent.

    Raises:
        TrainingError: no rank has a row.
    """
    weights = [1] * len(rows) if weights is None else weights
    sums: dict[str, float] = {}
    for row, weight in zip(rows, weights, strict=True):
        for name, value in row.items():
            sums[name] = sums.get(name, 0.0) + weight * value
    totals, count = totals_over_ranks(sums, sum(weights))
    if count == 0:
        raise TrainingError("no step was done, so there are no losses: the training set has no clips for this phase")
    return {name: value / count for name, value in totals.items()}


def trainer_arguments(chosen: Training) -> dict[str, Any]:
    """Arguments of Lightning's ``Trainer`` for the devices of a training.

    Lightning must not deal the clips to the ranks: it deals them one by one, so that every batch of a rank has clips of all
    lengths (``piper.batches`` deals whole batches).

    Raises:
        TrainingError: a strategy that would start the ranks in another way than ``piper.rank_processes``, or split the model.
    """
    return {
        "accelerator": chosen.accelerator,
        "devices": chosen.devices,
        "strategy": _strategy(chosen),
        "use_distributed_sampler": False,
    }


def environment(chosen: Training) -> list[Any]:
    """Lightning's plugin that takes the rank from the variables of ``piper.rank_processes``; none for one device."""
    from lightning.fabric.plugins.environments import LightningEnvironment

    return [LightningEnvironment()] if chosen.devices > 1 else []


def _strategy(chosen: Training) -> Any:
    from lightning.pytorch.strategies import DDPStrategy

    if any(part in chosen.strategy for part in OWN_PROCESSES):
        raise TrainingError(
            f"training.strategy: {chosen.strategy}: it starts the devices' processes in a way that is not supervised here; "
            "write auto, which is DDP for more than one device"
        )
    if any(part in chosen.strategy for part in SPLITS_THE_MODEL):
        raise TrainingError(
            f"training.strategy: {chosen.strategy}: it splits the weights over the devices, and this training needs "
            "them whole on each; write auto, which is DDP for more than one device"
        )
    if chosen.devices == 1 or chosen.strategy not in DDP:
        return chosen.strategy
    # The discriminators' loss gives the generator no gradients, and plain DDP would wait for the gradients.
    patience = timedelta(seconds=chosen.stuck_after_s + SECONDS_AFTER_THE_WATCHDOG)
    return DDPStrategy(find_unused_parameters=True, timeout=patience)


def _of_every_rank(value: Value) -> list[Value]:
    """The values of all ranks, in the order of the ranks. The ranks are processes of one training and trust each other."""
    if not _together():
        return [value]
    found: list[Any] = [None] * devices()
    _world().all_gather_object(found, value)
    return found


def _together() -> bool:
    world = _world()
    return bool(world.is_available() and world.is_initialized())


def _world() -> Any:
    from torch import distributed

    return distributed
