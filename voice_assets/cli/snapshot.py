"""What is known about one voice at one moment: what runs, the GPUs, the last result. Reads small files; starts nothing.

Belongs here: facts. Does not belong here: how they are shown (``watch_view``). Knows nothing of Dagster, so that
``voice-assets watch`` starts at once and works whoever started the runs: the UI, the daemon or a shell.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from voice_assets.runtime import running
from voice_assets.runtime.nvidia import DeviceError, GpuUse, gpu_use
from voice_assets.runtime.running import Running
from voice_assets.runtime.stamps import stamped
from voice_assets.voices import Voice

RESULTS = "validation_whisper_sharded_"


@dataclass(frozen=True)
class Snapshot:
    """What is known at one moment.

    Attributes:
        voice: the voice's name.
        states: running assets, and those that a dead process left.
        gpus: the GPUs of this machine.
        result: the folder of the last Whisper validation, and the lines at the top of its `SUMMARY.txt`.
        now: seconds since the epoch.
        low_similarity: a clip under this similarity is low.
        waiting: the number of runs in the queue of a server.
    """

    voice: str
    states: Sequence[Running]
    gpus: Sequence[GpuUse]
    result: tuple[Path, Sequence[str]] | None
    now: float
    low_similarity: float
    waiting: int = 0

    @property
    def alive(self) -> list[Running]:
        """What really runs."""
        return [state for state in self.states if state.alive]


def snapshot(voice: Voice, gpus: Sequence[GpuUse]) -> Snapshot:
    """What is known now about ``voice``."""
    states, result = running.all_running(voice.name), last_result(voice.reports_dir)
    return Snapshot(voice.name, states, gpus, result, time.time(), voice.whisper.low_similarity)


def gpus_now() -> list[GpuUse]:
    """The GPUs of this machine; none without a driver, or when the driver fails: the rest can still be shown."""
    try:
        return gpu_use(patience_s=5)
    except DeviceError:
        return []


def last_result(reports_dir: Path) -> tuple[Path, list[str]] | None:
    """The newest validation's folder and the lines of its `SUMMARY.txt` up to the rules; None when there is none."""
    for folder in reversed(stamped(reports_dir, RESULTS)):
        summary = folder / "SUMMARY.txt"
        if summary.is_file():
            lines = summary.read_text(encoding="utf-8", errors="replace").splitlines()
            end = lines.index("Rules") if "Rules" in lines else len(lines)
            return folder, [line for line in lines[:end] if line]
    return None


def together(states: Sequence[Running]) -> Running:
    """Several partitions of one asset as one: counts added, the mean weighted by clips, the longest time to go."""
    scored = [(mean, state.done) for state in states if isinstance(mean := state.figures.get("mean_similarity"), float)]
    clips = sum(done for _, done in scored)
    figures: dict[str, object] = {"mean_similarity": sum(mean * done for mean, done in scored) / clips} if clips else {}
    for name in ("low", "decoded", "from_cache"):
        values = [state.figures[name] for state in states if name in state.figures]
        figures |= {name: sum(values)} if values else {}
    lefts = [state.remaining_s for state in states if state.remaining_s is not None]
    totals = [state.total for state in states if state.total is not None]
    return replace(
        states[0],
        done=sum(state.done for state in states),
        total=sum(totals) if totals else None,
        rate_per_s=sum(state.rate_per_s for state in states),
        remaining_s=max(lefts) if lefts else None,
        started=min(state.started for state in states),
        updated=max(state.updated for state in states),
        figures=figures,
        asset=f"{states[0].asset}, {len(states)} running",
        partition=None,
    )
