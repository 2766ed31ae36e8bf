"""Transcribe a table of clips and score each hypothesis against its reference.

Reads a Parquet table with the columns clip_id, path, text, audio_sha256 and duration_s. Writes a table with the columns
TRANSCRIPTS (``dataset.tables``) in the same order. The transcript cache keeps every hypothesis: a run that was killed goes
on where it stopped, and audio that was decoded before, with the same model and options, is not decoded again. The order
of decoding passes is in ``asr.cached_transcriber``, decoding in ``asr.whisper``.

Events: started (clips, from_cache, model), note (message), progress (once a batch: done, total, rate_per_s, remaining_s,
mean_similarity, low, decoded, from_cache, last), done (out, clips, full, seconds, mean_similarity, low, decoded,
from_cache), error (message, type).
"""

import logging
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pandas as pd

from voice_assets.asr import transcript_cache, weights, whisper, windows
from voice_assets.asr.cached_transcriber import CachedTranscriber, CacheKeys, Record, engine_name
from voice_assets.asr.policy import DecodingPolicy
from voice_assets.asr.requests import TranscribeRequest
from voice_assets.dataset.tables import TRANSCRIPTS, frame
from voice_assets.runtime import devices
from voice_assets.runtime.files import replacing, sha256
from voice_assets.workers import command_line, protocol

NEEDED = ("clip_id", "path", "text", "audio_sha256", "duration_s")


class ClipsError(ValueError):
    """A table of clips, or a clip's file, that cannot be used. The message names the table or the clip."""


def read_clips(table: Path) -> list[Record]:
    """The rows of ``table`` with the columns that are needed.

    Raises:
        ClipsError: no such table, no Parquet, a column is missing, or a clip is in it twice.
    """
    try:
        clips = pd.read_parquet(table)
    except (OSError, ValueError) as error:
        raise ClipsError(f"{table}: not a table that can be read: {error}") from error
    missing = [name for name in NEEDED if name not in clips.columns]
    if missing:
        raise ClipsError(f"{table}: the columns {', '.join(missing)} are missing")
    twice = clips.loc[clips["clip_id"].duplicated(), "clip_id"]
    if len(twice):
        raise ClipsError(f"{table}: the clip {twice.iloc[0]!r} is in it more than once")
    return [{str(name): value for name, value in row.items()} for row in clips[list(NEEDED)].to_dict("records")]


def audio_file(dataset: Path, row: Record) -> Path:
    """The file of a clip, after checking that it lies in the data set and is the one that was validated.

    Raises:
        ClipsError: naming clip, file and both hashes.
    """
    file = (dataset / row["path"]).resolve()
    named = f"clip {row['clip_id']!r} ({row['path'] or 'no path'})"
    if not row["path"] or not file.is_relative_to(dataset.resolve()):
        raise ClipsError(f"{named}: not a file of the data set {dataset}")
    if not file.is_file():
        raise ClipsError(f"{named}: {file} is missing; the data set changed since it was validated")
    found = sha256(file)
    if found != row["audio_sha256"]:
        raise ClipsError(
            f"{named}: the audio changed since it was validated: SHA-256 is {found}, in the table it is {row['audio_sha256']}"
        )
    return file


@dataclass
class Report:
    """Tells what is done so far: a line a clip in the log, progress events with the figures, notes of the cache.

    ``total`` clips are heard on windows of ``seconds`` in all: the longest come first, so the time to go follows the windows.
    """

    log: IO[str]
    total: int
    seconds: float
    low_similarity: float
    every: int
    model: str
    notes: list[str]
    decoded: int = 0
    from_cache: int = 0
    total_similarity: float = 0.0
    low: int = 0
    _progress: protocol.ProgressEvents | None = None
    _untold: int = 0
    _untold_s: float = 0.0

    def portion(self, records: Sequence[Record], now: bool) -> None:
        """Take finished clips, decoded ``now`` or out of the cache, and tell the progress when it is time to.

        The first portion is the cache's: what is in it does not count into the rate.
        """
        for record in records:
            self._count(record, now)
        self.log.flush()
        for note in self.notes:
            protocol.emit("note", message=note)
        self.notes.clear()
        heard_s = sum(windows.window_s(record["duration_s"]) for record in records)
        first = self._progress is None
        if self._progress is None:
            self._progress = protocol.ProgressEvents(self.total, done=self.from_cache, work=self.seconds - heard_s)
            protocol.emit("started", clips=self.total, from_cache=self.from_cache, model=self.model)
        else:
            self._untold += len(records)
            self._untold_s += heard_s
        if first or self._untold >= self.every or self.decoded + self.from_cache == self.total:
            shown = ("clip_id", "reference", "hypothesis", "similarity")
            last = {"last": {name: records[-1][name] for name in shown}} if records else {}
            self._progress.step(self._untold, self._untold_s, **self.figures(), **last)
            self._untold, self._untold_s = 0, 0.0

    def _count(self, record: Record, now: bool) -> None:
        self.decoded += now
        self.from_cache += not now
        self.total_similarity += record["similarity"]
        self.low += record["similarity"] < self.low_similarity
        texts = " | ".join(" ".join(str(record[name]).split()) for name in ("clip_id", "reference", "hypothesis"))
        self.log.write(
            f"[{self.decoded + self.from_cache}/{self.total}] sim={record['similarity']:.2f} cer={record['cer']:.2f} "
            f"pass={record['decoding_pass']}{'' if now else ' cache'} {texts}\n"
        )

    def figures(self) -> Record:
        """Mean similarity (null before the first clip), number of low clips, and where the hypotheses came from."""
        number = self.decoded + self.from_cache
        mean = self.total_similarity / number if number else None
        return {"mean_similarity": mean, "low": self.low, "decoded": self.decoded, "from_cache": self.from_cache}


