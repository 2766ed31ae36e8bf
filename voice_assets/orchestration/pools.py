"""How many runs of one kind may go on at once. The pools' names are with their assets, the devices in ``runtime.devices``."""

from collections.abc import Iterable, Mapping

import dagster as dg

from voice_assets.orchestration.leases import POOL, devices_of
from voice_assets.runtime.devices import DeviceError
from voice_assets.voices import Voice


def widths(voices: Iterable[Voice]) -> dict[str, int]:
    """Runs at once by pool: of ``whisper``, as many as the voice with the most worker slots has.

    A voice whose devices are not to be had counts as one: its asset says what is wrong when it runs.
    """
    return {POOL: max((_slots(voice) for voice in voices), default=1)}


def _slots(voice: Voice) -> int:
    try:
        return len(devices_of(voice).slots)
    except DeviceError:
        return 1


def apply(instance: dg.DagsterInstance, limits: Mapping[str, int]) -> None:
    """Tell Dagster, whose daemon then starts that many runs of a pool. Each of them waits for its lease all the same."""
    for name, limit in limits.items():
        instance.event_log_storage.set_concurrency_slots(name, limit)
