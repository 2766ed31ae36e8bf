"""What ``voice-assets run`` prints at its end: a row per asset, the reports, why a gate is closed, and what to do.

Belongs here: words. Does not belong here: verdicts (``orchestration.runner``), names and units of figures (``figures``).
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from rich.console import Console
from rich.table import Table
from rich.text import Text

from voice_assets.cli import figures
from voice_assets.runtime.plain_text import plain
from voice_assets.runtime.storage import project_store
from voice_assets.voices import Voice

if TYPE_CHECKING:
    from voice_assets.orchestration.gates import AssetPartition
    from voice_assets.orchestration.launcher import Outcome
    from voice_assets.orchestration.runner import AssetStatus

COLOURS = {"PASS": "green", "WARN": "yellow", "FAIL": "red", "CLOSED": "red", "ERROR": "red"}
HEADINGS = {
    "WARN": "{asset}: rules failed, and the run goes on:",
    "FAIL": "The gate after {asset} is closed, because rules failed:",
    "CLOSED": "The gate of {asset} is closed, so {asset} was not made:",
    "ERROR": "{asset} could not be made:",
}


Places = Callable[["AssetStatus"], Iterable[tuple[str, str]]]


class VoiceFile(Protocol):
    """The voice that was run, and where its file is."""

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def file(self) -> Path | str: ...  # noqa: D102


def print_closing(
    console: Console,
    voice: VoiceFile,
    statuses: Sequence["AssetStatus"],
    names: Sequence[str],
    outcomes: Mapping["AssetPartition", "Outcome"],
    places: Places,
) -> None:
    """Print how the assets ``names`` stand after a run.

    Args:
        console: where to.
        voice: the voice that was run.
        statuses: the assets that the run came to.
        names: all assets that were asked for, upstream first.
        outcomes: the runs of this command, by asset and partition.
        places: where a person finds what an asset made, each with its kind.
    """
    console.print()
    console.print(_table(voice, statuses, names, outcomes))
    for kind, place in [found for status in statuses for found in places(status)]:
        console.print(f"  {kind}: {plain(place)}", soft_wrap=True)
    for status in statuses:
        if status.reasons:
            console.print(_reasons(status), soft_wrap=True)
    reached = {status.key.path[-1] for status in statuses}
    if missing := [name for name in names if name not in reached]:
        console.print(f"Not run: {', '.join(map(plain, missing))}.", soft_wrap=True)
    if closed := [status for status in statuses if not status.open]:
        console.print(_advice(voice, closed[0]), soft_wrap=True)


def places_here(voice: Voice) -> Places:
    """Where this machine has the reports and the package of ``voice``."""
    store = project_store(voice)

    def places(status: "AssetStatus") -> Iterator[tuple[str, str]]:
        for kind, uri in _files(status):
            yield kind, str(store.at(uri))
            if kind == "package" and (sample := next(iter(sorted(store.at(uri).glob("samples/*.wav"))), None)):
                yield "play it", str(sample)

    return places


def _table(
    voice: VoiceFile, statuses: Sequence["AssetStatus"], names: Sequence[str], outcomes: Mapping["AssetPartition", "Outcome"]
) -> Table:
    title = f"{voice.name}: {len(statuses)} of {len(names)} assets"
    table = Table(title=title, title_justify="left", title_style="bold")
    for heading in ("asset", "verdict", "partitions", "figures"):
        table.add_column(heading, overflow="fold")
    for status in statuses:
        words = figures.in_words(figures.together([result.metadata for result in status.results]))
        name = Text(plain(status.key.path[-1]))
        table.add_row(name, Text(status.verdict, style=COLOURS[status.verdict]), partitions_in_words(status, outcomes), words)
    return table


def partitions_in_words(status: "AssetStatus", outcomes: Mapping["AssetPartition", "Outcome"]) -> str:
    """What was done: ``2 made, 3 current``; for an asset with one or no partition ``made`` or ``v0-e0001 made``."""
    runs = {outcome.run_id for outcome in outcomes.values()}
    mine = [outcome for target, outcome in outcomes.items() if target.key == status.key]
    recorded = {result.run_id for result in status.results}
    if mine and not status.results and all(outcome.success for outcome in mine):
        return "observed"  # the data set: this project records its version and makes nothing
    others = [outcome for outcome in mine if outcome.run_id not in recorded]
    made = sum(result.run_id in runs for result in status.results)
    counts = {
        "made": made,
        "judged again": sum(outcome.success for outcome in others),
        "failed": sum(not outcome.success and not outcome.closed for outcome in others),
        "not made": sum(outcome.closed for outcome in others),
        "current": max(len(status.results) - made - len(others), 0),
    }
    return _counts(counts, [result.partition for result in status.results])


def _counts(counts: Mapping[str, int], partitions: Collection[str | None]) -> str:
    done = {word: times for word, times in counts.items() if times}
    if len(done) == 1 and sum(done.values()) == 1:
        (word,) = done
        named = [name for name in partitions if name is not None]
        return plain(f"{named[0]} {word}") if len(named) == 1 else word
    return ", ".join(f"{times} {word}" for word, times in done.items()) or "not run"


def _files(status: "AssetStatus") -> Iterator[tuple[str, str]]:
    """What an asset made for people, each with its URI: the newest report, the voice package."""
    for kind in ("report", "package"):
        recorded = [result.artifacts[kind].uri for result in status.results if kind in result.artifacts]
        yield from ((kind, uri) for uri in recorded[-1:])


def _reasons(status: "AssetStatus") -> Text:
    """Why an asset's verdict is not PASS, a line per rule: the rule, what was observed, and the limit."""
    heading = HEADINGS[status.verdict].format(asset=status.key.path[-1])
    lines = [f"\n  - {plain(reason, lines=True)}" for reason in status.reasons]
    return Text.assemble((status.verdict, COLOURS[status.verdict]), f" {plain(heading)}", *lines)


def _advice(voice: VoiceFile, last: "AssetStatus") -> str:
    """What a person can do about the asset at which the run ended."""
    again = "Then run the same command again."
    if last.verdict == "FAIL":
        rule = f"{last.key.path[-1]}/<rule>: <reason>"
        return plain(
            "What to do: correct the data set; or change the rule's limit in "
            f"{voice.file}; or let the rule warn instead, with `{rule}` under `advisory` there; or let it pass for these data "
            f"only, with `voice-assets waive {voice.name} {last.key.path[-1]}/<rule>`. {again}"
        )
    if last.verdict == "CLOSED":
        return f"What to do: correct what is listed. {again}"
    return f"What to do: correct the cause; `voice-assets ui` shows the whole log of each run. {again}"
