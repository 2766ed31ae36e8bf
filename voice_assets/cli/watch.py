"""``voice-assets watch``: what runs for one voice, live or once. Reads small files and asks the driver; starts nothing.

Belongs here: the picture. What does not: the figures (``running``, written by whoever runs the asset). Knows nothing of
Dagster, so that it starts at once, and works whoever started the run: the UI, the daemon or a shell.
"""

import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from voice_assets.runtime import running
from voice_assets.runtime.nvidia import DeviceError, GpuUse, gpu_use
from voice_assets.runtime.running import Running
from voice_assets.runtime.stamps import stamped
from voice_assets.voices import Voice

SECONDS_BETWEEN_LOOKS = 0.5
SECONDS_BETWEEN_GPU_LOOKS = 2.0
QUIET_S = 120.0
"""A running asset that has said nothing for so long is shown with the time since: it may hang."""
RECENT = 6
RESULTS = "validation_whisper_sharded_"


@dataclass(frozen=True)
class Snapshot:
    """What is known at one moment.

    Running assets and those a dead process left; GPUs; the last result: its folder and the lines at
    the top of its `SUMMARY.txt`; the similarity under which a clip is low.
    """

    voice: str
    states: Sequence[Running]
    gpus: Sequence[GpuUse]
    result: tuple[Path, Sequence[str]] | None
    now: float
    low_similarity: float = 0.8

    @property
    def alive(self) -> list[Running]:
        """What really runs."""
        return [state for state in self.states if state.alive]


def look_at_gpus() -> list[GpuUse]:
    """The GPUs of this machine; none without a driver, or when the driver fails: the picture leaves GPUs out."""
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


def snapshot(voice: Voice, gpus: Sequence[GpuUse]) -> Snapshot:
    """What is known now about ``voice``."""
    states, result = running.all_running(voice.name), last_result(voice.reports_dir)
    return Snapshot(voice.name, states, gpus, result, time.time(), voice.whisper.low_similarity)


