"""Progress bars: of the runs of ``voice-assets run``, and of what the other commands count. In a file, plain lines.

Belongs here: what moves on the screen. Does not belong here: what stays there at the end (``closing``).
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, TaskID, TextColumn
from rich.table import Column
from rich.text import Text

from voice_assets.cli import figures
from voice_assets.cli.terminal import console
from voice_assets.runtime import running
from voice_assets.runtime.plain_text import plain
from voice_assets.runtime.running import Running

if TYPE_CHECKING:
    from voice_assets.orchestration.gates import AssetPartition
    from voice_assets.orchestration.launcher import Outcome

SECONDS_BETWEEN_READS = 0.5
BAR_WIDTH = 20
WIDE = 100
"""From so many columns on there is room for a bar."""


class _Details(ProgressColumn):
    """How far one task is, in words. A line that is too short for them breaks; nothing is cut off."""

    def __init__(self) -> None:
        super().__init__(table_column=Column(overflow="fold"))

    def render(self, task: Any) -> Text:
        return Text(", ".join(filter(None, _details(task))))


def _details(task: Any) -> Iterator[str]:
    elapsed, unit, remaining = figures.clock(task.elapsed or 0), task.fields["unit"], task.fields["remaining"]
    if task.total is None:
        yield f"{elapsed}, starting"
    else:
        yield f"{figures.number(task.completed, 0)} of {figures.number(task.total, 0)} {unit}"
        yield figures.speed(task.fields["rate"], unit) if task.fields["rate"] else ""
        yield f"{elapsed} so far"
        yield f"{figures.clock(remaining)} to go" if remaining is not None and task.completed < task.total else ""
    yield task.fields["words"]


def _bars(on: Console) -> Progress:
    columns = [
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        *([BarColumn(bar_width=BAR_WIDTH)] if on.width >= WIDE else []),
        _Details(),
    ]
    return Progress(*columns, console=on, transient=True, disable=not on.is_terminal)


def _add(bars: Progress, name: str, unit: str = "", words: str = "") -> TaskID:
    return bars.add_task(plain(name), total=None, unit=unit, rate=None, remaining=None, words=plain(words))


@contextmanager
def counting(unit: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar that is gone at the end: yields a function that gets (done, in all). Nothing is shown in a file."""
    with _bars(console(stderr=True)) as bars:
        tasks: list[TaskID] = []

        def tell(done: int, total: int) -> None:
            if not tasks:
                tasks.append(_add(bars, "", unit))
            bars.update(tasks[0], completed=done, total=total, rate=bars.tasks[0].speed)

        yield tell


class RunBars:
    """Shows the runs of one voice: a bar for each that goes on, a line for each that has ended.

    Each bar is fed from the progress file that the asset writes, whichever process runs the asset; or from ``progress``, where
    the asset runs elsewhere. ``outcomes`` has what ended, by asset and partition.
    """

    def __init__(self, on: Console, voice: str, progress: "Callable[[AssetPartition], Running | None] | None" = None):
        self.outcomes: dict[AssetPartition, Outcome] = {}
        self._console, self._bars = on, _bars(on)
        self._progress = progress or partial(_progress_here, voice)
        self._going: dict[AssetPartition, tuple[TaskID, str]] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)

    def __enter__(self) -> "RunBars":
        self._bars.start()
        if self._console.is_terminal:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._console.is_terminal:
            self._thread.join()
        self._bars.stop()

    def starting(self, target: "AssetPartition", reason: str) -> None:
        """Show a bar for ``target``; in a file, a line with the reason."""
        self._going[target] = _add(self._bars, _name(target), words=reason), reason
        if not self._console.is_terminal:
            self._console.print(f"  start {_name(target)}: {plain(reason)}", soft_wrap=True)

    def ended(self, target: "AssetPartition", outcome: "Outcome") -> None:
        """Turn the bar of ``target`` into a line that stays."""
        self.outcomes[target] = outcome
        task, reason = self._going.pop(target)
        elapsed = next(bar.elapsed for bar in self._bars.tasks if bar.id == task) or 0.0
        self._bars.remove_task(task)
        mark = ("  done  ", "green") if outcome.success else ("  failed ", "red")
        details = f"{figures.number(elapsed, 1)} s, run {outcome.run_id[:8]}"
        if self._console.is_terminal:
            details += f" ({plain(reason)})"
        self._console.print(Text.assemble(mark, f"{_name(target)} ", (details, "dim")), soft_wrap=True)

    def _follow(self) -> None:
        while not self._over.wait(SECONDS_BETWEEN_READS):
            for target, (task, _) in list(self._going.items()):
                state = self._progress(target)
                if state is not None and state.alive:  # not what a killed run left there
                    self._show(task, state)

    def _show(self, task: TaskID, state: Running) -> None:
        self._bars.update(
            task,
            completed=state.done,
            total=state.total,
            rate=state.rate_per_s,
            remaining=state.remaining_s,
            unit=plain(state.unit),
            words=figures.in_words({"done": state.done, **state.figures}),
        )


def _progress_here(voice: str, target: "AssetPartition") -> Running | None:
    """What ``target`` of ``voice`` tells on this machine."""
    return running.read(running.progress_file(voice, target.key.path[-1], target.partition))


def _name(target: "AssetPartition") -> str:
    """The asset without the voice's name, which stands above the whole list."""
    name = target.key.path[-1]
    return plain(name if target.partition is None else f"{name}[{target.partition}]")
