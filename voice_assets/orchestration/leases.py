"""The devices that Whisper works on, leased to one run at a time. ``runtime.leases`` hands the devices out.

Training takes its GPUs through Lightning and holds no lease. So to a shard a training is another program on the GPU.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import dagster as dg

from voice_assets.runtime.devices import slots_here
from voice_assets.runtime.leases import Lease, Pool
from voice_assets.runtime.nvidia import DeviceError
from voice_assets.runtime.project import cache_dir
from voice_assets.voices import Voice

POOL = "whisper"
"""Dagster's pool of the assets that lease a device. The pool is as wide as there are slots (``orchestration.pools``)."""


def devices_of(voice: Voice) -> Pool:
    """The leases for this voice's Whisper. Every voice of the project uses the same folder of leases.

    Raises:
        DeviceError: the voice asks for a device that is missing or not visible.
    """
    chosen = voice.whisper
    slots = slots_here(chosen.device, chosen.devices, chosen.workers_per_device)
    return Pool(cache_dir() / "leases", slots, chosen.allow_busy_gpu)


@contextmanager
def leased(context: dg.AssetExecutionContext, voice: Voice) -> Iterator[Lease]:
    """Hold a device for this run. The run's log names the device, the time of waiting and the lease's notes."""
    try:
        with devices_of(voice).lease(on_wait=context.log.info) as lease:
            for note in lease.notes:
                context.log.warning(note)
            context.log.info(f"leased {lease.slot.name} with {lease.slot.cpu_threads} threads after {lease.waited_s:.1f} s")
            yield lease
    except DeviceError as error:
        raise dg.Failure(str(error), allow_retries=False) from error


@dataclass(frozen=True)
class TrainingLease:
    environment: dict[str, str] = field(default_factory=dict)
    file_numbers: list[int] = field(default_factory=list)


@contextmanager
def leased_for_training(context: dg.AssetExecutionContext, voice: Voice) -> Iterator[TrainingLease]:
    yield TrainingLease()
