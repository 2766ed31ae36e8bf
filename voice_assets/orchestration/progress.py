"""Progress of a running asset: lines in the run's log, the small file that `voice-assets run` and `watch` read, and events.

The file (``voice_assets.runtime.running``) shows the progress of every run of this machine, started by the UI, by the daemon or
in a shell. The events are observations of the asset, at a low rate, and show the progress wherever the records can be read: in
the UI, and with `--server` (``unfinished_runs``).
"""

import json
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from math import isfinite, isnan
from pathlib import Path
from typing import Any

import dagster as dg

from voice_assets.orchestration.unfinished_runs import PROGRESS
from voice_assets.runtime import running
from voice_assets.runtime.plain_text import plain
from voice_assets.runtime.processes import ProcessIdentity
from voice_assets.runtime.running import progress_file as progress_file

SECONDS_BETWEEN_WRITES = 0.5
SECONDS_BETWEEN_EVENTS = 30.0
"""An event is a row of the database for ever: a shard of an hour records 120, a short one records its first count."""
EPOCHS_RECORDED = 10
"""The number of newest epochs in an event."""
RECENT = 5
"""The number of newest clips in the file, for a person to read."""
EPOCHS_SHOWN = 40
"""The number of newest epochs in the file, for a person to see the curve."""
LONGEST_TEXT = 120
"""The most characters of a text in a line of the log."""
PASSED_ON = ("mean_similarity", "low", "decoded", "from_cache")
"""Figures of a worker's progress event, shown beside the count."""


class Progress:
    """The progress of one running asset: ``done`` of ``total``, with a rate per second and the seconds to go."""

    def __init__(self, context: dg.AssetExecutionContext, file: Path, every: int, unit: str):
        self._context, self._file, self._every, self._unit = context, file, every, unit
        self._began, self._written, self._logged = time.monotonic(), 0.0, 0
        self._recorded: float | None = None
        self._started = time.time()
        self._recent: deque[Mapping[str, Any]] = deque(maxlen=RECENT)
        self._curve: deque[Mapping[str, Any]] = deque(maxlen=EPOCHS_SHOWN)
        self._level = ""
        running.write(file, self._state(0, None, 0.0, None, {}))

    def __call__(
        self,
        done: int,
        total: int,
        *,
        rate_per_s: float | None = None,
        remaining_s: float | None = None,
        last: Mapping[str, Any] | None = None,
        **figures: Any,
    ) -> None:
        """Record that ``done`` of ``total`` are finished.

        Args:
            done: the number of finished items, including items of an earlier run.
            total: the number of all items.
            rate_per_s: the rate that the worker measured; by default ``done`` over the time since the start.
            remaining_s: seconds to go; by default from the rate.
            last: the newest clip, with clip_id, reference, hypothesis and similarity.
            figures: shown beside the count, without figures that are None.
        """
        now = time.monotonic()
        elapsed = now - self._began
        rate = rate_per_s if rate_per_s is not None else (done / elapsed if elapsed > 0 else 0.0)
        remaining = remaining_s if remaining_s is not None else ((total - done) / rate if rate else None)
        figures = {name: value for name, value in figures.items() if value is not None}
        if last is not None:
            self._recent.append(last)
        state = self._state(done, total, rate, remaining, figures)
        if now - self._written >= SECONDS_BETWEEN_WRITES or done == total:
            self._written = now
            running.write(self._file, state)
        if self._recorded is None or now - self._recorded >= SECONDS_BETWEEN_EVENTS:
            self._recorded = now
            self._context.log_event(self._event(state))
        if done - self._logged >= self._every or done == total:
            self._logged = done
            self._context.log.info(self._line(done, total, rate, remaining, figures, last))

    def epoch(self, row: Mapping[str, Any], level: str = "") -> None:
        """Record a finished epoch of a training; the next progress puts it into the file.

        Args:
            row: a row of ``dataset.tables.EPOCHS``. A resumed training tells its earlier epochs again: a row replaces those of
                the same epoch and of later ones.
            level: whether the validation loss is level, in words (``piper.convergence.Level.state``).
        """
        while self._curve and self._curve[-1]["epoch"] >= row["epoch"]:
            self._curve.pop()
        # JSON has no NaN, which stands for a loss of an epoch that was not validated.
        self._curve.append({name: None if isinstance(value, float) and isnan(value) else value for name, value in row.items()})
        self._level, self._written = level, 0.0

    def _line(
        self,
        done: int,
        total: int,
        rate: float,
        remaining: float | None,
        figures: Mapping[str, Any],
        last: Mapping[str, Any] | None,
    ) -> str:
        shown = [f"{done} of {total} {self._unit}", f"{rate:.1f}/s"]
        shown += [] if remaining is None else [f"{remaining:.0f} s to go"]
        shown += [f"{name} {value:.3f}" if isinstance(value, float) else f"{name} {value}" for name, value in figures.items()]
        return ", ".join(shown) + ("" if last is None else f"; last {clip_words(last)}")

    def _event(self, state: running.Running) -> dg.AssetObservation:
        """The observation that records ``state``. The UI draws its numbers as curves."""
        kept = running.as_json(replace(state, curve=state.curve[-EPOCHS_RECORDED:]))
        plain_json = json.loads(json.dumps(kept, default=str), parse_constant=lambda _: None)  # a browser reads no NaN
        numbers = {name: value for name, value in state.figures.items() if isinstance(value, int | float) and isfinite(value)}
        return dg.AssetObservation(
            self._context.asset_key,
            partition=self._context.partition_key if self._context.has_partition_key else None,
            metadata={"done": state.done, **numbers, PROGRESS: dg.MetadataValue.json(plain_json)},
        )

    def _state(
        self, done: int, total: int | None, rate: float, remaining: float | None, figures: Mapping[str, Any]
    ) -> running.Running:
        return running.Running(
            unit=self._unit,
            done=done,
            total=total,
            rate_per_s=rate,
            remaining_s=remaining,
            started=self._started,
            updated=time.time(),
            figures=figures,
            recent=tuple(self._recent),
            curve=tuple(self._curve),
            level=self._level,
            process=ProcessIdentity.own(),
        )


def clip_words(clip: Mapping[str, Any]) -> str:
    """One clip for a line of the log: its id, its similarity, its reference and its hypothesis."""
    texts = [" ".join(str(clip[name]).split()) for name in ("reference", "hypothesis")]
    short = [text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…" for text in texts]
    return f"{plain(clip['clip_id'])} sim={clip['similarity']:.2f}: reference {short[0]!r}, hypothesis {short[1]!r}"


@contextmanager
def progress(context: dg.AssetExecutionContext, unit: str, every: int = 1000) -> Iterator[Progress]:
    """Progress of the asset that ``context`` runs, counted in ``unit``, with a line in the log for every ``every`` items."""
    voice, name = context.asset_key.path
    file = progress_file(voice, name, context.partition_key if context.has_partition_key else None)
    file.unlink(missing_ok=True)  # a killed run leaves its file
    try:
        yield Progress(context, file, every, unit)
    finally:
        file.unlink(missing_ok=True)


def follow(tell: Progress) -> Callable[[dict[str, Any]], None]:
    """A function for a worker's events. It passes the progress on: count, rate, figures and newest clip, where present."""

    def listen(event: dict[str, Any]) -> None:
        if event["event"] == "progress":
            details = {name: event.get(name) for name in ("rate_per_s", "remaining_s", "last", *PASSED_ON)}
            tell(event["done"], event["total"], **details)

    return listen
