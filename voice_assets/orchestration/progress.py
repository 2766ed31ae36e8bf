"""Progress of a running asset: lines in the run's log, and the small file that the shell and `voice-assets watch` read.

The file (``voice_assets.runtime.running``) makes progress visible whoever started the run: the UI, the daemon or a shell.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg

from voice_assets.runtime import running
from voice_assets.runtime.processes import ProcessIdentity
from voice_assets.runtime.running import progress_file as progress_file

SECONDS_BETWEEN_WRITES = 0.5
RECENT = 5
"""Clips that the file holds: what a person reads along."""
LONGEST_TEXT = 120
"""Characters of a text in a line of the log."""
PASSED_ON = ("mean_similarity", "low", "decoded", "from_cache")
"""Figures of a worker's progress event that are shown beside the count."""


class Progress:
    """How far one running asset is: ``done`` of ``total``, with a rate per second and the seconds to go."""

    def __init__(self, context: dg.AssetExecutionContext, file: Path, every: int, unit: str):
        self._context, self._file, self._every, self._unit = context, file, every, unit
        self._began, self._written, self._logged = time.monotonic(), 0.0, 0
        self._started = time.time()
        self._recent: deque[Mapping[str, Any]] = deque(maxlen=RECENT)
        self._write(0, None, 0.0, None, {})

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
        """Tell that ``done`` of ``total`` are finished.

        Args:
            done: finished so far, with what was there from before.
            total: all.
            rate_per_s: as the work itself measured it; by default all that is done over the time since the start.
            remaining_s: seconds to go; by default from the rate.
            last: the newest clip, with clip_id, reference, hypothesis and similarity.
            figures: shown beside the count; those that are None are left out.
        """
        now = time.monotonic()
        elapsed = now - self._began
        rate = rate_per_s if rate_per_s is not None else (done / elapsed if elapsed > 0 else 0.0)
        remaining = remaining_s if remaining_s is not None else ((total - done) / rate if rate else None)
        figures = {name: value for name, value in figures.items() if value is not None}
        if last is not None:
            self._recent.append(last)
        if now - self._written >= SECONDS_BETWEEN_WRITES or done == total:
            self._written = now
            self._write(done, total, rate, remaining, figures)
        if done - self._logged >= self._every or done == total:
            self._logged = done
            self._context.log.info(self._line(done, total, rate, remaining, figures, last))

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

    def _write(self, done: int, total: int | None, rate: float, remaining: float | None, figures: Mapping[str, Any]) -> None:
        state = running.Running(
            unit=self._unit,
            done=done,
            total=total,
            rate_per_s=rate,
            remaining_s=remaining,
            started=self._started,
            updated=time.time(),
            figures=figures,
            recent=tuple(self._recent),
            process=ProcessIdentity.own(),
        )
        running.write(self._file, state)


def clip_words(clip: Mapping[str, Any]) -> str:
    """One clip in a line of the log: its name, its score, both texts."""
    texts = [" ".join(str(clip[name]).split()) for name in ("reference", "hypothesis")]
    short = [text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…" for text in texts]
    return f"{clip['clip_id']} sim={clip['similarity']:.2f}: {short[0]!r}, heard {short[1]!r}"


@contextmanager
def progress(context: dg.AssetExecutionContext, unit: str, every: int = 1000) -> Iterator[Progress]:
    """Progress of the asset that ``context`` runs, counted in ``unit``, logged every ``every`` of them."""
    voice, name = context.asset_key.path
    file = progress_file(voice, name, context.partition_key if context.has_partition_key else None)
    file.unlink(missing_ok=True)  # what a killed run left there
    try:
        yield Progress(context, file, every, unit)
    finally:
        file.unlink(missing_ok=True)


def follow(tell: Progress) -> Callable[[dict[str, Any]], None]:
    """A listener for a worker's events that hands its progress on: count, rate, scores and newest clip where it has them."""

    def listen(event: dict[str, Any]) -> None:
        if event["event"] == "progress":
            handed = {name: event.get(name) for name in ("rate_per_s", "remaining_s", "last", *PASSED_ON)}
            tell(event["done"], event["total"], **handed)

    return listen