def clock(seconds: float) -> str:
    """Seconds as 1:02:03, or 2:03."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def _number(value: object, form: str) -> str:
    return format(value, form) if isinstance(value, int | float) else ""


def _name(state: Running) -> str:
    return state.asset if state.partition is None else f"{state.asset}[{state.partition}]"


def _condition(state: Running, now: float) -> Text:
    """A bar for what runs; words for what does not, or says nothing."""
    if not state.alive:
        return Text(f"dead: process {state.process.pid} was killed, {clock(now - state.updated)} ago", style="red")
    quiet = now - state.updated
    if quiet > QUIET_S:
        return Text(f"no news for {clock(quiet)}", style="yellow")
    return Text("starting", style="yellow") if state.total is None else Text("running", style="green")


def _row(state: Running, now: float) -> list[RenderableType]:
    figures, total = state.figures, state.total
    share = f" {state.done / total:4.0%}" if total else ""
    left = clock(state.remaining_s) if state.alive and state.remaining_s is not None else ""
    return [
        Text(_name(state)),
        _condition(state, now),
        ProgressBar(total=total or 1, completed=state.done if total else 0, width=16),
        f"{state.done}/{total if total is not None else '?'}{share}",
        f"{state.rate_per_s:.1f}" if state.alive and state.rate_per_s else "",
        left,
        clock((now if state.alive else state.updated) - state.started),
        _number(figures.get("mean_similarity"), ".4f"),
        _number(figures.get("low"), ".0f"),
        _number(figures.get("from_cache"), ".0f"),
    ]


def _sum(states: Sequence[Running]) -> Running:
    """Several partitions of one asset as one: counts added, the mean weighted by clips, to go what the last one takes."""
    weights = [(state.figures.get("mean_similarity"), state.done) for state in states]
    scored = [(mean, done) for mean, done in weights if isinstance(mean, float) and done]
    figures: dict[str, object] = {}
    if scored:
        figures["mean_similarity"] = sum(mean * done for mean, done in scored) / sum(done for _, done in scored)
    for name in ("low", "from_cache"):
        values = [state.figures[name] for state in states if name in state.figures]
        figures |= {name: sum(values)} if values else {}
    lefts = [state.remaining_s for state in states if state.remaining_s is not None]
    totals = [state.total for state in states if state.total is not None]
    return Running(
        unit=states[0].unit,
        done=sum(state.done for state in states),
        total=sum(totals) if totals else None,
        rate_per_s=sum(state.rate_per_s for state in states),
        remaining_s=max(lefts) if lefts else None,
        started=min(state.started for state in states),
        updated=max(state.updated for state in states),
        process=states[0].process,
        figures=figures,
        asset=f"{states[0].asset}, {len(states)} running",
    )


def _progress_table(shot: Snapshot) -> Table:
    table = Table(title=f"{shot.voice}: {len(shot.alive)} running", title_justify="left", title_style="bold")
    for heading in ("asset", "", "", "done"):
        table.add_column(heading, no_wrap=heading == "done")
    for heading in ("/s", "to go", "so far", "mean sim", "low", "cache"):
        table.add_column(heading, justify="right", no_wrap=True)
    for name in dict.fromkeys(state.asset for state in shot.states):
        states = [state for state in shot.states if state.asset == name]
        alive = [state for state in states if state.alive]
        for state in states:
            table.add_row(*_row(state, shot.now))
        if len(alive) > 1:
            table.add_row(*_row(_sum(alive), shot.now), style="bold")
    return table


def _recent_table(states: Sequence[Running], low_similarity: float) -> Table | None:
    """The last clips, of all that run in turn, the newest of each first."""
    deepest = max((len(state.recent) for state in states), default=0)
    lines = [state.recent[-1 - depth] for depth in range(deepest) for state in states if depth < len(state.recent)]
    if not lines:
        return None
    table = Table("clip", "sim", "reference", "heard", title="last clips", title_justify="left", title_style="bold")
    for clip in lines[:RECENT]:
        score = clip.get("similarity")
        style = "" if not isinstance(score, float) else "red" if score < low_similarity else "green"
        texts = [Text(" ".join(str(clip.get(name, "")).split())) for name in ("reference", "hypothesis")]
        table.add_row(Text(str(clip.get("clip_id", ""))), Text(_number(score, ".2f"), style=style), *texts)
    return table


def _gpu_table(gpus: Sequence[GpuUse]) -> Table:
    table = Table("gpu", "name", "busy", "memory", title_justify="left")
    for gpu in gpus:
        busy = "?" if gpu.busy_percent is None else f"{gpu.busy_percent} %"
        memory = "?" if gpu.used_mib is None or gpu.total_mib is None else f"{gpu.used_mib} of {gpu.total_mib} MiB"
        table.add_row(str(gpu.index), Text(gpu.name), busy, memory)
    return table


def render(shot: Snapshot) -> RenderableType:
    """The picture of one moment: what runs, the last clips, the GPUs; when nothing runs, that and the last result."""
    parts: list[RenderableType] = []
    if shot.states:
        parts.append(_progress_table(shot))
    recent = _recent_table(shot.alive, shot.low_similarity)
    if recent is not None:
        parts.append(recent)
    if shot.gpus:
        parts.append(_gpu_table(shot.gpus))
    if not shot.alive:
        parts.append(Text(f"Nothing is running for {shot.voice}.", style="bold"))
        if shot.result is None:
            parts.append(Text("There is no finished Whisper validation of its data set yet."))
        else:
            folder, lines = shot.result
            parts += [Text("The last result:"), *(Text(f"  {line}") for line in lines), Text(f"  {folder}")]
    return Group(*parts)


def watch(voice: Voice, *, once: bool, console: Console | None = None) -> None:
    """Show ``voice`` until Ctrl-C or SIGTERM; one snapshot with ``once``, and when the output is no terminal."""
    console = console or Console()
    if once or not console.is_terminal:
        console.print(render(snapshot(voice, look_at_gpus())))
        return
    over: list[int] = []
    # Noted, not raised: whenever it comes, the picture is finished and the cursor is back. A list, not threading.Event, whose
    # lock this very thread may hold when the signal comes.
    before = {
        number: signal.signal(number, lambda number, _: over.append(number)) for number in (signal.SIGINT, signal.SIGTERM)
    }
    gpus, looked = look_at_gpus(), time.monotonic()
    try:
        with Live(render(snapshot(voice, gpus)), console=console, auto_refresh=False) as live:
            while not over:
                time.sleep(SECONDS_BETWEEN_LOOKS)
                if time.monotonic() - looked >= SECONDS_BETWEEN_GPU_LOOKS:
                    gpus, looked = look_at_gpus(), time.monotonic()
                live.update(render(snapshot(voice, gpus)), refresh=True)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
