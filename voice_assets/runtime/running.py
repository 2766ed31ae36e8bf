"""The small files that say how far a running asset is: ``artifacts/<voice>/progress/<asset>[@<partition>]``.

The running asset writes one (``orchestration.progress``) and removes it at its end; ``cli`` reads it. A file whose process
has died stays behind: ``Running.alive`` tells.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from voice_assets.runtime.files import write_text
from voice_assets.runtime.project import artifacts_dir


def progress_dir(voice: str) -> Path:
    """The folder of the files of one voice."""
    return artifacts_dir(voice) / "progress"


def progress_file(voice: str, name: str, partition: str | None) -> Path:
    """Where the asset ``name`` says how far it is."""
    return progress_dir(voice) / (name if partition is None else f"{name}@{partition}")


def _process_start(pid: int) -> str | None:
    """When a process began, in the kernel's clock ticks: tells a process id that was given again from the first.

    None when there is no such process; empty where the kernel does not say (no /proc).
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None if Path("/proc/self/stat").exists() else ""
    fields = stat.rpartition(")")[2].split()  # the name before it may hold spaces
    return None if fields[0] == "Z" else fields[19]  # state, and field 22 of proc(5)


def process_alive(pid: int) -> bool:
    """Whether a process of this number runs, whoever it belongs to."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@dataclass(frozen=True)
class Running:
    """How far one asset is.

    ``done`` of ``total`` (None before that is known); seconds since the epoch for ``started`` and ``updated``; ``figures`` such
    as mean_similarity, low, decoded and from_cache; the ``recent`` clips, newest last, each with clip_id, reference,
    hypothesis and similarity.
    """

    unit: str
    done: int
    total: int | None
    rate_per_s: float
    remaining_s: float | None
    started: float
    updated: float
    pid: int
    process_start: str = ""
    figures: Mapping[str, Any] = field(default_factory=dict)
    recent: tuple[Mapping[str, Any], ...] = ()
    asset: str = ""
    partition: str | None = None

    @property
    def last(self) -> Mapping[str, Any] | None:
        """The newest clip, where there is one."""
        return self.recent[-1] if self.recent else None

    @property
    def alive(self) -> bool:
        """Whether the very process that wrote this is still there."""
        start = _process_start(self.pid)
        return start is not None and (start == self.process_start if start and self.process_start else process_alive(self.pid))


def own_process() -> dict[str, Any]:
    """The fields of ``Running`` that name the process that calls."""
    return {"pid": os.getpid(), "process_start": _process_start(os.getpid()) or ""}


def write(file: Path, running: Running) -> None:
    """Write one state, atomically; ``last`` is written out for readers that are no Python."""
    state = {name: value for name, value in vars(running).items() if name not in ("asset", "partition")}
    write_text(file, json.dumps({**state, "last": running.last}, ensure_ascii=False, default=str))


def read(file: Path) -> Running | None:
    """The state in ``file``; None when there is none, or not one of ours: the asset has just ended, or not begun."""
    try:
        state = json.loads(file.read_text(encoding="utf-8"))
        asset, _, partition = file.name.partition("@")
        known = {name: state[name] for name in Running.__dataclass_fields__ if name in state}
        return Running(**{**known, "recent": tuple(state.get("recent", ())), "asset": asset, "partition": partition or None})
    except (OSError, ValueError, TypeError, AttributeError):
        return None


def all_running(voice: str) -> list[Running]:
    """Every state of ``voice``, by asset and partition; also those that a killed process left."""
    folder = progress_dir(voice)
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    states = [read(file) for file in files if not file.name.startswith(".")]
    return sorted((state for state in states if state is not None), key=lambda one: (one.asset, _order(one.partition)))


def forget_dead(voice: str) -> None:
    """Remove the states that killed processes of ``voice`` left: a shard that there is no more would stay dead for ever."""
    for state in all_running(voice):
        if not state.alive:
            progress_file(voice, state.asset, state.partition).unlink(missing_ok=True)


def _order(partition: str | None) -> tuple[int, str]:
    """Shards in the order of their numbers: 10-of-16 after 9-of-16."""
    head = (partition or "").partition("-")[0]
    return (int(head) if head.isdecimal() else 0, partition or "")
