"""Transcribe and score a table of clips: ``python -m voice_assets.workers.transcribe --help``.

Reads a Parquet table with the columns clip_id, path, text, audio_sha256 and duration_s, writes one with the columns
TRANSCRIPTS (``speech.tables``), in the same order. A run that was killed goes on where it was: finished batches are in
``<out>.partial.jsonl``. How clips are decoded is in ``engines.whisper``, how they are scored in ``speech.similarity``.

Events: started, note, progress (done, total, rate_per_s, remaining_s, mean_similarity, low, last), done, error.
"""

import argparse
import logging
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import pandas as pd

from voice_assets.engines import weights, whisper
from voice_assets.files import replacing, sha256
from voice_assets.speech.similarity import cer, similarity
from voice_assets.speech.tables import TRANSCRIPTS, frame
from voice_assets.workers import protocol
from voice_assets.workers.partial import Partial, PartialError, Record, opened, options_key

NEEDED = ("clip_id", "path", "text", "audio_sha256", "duration_s")
# Part of every key: change it when decoding changes so that older partial results no longer count.
_DECODER = 1


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
    add("--beam-size", type=_positive, default=5, help="beam of the second look at clips that came out badly (default: 5)")
    add("--batch-size", type=_positive, default=16, help="clips decoded together (default: 16)")
    add("--low-similarity", type=float, default=0.8, help="a clip is low under this similarity (default: 0.8)")
    add("--progress-every", type=_positive, default=40, help="clips between two progress events (default: 40)")
    add("--weights-cache", type=Path, required=True, help="folder for weights that are joined from installed packages")
    add("--cpu-threads", type=int, default=0, help="threads on a CPU; 0 takes all cores (default)")
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
    """Tells what is done so far: a line a clip in the log, progress events with the figures."""

    log: IO[str]
    progress: protocol.Progress
    low_similarity: float
    every: int
    number: int = 0
    total_similarity: float = 0.0
    low: int = 0
    _told: int = field(default=0)

    def add(self, records: Sequence[Record], note: str = "") -> None:
        """Take finished clips into log and figures."""
        for record in records:
            self.number += 1
            self.total_similarity += record["similarity"]
            self.low += record["similarity"] < self.low_similarity
            texts = " | ".join(" ".join(str(record[name]).split()) for name in ("clip_id", "reference", "hypothesis"))
            self.log.write(
                f"[{self.number}/{self.progress.total}] sim={record['similarity']:.2f} cer={record['cer']:.2f} "
                f"pass={record['decoding']} {texts}{note}\n"
            )
        self.log.flush()

    def figures(self) -> Record:
        """Mean similarity (null before the first clip) and number of low clips so far."""
        return {"mean_similarity": self.total_similarity / self.number if self.number else None, "low": self.low}

    def batch(self, records: Sequence[Record]) -> None:
        """A batch is done: log it, and tell the progress when it is time to."""
        self.add(records)
        self._told += len(records)
        if self._told >= self.every or self.number == self.progress.total:
            shown = ("clip_id", "reference", "hypothesis", "similarity")
            self.progress.step(self._told, **self.figures(), last={name: records[-1][name] for name in shown})
            self._told = 0


def _record(row: Record, transcript: whisper.Transcript, language: str) -> Record:
    return {
        "clip_id": row["clip_id"],
        "path": row["path"],
        "audio_sha256": row["audio_sha256"],
        "duration_s": float(row["duration_s"]),
        "reference": row["text"],
        "hypothesis": transcript.hypothesis,
        "similarity": similarity(row["text"], transcript.hypothesis, language),
        "cer": cer(row["text"], transcript.hypothesis, language),
        "decoding": transcript.decoding,
    }


def _decode(
    options: argparse.Namespace, rows: Sequence[Record], transcriber: whisper.Transcriber, partial: Partial, report: Report
) -> None:
    by_id = {row["clip_id"]: row for row in rows}
    clips = [whisper.Clip(row["clip_id"], options.dataset / row["path"], float(row["duration_s"]), row["text"]) for row in rows]
    for batch in whisper.plan(clips, options.batch_size):
        for clip in batch:
            audio_file(options.dataset, by_id[clip.clip_id])
        heard = transcriber.transcribe_batch(batch)
        records = [_record(by_id[transcript.clip_id], transcript, options.language) for transcript in heard]
        partial.append(records)
        report.batch(records)


def _load(options: argparse.Namespace, folder: Path) -> whisper.Transcriber:
    transcriber = whisper.Transcriber(
        folder,
        device=options.device,
        compute_type=options.compute_type,
        language=options.language,
        beam_size=options.beam_size,
        batch_size=options.batch_size,
        cpu_threads=options.cpu_threads,
        low_similarity=options.low_similarity,
    )
    for note in transcriber.notes:
        protocol.emit("note", message=note)
    return transcriber


def _key(options: argparse.Namespace, folder: Path) -> str:
    device = whisper.choose_device(options.device)
    compute_type, _ = whisper.choose_compute_type(options.compute_type, device, options.device)
    return options_key(
        decoder=_DECODER,
        model=weights.fingerprint(folder),
        device=device,
        compute_type=compute_type,
        language=options.language,
        beam_size=options.beam_size,
        low_similarity=options.low_similarity,
    )


def _write(out: Path, rows: Sequence[Record], partial: Partial) -> pd.DataFrame:
    records = [partial.find(row["clip_id"], row["audio_sha256"], row["text"]) for row in rows]
    table = frame([record for record in records if record is not None], TRANSCRIPTS)
    if len(table) != len(rows):
        raise ClipsError(f"{out}: {len(rows)} clips were asked for, {len(table)} came back")
    with replacing(out) as temporary:
        table.to_parquet(temporary, index=False)
    return table


def work(options: argparse.Namespace) -> None:
    """Do what the command line says.

    Raises:
        ClipsError, PartialError, weights.WeightsError, whisper.TranscriberError, whisper.ClipAudioError
    """
    started = time.monotonic()
    rows = read_clips(options.clips)
    folder = weights.resolve(options.model, options.weights_cache)
    key = _key(options, folder)
    options.log.parent.mkdir(parents=True, exist_ok=True)
    with (
        opened(options.out.with_name(options.out.name + ".partial.jsonl"), key) as partial,
        options.log.open("a", encoding="utf-8", errors="backslashreplace", newline="\n") as log,
    ):
        found = {row["clip_id"]: partial.find(row["clip_id"], row["audio_sha256"], row["text"]) for row in rows}
        kept = [record for record in found.values() if record is not None]
        left = [row for row in rows if found[row["clip_id"]] is None]
        protocol.emit("started", clips=len(rows), resumed=len(kept), model=str(folder), key=key)
        report = Report(log, protocol.Progress(len(rows), done=len(kept)), options.low_similarity, options.progress_every)
        report.add(kept, note=" (from the run before)")
        if left:
            _decode(options, left, _load(options, folder), partial, report)
        table = _write(options.out, rows, partial)
        partial.remove()
    full = int((table["decoding"] == "full").sum())
    protocol.emit(
        "done", out=str(options.out), clips=len(table), full=full, seconds=time.monotonic() - started, **report.figures()
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the worker; returns the exit code of ``workers.protocol``."""
    options = parse(arguments)
    logging.getLogger("faster_whisper").setLevel(logging.WARNING)  # it says the length of every clip
    protocol.follow_parent(options.with_parent)
    return protocol.run(
        lambda: work(options),
        ClipsError,
        PartialError,
        weights.WeightsError,
        whisper.TranscriberError,
        whisper.ClipAudioError,
        OSError,
    )


if __name__ == "__main__":
    sys.exit(main())
