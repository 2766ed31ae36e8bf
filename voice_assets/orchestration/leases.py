"""The devices that Whisper and training work on, leased to one run at a time.

Whisper leases slots (``runtime.leases``). A training leases whole GPUs (``runtime.whole_gpus``); Whisper waits meanwhile, on
these GPUs. A training on the CPU leases nothing. There, two workers only slow each other down, and neither fails; with a lease
the samples of an epoch would wait for the end of a training of days.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import dagster as dg

from voice_assets.runtime.devices import VISIBLE, gpus_here, slots_here
from voice_assets.runtime.leases import Lease, Pool
from voice_assets.runtime.lost_gpus import lost_text
from voice_assets.runtime.nvidia import DeviceError, Gpu, gpus
from voice_assets.runtime.project import cache_dir
from voice_assets.runtime.whole_gpus import WholeGpuPool
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
    """The devices of a training.

    Attributes:
        environment: variables for the worker.
        file_numbers: open files for the worker to inherit; while the worker lives, the devices are leased.
        gpus: the leased GPUs; none on the CPU.
        waited_s: seconds from the question to the lease.
    """

    environment: dict[str, str] = field(default_factory=dict)
    file_numbers: list[int] = field(default_factory=list)
    gpus: tuple[Gpu, ...] = ()
    waited_s: float = 0.0


@contextmanager
def leased_for_training(
    context: dg.AssetExecutionContext,
    voice: Voice,
    driver: Callable[[], list[Gpu]] = gpus,
    count: int | None = None,
) -> Iterator[TrainingLease]:
    """Hold GPUs as a training does for this run: ``count`` whole GPUs, `training.devices` by default, all or none.

    Where training computes on the CPU, nothing is leased. The run's log names the GPUs, the time of waiting and the notes.

    Raises:
        dagster.Failure: the GPUs are missing, hidden or used by other programs; or the block failed and the driver no longer
            has one of the GPUs.
    """
    try:
        with _training_lease(context, voice, count or voice.training.devices) as lease:
            try:
                yield lease
            except dg.Failure as error:
                raise _with_lost_gpus(error, lease.gpus, driver) from error
    except DeviceError as error:
        raise dg.Failure(str(error), allow_retries=False) from error


@contextmanager
def _training_lease(context: dg.AssetExecutionContext, voice: Voice, count: int) -> Iterator[TrainingLease]:
    if voice.training.accelerator == "cpu":
        yield TrainingLease({VISIBLE: ""})
        return
    seen = gpus_here("training.accelerator: cpu")
    if not seen:  # Lightning may know a device that is none of NVIDIA's, and it says so when there is none
        context.log.info("no NVIDIA GPU is visible here: training leases none and takes the device that Lightning finds")
        yield TrainingLease()
        return
    pool = WholeGpuPool(cache_dir() / "leases", seen, voice.whisper.allow_busy_gpu)
    with pool.lease(count, on_wait=context.log.info) as lease:
        for note in lease.notes:
            context.log.warning(note)
        context.log.info(f"leased {lease.name} for the training after {lease.waited_s:.1f} s")
        yield TrainingLease(lease.environment, lease.file_numbers, lease.gpus, lease.waited_s)


def _with_lost_gpus(error: dg.Failure, leased: tuple[Gpu, ...], driver: Callable[[], list[Gpu]]) -> dg.Failure:
    """The failure of a training, led by the GPUs that got lost, if any: then the rest is what followed."""
    lost = lost_text(leased, driver)
    if not lost:
        return error
    return dg.Failure(f"{lost}. The worker said: {error.description}", metadata=error.metadata, allow_retries=False)