def _load(request: TranscribeRequest, folder: Path, expected: tuple[str, str]) -> whisper.Transcriber:
    transcriber = whisper.Transcriber(
        folder,
        device=request.whisper.device,
        compute_type=request.whisper.compute_type,
        language=request.language,
        beam_size=request.whisper.beam_size,
        batch_size=request.whisper.batch_size,
        cpu_threads=request.cpu_threads,
        low_similarity=request.whisper.low_similarity,
        retry_below=request.whisper.retry_below,
        vad_filter=request.whisper.vad_filter,
    )
    if (transcriber.device, transcriber.compute_type) != expected:
        raise whisper.TranscriberError(
            f"the model runs on {transcriber.device} as {transcriber.compute_type}, expected was {' as '.join(expected)}"
        )
    return transcriber


def settled(device: str, compute_type: str) -> tuple[str, str]:
    """The device and compute type that will really be used.

    Known without asking CTranslate2 on a CPU, where ``int8`` and ``float32`` always run: a run that decodes nothing then
    loads no library.

    Raises:
        TranscriberError: they cannot be used.
    """
    hidden = os.environ.get(devices.VISIBLE) == ""
    if (device == "cpu" or (device == "auto" and hidden)) and compute_type in ("int8", "float32"):
        return "cpu", compute_type
    chosen = whisper.choose_device(device)
    return chosen, whisper.choose_compute_type(compute_type, chosen, device)[0]


def verify(dataset: Path, rows: Sequence[Record]) -> None:
    """Check every clip's file before anything is decoded, on all cores: hashing lets go of Python's lock.

    Raises:
        ClipsError: naming the first clip whose file is not the validated one.
    """
    with ThreadPoolExecutor(devices.cores()) as threads:
        for _ in threads.map(lambda row: audio_file(dataset, row), rows):
            pass


def _write(out: Path, rows: Sequence[Record], records: dict[str, Record]) -> pd.DataFrame:
    """The records in the order of ``rows``, by rename."""
    table = frame([records[row["clip_id"]] for row in rows], TRANSCRIPTS)
    with replacing(out) as temporary:
        table.to_parquet(temporary, index=False)
    return table


def work(request: TranscribeRequest) -> None:
    """Do what the request says.

    Raises:
        ClipsError, TranscriptCacheError, weights.WeightsError, whisper.TranscriberError, whisper.ClipAudioError
    """
    started, options = time.monotonic(), request.whisper
    rows = read_clips(request.clips)
    folder = weights.resolve(options.model, request.weights_cache)
    device, compute_type = settled(options.device, options.compute_type)
    fingerprint = weights.fingerprint(folder)
    policy = DecodingPolicy(request.language, options.retry_below, options.low_similarity)
    settings = CacheKeys.of(fingerprint, device, compute_type, policy, options.beam_size, options.vad_filter)
    verify(request.dataset, rows)
    request.log.parent.mkdir(parents=True, exist_ok=True)
    with (
        transcript_cache.opened(request.cache, engine_name()) as kept,
        request.log.open("a", encoding="utf-8", errors="backslashreplace", newline="\n") as log,
    ):
        transcriber = CachedTranscriber(
            request.dataset,
            policy,
            settings,
            kept,
            load=lambda: _load(request, folder, (device, compute_type)),
            check=lambda row: audio_file(request.dataset, row),
            on_note=lambda note: protocol.emit("note", message=note),
        )
        seconds = sum(windows.window_s(float(row["duration_s"])) for row in rows)
        report = Report(log, len(rows), seconds, options.low_similarity, options.batch_size, str(folder), kept.notes)
        records: dict[str, Record] = {}
        for part, now in transcriber.listen(rows):
            report.portion(part, now)
            records.update((record["clip_id"], record) for record in part)
        table = _write(request.out, rows, records)
    full = int((table["decoding_pass"] == "full").sum())
    seconds = time.monotonic() - started
    protocol.emit("done", out=str(request.out), clips=len(table), full=full, seconds=seconds, **report.figures())


EXPECTED = (
    ClipsError,
    transcript_cache.TranscriptCacheError,
    weights.WeightsError,
    whisper.TranscriberError,
    whisper.ClipAudioError,
    OSError,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the worker. Returns the exit code of ``workers.protocol``."""
    logging.getLogger("faster_whisper").setLevel(logging.WARNING)  # it logs the length of every clip
    return command_line.run("transcribe", __doc__, TranscribeRequest, work, EXPECTED, arguments)


if __name__ == "__main__":
    sys.exit(main())
