"""The devices that Whisper works on, leased to one run at a time. Finding and handing them out is ``runtime.devices``.

Training takes its GPUs through Lightning and holds no lease: to a shard it is somebody else, and is noticed as such.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from voice_assets.runtime.devices import DeviceError, Lease, Pool, pool
from voice_assets.runtime.project import cache_dir
from voice_assets.voices import Voice

POOL = "whisper"
"""Dagster's pool of the assets that lease; as wide as there are slots (``orchestration.pools``)."""


def devices_of(voice: Voice) -> Pool:
    """The leases that this voice's Whisper shares with that of every other voice of this project.

    Raises:
        DeviceError: the voice wants a device that is not there or not visible.
    """
    chosen = voice.whisper
    folder = cache_dir() / "leases"
    return pool(folder, chosen.device, chosen.devices, chosen.workers_per_device, chosen.allow_busy_gpu)


@contextmanager
def leased(context: dg.AssetExecutionContext, voice: Voice) -> Iterator[Lease]:
    """A device for this run, with what there is to know about it in the run's log."""
    try:
        with devices_of(voice).lease(on_wait=context.log.info) as lease:
            for note in lease.notes:
                context.log.warning(note)
            context.log.info(f"on {lease.slot.name}, {lease.slot.cpu_threads} threads, after {lease.waited_s:.1f} s of waiting")
            yield lease
    except DeviceError as error:
        raise dg.Failure(str(error), allow_retries=False) from error
