"""What ``voice-assets watch`` shows of one moment: what runs, the last clips, the GPUs, the last result. Words and tables.

Does not belong here: the epochs of a training (``watch_training``).
"""

from collections.abc import Sequence

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from voice_assets.cli import figures
from voice_assets.cli.snapshot import Snapshot, together
from voice_assets.cli.watch_training import training
from voice_assets.runtime.nvidia import GpuUse
from voice_assets.runtime.plain_text import plain
from voice_assets.runtime.running import Running

QUIET_S = 120.0
"""A running asset without news for so long is shown with the time since: it may hang."""
RECENT = 6
WIDE = 120
"""From so many columns on there is room for bars."""


class View:
    """The picture of one moment, as wide as the console that prints it."""

    def __init__(self, shot: Snapshot):
        self.shot = shot

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> RenderResult:
        yield render(self.shot, bars=options.max_width >= WIDE)


def render(shot: Snapshot, *, bars: bool) -> RenderableType:
    """What runs, the epochs of trainings, the last clips and the GPUs; when nothing runs, that and the last result.

    ``bars``: with progress bars.
    """
    parts: list[RenderableType] = []
    if shot.states:
        parts.append(_progress(shot, bars))
    parts += [block for state in shot.alive if (block := training(state)) is not None]
    if recent := _recent(shot.alive):
        parts.append(_clips(recent, shot.low_similarity))
    if shot.gpus:
        parts.append(_gpus(shot.gpus))
    if shot.waiting:
        parts.append(Text(f"{figures.count(shot.waiting, 'run')} of {plain(shot.voice)} in the queue."))
    if not shot.alive:
        parts += [Text(line) for line in _nothing_runs(shot)]
    return Group(*parts)


def _table(title: str, *headings: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _progress(shot: Snapshot, bars: bool) -> Table:
    headings = ("asset", "state", *([""] if bars else []), "done", "speed", "to go", "so far", "figures")
    table = _table(f"{shot.voice}: {len(shot.alive)} running", *headings)
    table.columns[0].no_wrap = True  # in a narrow terminal, figures go on in the next line, and no name does
    for name in dict.fromkeys(state.asset for state in shot.states):
        states = [state for state in shot.states if state.asset == name]
        alive = [state for state in states if state.alive]
        for state in states:
            table.add_row(*_row(state, shot.now, bars))
        if len(alive) > 1:
            table.add_row(*_row(together(alive), shot.now, bars), style="bold")
    return table


def _row(state: Running, now: float, bars: bool) -> list[RenderableType]:
    bar = ProgressBar(total=state.total or 1, completed=state.done if state.total else 0, width=16)
    moving = state.alive and state.rate_per_s
    return [
        Text(plain(state.asset if state.partition is None else f"{state.asset}[{state.partition}]")),
        _condition(state, now),
        *([bar] if bars else []),
        _done(state),
        figures.speed(state.rate_per_s, plain(state.unit)) if moving else "",
        figures.clock(state.remaining_s) if state.alive and state.remaining_s is not None else "",
        figures.clock((now if state.alive else state.updated) - state.started),
        figures.in_words({"done": state.done, **state.figures}),
    ]


def _done(state: Running) -> str:
    if not state.total:
        return f"{figures.number(state.done, 0)} {plain(state.unit)}"
    share = f"{state.done / state.total:.0%}".replace("%", " %")
    return f"{figures.number(state.done, 0)} of {figures.number(state.total, 0)} {plain(state.unit)} ({share})"


def _condition(state: Running, now: float) -> Text:
    """Whether it runs, has just started, has been silent for long, or is dead."""
    quiet = now - state.updated
    if not state.alive:
        return Text(f"dead: process {state.process.pid} was killed, {figures.clock(quiet)} ago", style="red")
    if quiet > QUIET_S:
        return Text(f"no news for {figures.clock(quiet)}", style="yellow")
    return Text("starting", style="yellow") if state.total is None else Text("running", style="green")


def _recent(states: Sequence[Running]) -> list[dict[str, object]]:
    """The last clips, of all that run in turn, the newest of each first."""
    deepest = max((len(state.recent) for state in states), default=0)
    lines = [state.recent[-1 - depth] for depth in range(deepest) for state in states if depth < len(state.recent)]
    return [dict(clip) for clip in lines[:RECENT]]


def _clips(clips: Sequence[dict[str, object]], low_similarity: float) -> Table:
    table = _table("last clips", "clip", "similarity", "reference", "hypothesis")
    for clip in clips:
        score = clip.get("similarity")
        style = "" if not isinstance(score, float) else "red" if score < low_similarity else "green"
        texts = [Text(plain(" ".join(str(clip.get(name, "")).split()))) for name in ("reference", "hypothesis")]
        similarity = figures.ratio(score) if isinstance(score, float) else ""
        table.add_row(Text(plain(clip.get("clip_id", ""))), Text(similarity, style=style), *texts)
    return table


def _gpus(gpus: Sequence[GpuUse]) -> Table:
    table = _table("GPUs", "GPU", "name", "busy", "memory")
    for gpu in gpus:
        busy = "not known" if gpu.busy_percent is None else f"{gpu.busy_percent} %"
        table.add_row(str(gpu.index), Text(plain(gpu.name)), busy, figures.gpu_memory(gpu.used_mib, gpu.total_mib))
    return table


def _nothing_runs(shot: Snapshot) -> list[str]:
    lines = [f"Nothing is running for {plain(shot.voice)}."]
    if shot.result is None:
        return [*lines, "Its data set has no finished Whisper validation yet."]
    folder, summary = shot.result
    return [*lines, f"The last Whisper validation, {plain(folder)}:", *(f"  {plain(line)}" for line in summary)]
