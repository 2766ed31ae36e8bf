"""Transcribe and score a table of clips: ``python -m voice_assets.workers.transcribe --help``.

Reads a Parquet table with the columns clip_id, path, text, audio_sha256 and duration_s, writes one with the columns
TRANSCRIPTS (``dataset.tables``), in the same order. Hypotheses are kept in a transcript cache: a killed run goes on
where it was, and audio that was heard before, under the same model and options, is not decoded again. Which pass is due
is in ``asr.cached_transcriber``, how clips are decoded in ``asr.whisper``.

Events: started, note, progress (done, total, rate_per_s, remaining_s, mean_similarity, low, decoded, from_cache, last),
done, error.
"""

import argparse
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
from voice_assets.dataset.tables import TRANSCRIPTS, frame
from voice_assets.runtime import devices
from voice_assets.runtime.files import replacing, sha256
from voice_assets.workers import protocol

NEEDED = ("clip_id", "path", "text", "audio_sha256", "duration_s")


class ClipsError(ValueError):
    """A table of clips, or a clip's file, that cannot be used. The message names the table or the clip."""


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    assert __doc__ is not None
    parser = argparse.ArgumentParser(prog="python -m voice_assets.workers.transcribe", description=__doc__.split("\n")[0])
    add = parser.add_argument
    add("--dataset", type=Path, required=True, help="the data set; the paths of the clips are relative to it")
    add("--clips", type=Path, required=True, help="Parquet table with " + ", ".join(NEEDED))
    add("--out", type=Path, required=True, help="Parquet table to write, complete or not at all")
    add("--model", required=True, help="a model folder, or the name of weights on this machine (base, large-v3, owner/name)")
    add("--language", required=True, help="Whisper's code of the language, such as ru")
    add("--device", default="auto", choices=("auto", "cpu", "cuda"), help="auto takes CUDA where there is one (default)")
    add("--compute-type", default="int8", help="CTranslate2's: float16 on a GPU, int8 on a CPU (default: %(default)s)")
    add("--beam-size", type=_positive, default=5, help="beam of the later passes over clips that came out badly (default: 5)")
    add("--batch-size", type=_positive, default=16, help="clips in work at once; on a CPU its streams share them (default: 16)")
    add("--low-similarity", type=float, default=0.8, help="a clip is low under this similarity (default: 0.8)")
    add("--retry-below", type=float, default=0.93, help="a clip under this is heard again, wider (default: 0.93)")
    add("--vad-filter", action="store_true", help="cut silence out before the full decoding_pass (faster-whisper's VAD)")
    add("--progress-every", type=_positive, default=40, help="clips between two progress events (default: 40)")
    add("--weights-cache", type=Path, required=True, help="folder for weights that are joined from installed packages")
    add("--cpu-threads", type=int, default=0, help="threads on a CPU; 0 takes all cores (default)")
    add("--cache", type=Path, required=True, help="SQLite file with what was heard before; made when there is none")
    add("--log", type=Path, required=True, help="file that takes one line a clip (validator_whisper.log)")
    add("--with-parent", type=int, help="end as soon as this process is no longer the parent")
    return parser.parse_args(arguments)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not 1 or more")
    return number


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
    _progress: protocol.Progress | None = None
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
            self._progress = protocol.Progress(self.total, done=self.from_cache, work=self.seconds - heard_s)
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


def _load(options: argparse.Namespace, folder: Path, expected: tuple[str, str]) -> whisper.Transcriber:
    transcriber = whisper.Transcriber(
        folder,
        device=options.device,
        compute_type=options.compute_type,
        language=options.language,
        beam_size=options.beam_size,
        batch_size=options.batch_size,
        cpu_threads=options.cpu_threads,
        low_similarity=options.low_similarity,
        retry_below=options.retry_below,
        vad_filter=options.vad_filter,
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


def work(options: argparse.Namespace) -> None:
    """Do what the command line says.

    Raises:
        ClipsError, TranscriptCacheError, weights.WeightsError, whisper.TranscriberError, whisper.ClipAudioError
    """
    started = time.monotonic()
    rows = read_clips(options.clips)
    folder = weights.resolve(options.model, options.weights_cache)
    device, compute_type = settled(options.device, options.compute_type)
    fingerprint = weights.fingerprint(folder)
    policy = DecodingPolicy(options.language, options.retry_below, options.low_similarity)
    settings = CacheKeys.of(fingerprint, device, compute_type, policy, options.beam_size, options.vad_filter)
    verify(options.dataset, rows)
    options.log.parent.mkdir(parents=True, exist_ok=True)
    with (
        transcript_cache.opened(options.cache, engine_name()) as kept,
        options.log.open("a", encoding="utf-8", errors="backslashreplace", newline="\n") as log,
    ):
        transcriber = CachedTranscriber(
            options.dataset,
            policy,
            settings,
            kept,
            load=lambda: _load(options, folder, (device, compute_type)),
            check=lambda row: audio_file(options.dataset, row),
            on_note=lambda note: protocol.emit("note", message=note),
        )
        seconds = sum(windows.window_s(float(row["duration_s"])) for row in rows)
        report = Report(log, len(rows), seconds, options.low_similarity, options.progress_every, str(folder), kept.notes)
        records: dict[str, Record] = {}
        for part, now in transcriber.listen(rows):
            report.portion(part, now)
            records.update((record["clip_id"], record) for record in part)
        table = _write(options.out, rows, records)
    full = int((table["decoding_pass"] == "full").sum())
    seconds = time.monotonic() - started
    protocol.emit("done", out=str(options.out), clips=len(table), full=full, seconds=seconds, **report.figures())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the worker; returns the exit code of ``workers.protocol``."""
    options = parse(arguments)
    logging.getLogger("faster_whisper").setLevel(logging.WARNING)  # it says the length of every clip
    protocol.follow_parent(options.with_parent)
    return protocol.run(
        lambda: work(options),
        ClipsError,
        transcript_cache.TranscriptCacheError,
        weights.WeightsError,
        whisper.TranscriberError,
        whisper.ClipAudioError,
        OSError,
    )


if __name__ == "__main__":
    sys.exit(main())
