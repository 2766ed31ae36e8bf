"""The small files that say how far a running asset is: ``artifacts/<voice>/progress/<asset>[@<partition>]``.

A running asset writes one file (``orchestration.progress``) and removes the file at the end; ``cli`` reads the files. The
file of a killed process stays behind: ``Running.alive`` tells.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from voice_assets.runtime.files import write_text
from voice_assets.runtime.processes import ProcessIdentity
from voice_assets.runtime.project import artifacts_dir


def progress_dir(voice: str) -> Path:
    """The folder with the files of one voice."""
    return artifacts_dir(voice) / "progress"


def progress_file(voice: str, name: str, partition: str | None) -> Path:
    """The file in which the asset ``name`` says how far it is."""
    return progress_dir(voice) / (name if partition is None else f"{name}@{partition}")


@dataclass(frozen=True)
class Running:
    """How far one asset is.

    Attributes:
        unit: what is counted.
        done: how many are finished.
        total: how many there are; None before the number is known.
        rate_per_s: finished per second.
        remaining_s: seconds to go; None where nobody can tell.
        started: when the asset began, in seconds since the epoch.
        updated: when this state was written, in seconds since the epoch.
        process: the process that wrote this state.
        figures: such as mean_similarity, low, decoded and from_cache.
        recent: the last clips, newest last, each with clip_id, reference, hypothesis and similarity.
        curve: the last epochs of a training, newest last, each with the columns of ``dataset.tables.EPOCHS``.
        level: whether the validation loss is level, in words; empty where nobody says.
        asset: the name of the asset, from the name of the file.
        partition: the partition, from the name of the file; None for an asset without partitions.
    """

    unit: str
    done: int
    total: int | None
    rate_per_s: float
    remaining_s: float | None
    started: float
    updated: float
    process: ProcessIdentity
    figures: Mapping[str, Any] = field(default_factory=dict)
    recent: tuple[Mapping[str, Any], ...] = ()
    curve: tuple[Mapping[str, Any], ...] = ()
    level: str = ""
    asset: str = ""
    partition: str | None = None

    @property
    def last(self) -> Mapping[str, Any] | None:
        """The newest clip, where there is one."""
        return self.recent[-1] if self.recent else None

    @property
    def alive(self) -> bool:
        """Whether the process that wrote this state still runs, or runs where nobody here can see it."""
        return not self.process.ended


def write(file: Path, running: Running) -> None:
    """Write one state, atomically. The file repeats the newest clip as ``last``, for readers in other languages."""
    write_text(file, json.dumps(as_json(running) | {"last": running.last}, ensure_ascii=False, default=str))


def as_json(running: Running) -> dict[str, Any]:
    """A state without the asset and the partition, which stand where the state stands; :func:`from_json` reads it."""
    state = {name: value for name, value in vars(running).items() if name not in ("asset", "partition")}
    return state | {"process": running.process.as_json()}


def from_json(state: Mapping[str, Any], asset: str, partition: str | None) -> Running:
    """The state that :func:`as_json` wrote; entries of another version are left out.

    Raises:
        TypeError, ValueError, AttributeError: it is no state.
    """
    known = {name: state[name] for name in Running.__dataclass_fields__ if name in state}
    known |= {"process": ProcessIdentity.from_json(state.get("process"))}
    known |= {name: tuple(state.get(name, ())) for name in ("recent", "curve")}
    return Running(**{**known, "asset": asset, "partition": partition})


def read(file: Path) -> Running | None:
    """The state in ``file``; None when there is no such file, or the file holds something else."""
    try:
        asset, _, partition = file.name.partition("@")
        return from_json(json.loads(file.read_text(encoding="utf-8")), asset, partition or None)
    except (OSError, ValueError, TypeError, AttributeError):
        return None


def all_running(voice: str) -> list[Running]:
    """Every state of ``voice``, ordered by asset and partition. The states that killed processes left are among them."""
    folder = progress_dir(voice)
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    states = [read(file) for file in files if not file.name.startswith(".")]
    return in_order(state for state in states if state is not None)


def in_order(states: Iterable[Running]) -> list[Running]:
    """``states`` by asset and partition."""
    return sorted(states, key=lambda one: (one.asset, _order(one.partition)))


def forget_dead(voice: str) -> None:
    """Remove the states that ended processes of ``voice`` left. No later run writes over the state of a removed shard."""
    for state in all_running(voice):
        if not state.alive:
            progress_file(voice, state.asset, state.partition).unlink(missing_ok=True)


def _order(partition: str | None) -> tuple[int, str]:
    """Shards in the order of their numbers: 10-of-16 after 9-of-16."""
    head = (partition or "").partition("-")[0]
    return (int(head) if head.isdecimal() else 0, partition or "")
