"""What the command line shows: progress bars, closing tables, the servers. Decides nothing about voices."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from voice_assets.runtime import project, running
from voice_assets.runtime.storage import Artifact, project_store
from voice_assets.voices import BrokenVoice, Voice

COLOURS = {"PASS": "green", "WARN": "yellow", "FAIL": "red", "CLOSED": "red", "ERROR": "red"}
FIGURES = (
    "clips", "hours", "clips_with_findings", "problem_rows", "text_length_p95", "duplicate_ratio", "mean_similarity",
    "low_similarity", "train", "validation", "epochs", "first_loss", "last_loss", "max_abs_difference", "mean_cer", "mean_mos",
)  # fmt: skip
SECONDS_BETWEEN_LOOKS = 0.5
WIDE = 120


class _Rate(ProgressColumn):
    """Items per second and the time to go, as the work itself reports them."""

    def render(self, task: Any) -> Text:
        rate, remaining = task.fields.get("rate"), task.fields.get("remaining")
        left = "" if remaining is None else f", {_clock(remaining)} to go"
        return Text("" if not rate else f"{rate:.1f}/s{left}", style="cyan")


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def _bars(console: Console) -> Progress:
    return Progress(
        SpinnerColumn(finished_text=" "),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.completed:.0f}/{task.total}", style="cyan"),
        _Rate(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[figures]}", style="dim"),
        console=console,
    )


@contextmanager
def counting(unit: str) -> Iterator[Any]:
    """A progress bar for an importer: yields a function of ``(done, total)``."""
    console = Console(stderr=True)
    with _bars(console) as bars:
        task = bars.add_task(unit, total=None, figures="")
        yield lambda done, total: bars.update(task, completed=done, total=total, rate=bars.tasks[0].speed, remaining=None)


class Watcher:
    """Shows the runs that are going on: a bar each, fed from the progress file its asset writes, whichever process does."""

    def __init__(self, console: Console, voice: str):
        self.console, self.voice = console, voice
        self.bars = _bars(console)
        self._going: dict[str, tuple[TaskID, Path]] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> "Watcher":
        self.bars.start()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self.bars.stop()

    def starting(self, target: Any, reason: str) -> None:
        """Show a bar for ``target``."""
        from voice_assets.orchestration.progress import progress_file

        short = reason if len(reason) <= 60 else reason[:59] + "…"
        task = self.bars.add_task(f"{_short(target)} [dim]({escape(short)})", total=None, figures="")
        self._going[str(target)] = task, progress_file(self.voice, target.key.path[-1], target.partition)

    def ended(self, target: Any, outcome: Any) -> None:
        """Turn the bar of ``target`` into a line that stays."""
        task, _ = self._going.pop(str(target))
        elapsed = next(bar.elapsed for bar in self.bars.tasks if bar.id == task) or 0.0
        self.bars.remove_task(task)
        mark = "[green]done[/]" if outcome.success else "[red]stopped[/]"
        self.console.print(f"  {mark} {_short(target)} [dim]{elapsed:.1f} s, run {outcome.run_id[:8]}")

    def _look(self) -> None:
        while not self._over.wait(SECONDS_BETWEEN_LOOKS):
            for task, file in list(self._going.values()):
                state = running.read(file)
                if state is not None and state.alive:  # not what a killed run left there
                    self._show(task, state)

    def _show(self, task: TaskID, state: running.Running) -> None:
        self.bars.update(
            task,
            completed=state.done,
            total=state.total,
            rate=state.rate_per_s,
            remaining=state.remaining_s,
            figures=", ".join(f"{name} {_figure(value)}" for name, value in state.figures.items()),
        )


def _short(target: Any) -> str:
    """The place without the voice's name, which stands above the whole list."""
    name = target.key.path[-1]
    return escape(name if target.partition is None else f"{name}[{target.partition}]")


