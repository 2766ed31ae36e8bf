"""How many runs of one pool Dagster starts at the same time. The stages name the pools; ``runtime.devices`` counts devices."""

from collections.abc import Iterable, Mapping

import dagster as dg

from voice_assets.orchestration.leases import POOL, devices_of
from voice_assets.runtime.nvidia import DeviceError
from voice_assets.voices import Voice


def widths(voices: Iterable[Voice]) -> dict[str, int]:
    """The width of each pool. The pool ``whisper`` is as wide as the voice with the most worker slots.

    A voice whose devices are missing counts as one slot. The asset of this voice names the fault when the asset runs.
    """
    return {POOL: max((_slots(voice) for voice in voices), default=1)}


def _slots(voice: Voice) -> int:
    try:
        return len(devices_of(voice).slots)
    except DeviceError:
        return 1


def apply(instance: dg.DagsterInstance, limits: Mapping[str, int]) -> None:
    """Set the width of each pool in Dagster. A run that the daemon starts still waits for its own lease.

    A deployment of several machines keeps its widths: this machine cannot count the devices of the others.
    """
    if not isinstance(instance.run_launcher, dg.DefaultRunLauncher):
        return
    for name, limit in limits.items():
        instance.event_log_storage.set_concurrency_slots(name, limit)