def _figure(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def run_voice(voice: str, asset: str | None, epoch: str | None) -> bool:
    """Walk the road of ``voice`` and print it. Returns whether every gate on it is open.

    Raises:
        SelectionError: there is no such voice, asset or epoch.
    """
    from voice_assets.definitions import build_definitions, read_voices
    from voice_assets.orchestration import pools
    from voice_assets.orchestration.instance import fail_dead_runs, only_runner, open_instance
    from voice_assets.orchestration.local_launcher import LocalLauncher
    from voice_assets.orchestration.runner import Runner, assets_to

    console = Console()
    graph = build_definitions().resolve_asset_graph()
    keys = assets_to(graph, voice, asset)
    chosen = next(known for known in read_voices()[0] if known.name == voice)
    with only_runner(voice), open_instance() as instance:
        for run_id in fail_dead_runs(instance):
            console.print(f"[yellow]run {run_id[:8]} was killed earlier; it is marked as failed and its work goes on")
        running.forget_dead(voice)
        with Watcher(console, voice) as watcher:
            widths = pools.widths([chosen])
            statuses = list(Runner(graph, instance, LocalLauncher(instance), watcher, epoch, widths).run(keys))
    _print_statuses(console, chosen, statuses, len(keys))
    return len(statuses) == len(keys) and all(status.open for status in statuses)


def _print_statuses(console: Console, voice: Voice, statuses: list[Any], length: int) -> None:
    store = project_store(voice.dataset)
    table = Table(title=f"{voice.name}: {len(statuses)} of {length} assets", title_justify="left", title_style="bold")
    wide = console.width >= WIDE
    for column in ("asset", "verdict", "runs"):
        table.add_column(column, no_wrap=True)
    table.add_column("figures", overflow="fold")
    if wide:
        table.add_column("report", overflow="fold")
    for status in statuses:
        done = f"{status.ran} run" if status.ran else "current"
        report = _report(status)
        row = [status.key.path[-1], f"[{COLOURS[status.verdict]}]{status.verdict}", done, escape(_figures(status.results))]
        table.add_row(*row, *([report.name if report is not None else ""] if wide else []))
    console.print(table)
    for report in filter(None, map(_report, statuses)):
        console.print(f"  {store.at(report.uri)}", soft_wrap=True, highlight=False)
    for status in statuses:
        for reason in status.reasons:
            console.print(f"[{COLOURS[status.verdict]}]{status.verdict}[/] {escape(reason)}", soft_wrap=True, highlight=False)


def _report(status: Any) -> Artifact | None:
    """The newest report an asset wrote."""
    reports: list[Artifact] = [result.report for result in status.results if result.report is not None]
    return reports[-1] if reports else None


def _figures(results: list[Any]) -> str:
    """The figures of an asset: of one partition as they are; of several, counts added up and means weighted by clips."""
    if not results:
        return ""
    shown = [name for name in FIGURES if name in results[0].metadata]
    parts = []
    for name in shown[:4]:
        values = [result.metadata[name] for result in results]
        weights = [result.metadata.get("clips", 1) for result in results]
        added = all(isinstance(value, int) for value in values) or name == "hours"
        mean = sum(value * weight for value, weight in zip(values, weights, strict=True)) / (sum(weights) or 1)
        parts.append(f"{name} {_figure(sum(values) if added else mean)}")
    return ", ".join(parts)


def print_voices(voices: list[Voice], broken: list[BrokenVoice]) -> None:
    """The voices as a table, and below it the errors of broken files."""
    console = Console()
    table = Table("voice", "title", "language", "data set", "there")
    for voice in voices:
        there = "[green]yes" if voice.dataset.is_dir() else "[yellow]not yet"
        table.add_row(voice.name, voice.title, f"{voice.language}_{voice.region}", str(voice.dataset), there)
    console.print(table)
    for bad in broken:
        console.print(f"[red]{bad.name} does not load:[/]\n{escape(bad.error)}", soft_wrap=True, highlight=False)


def print_findings(findings: list[Any]) -> bool:
    """The doctor's findings, a line each. Returns whether nothing stands in the way of a run."""
    console = Console()
    marks = {"ok": "[green]ok  ", "warn": "[yellow]warn", "bad": "[red]bad "}
    for finding in findings:
        console.print(
            f"{marks[finding.state]}[/] [bold]{finding.subject}[/] {escape(finding.found)}", soft_wrap=True, highlight=False
        )
        if finding.advice:
            console.print(f"     {escape(finding.advice)}", soft_wrap=True, highlight=False, style="dim")
    return all(finding.state != "bad" for finding in findings)


def serve(host: str, port: int) -> int:
    """Run the web UI and the daemon until Ctrl-C or until one of them ends. Returns the exit code."""
    from voice_assets.definitions import read_voices
    from voice_assets.orchestration import pools
    from voice_assets.orchestration.instance import open_instance, ready_home

    home = ready_home()
    with open_instance() as instance:
        pools.apply(instance, pools.widths(read_voices()[0]))
    workspace = ["-w", str(project.root() / "workspace.yaml")]
    commands = [
        [sys.executable, "-m", "dagster_webserver", "-h", host, "-p", str(port), *workspace],
        [sys.executable, "-m", "dagster._daemon", "run", *workspace],
    ]
    Console().print(f"Dagster UI: http://{host}:{port}   (instance: {home}; Ctrl-C ends it)", highlight=False)
    processes = [subprocess.Popen(command, cwd=project.root()) for command in commands]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        while all(process.poll() is None for process in processes):
            threading.Event().wait(SECONDS_BETWEEN_LOOKS)
    except KeyboardInterrupt:
        return 0
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait()
    return 1
