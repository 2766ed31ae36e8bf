"""Transcribe a table of clips and score each hypothesis against its reference.

Reads a Parquet table with the columns clip_id, path, text, audio_sha256 and duration_s. Writes a table with the columns
TRANSCRIPTS (``dataset.tables``) in the same order. The transcript cache stores every hypothesis. So a killed run that is
started again continues, and audio that was decoded with the same model and options is not decoded again.

Events: started (clips, from_cache, model, weights), note (message), progress (once a batch: done, total, rate_per_s,
remaining_s, mean_similarity, low, decoded, from_cache, last), done (out, clips, full, seconds, mean_similarity, low, decoded,
from_cache), error (message, type).
"""

import logging
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pandas as pd

from voice_assets.asr import transcript_cache, weights
from voice_assets.asr.cached_transcriber import CachedTranscriber, Record
from voice_assets.asr.policy import DecodingPolicy
from voice_assets.asr.recogniser import RecogniserError
from voice_assets.asr.requests import TranscribeRequest
from voice_assets.asr.transcriber import ClipAudioError
from voice_assets.asr.validated_clips import ClipsError, check_all_audio, read_validated_clips, validated_audio
from voice_assets.asr.whisper import FULL, WhisperRecogniser
from voice_assets.asr.windows import window_s
from voice_assets.dataset.tables import TRANSCRIPTS, frame
from voice_assets.runtime.files import replacing
from voice_assets.runtime.plain_text import plain
from voice_assets.workers import command_line, protocol


@dataclass
class TranscriptionLog:
    """Reports finished clips: one line per clip in the log, progress events with figures, the notes of the cache.

    Attributes:
        total: the number of clips.
        seconds: the length of all windows. The longest clips come first, so the remaining time is computed from windows.
        every: the fewest clips between two progress events.
        model: the folder of the weights.
        weights: the SHA-256 of the weights.
        notes: the notes of the cache. Each note is printed once and removed.
    """

    log: IO[str]
    total: int
    seconds: float
    low_similarity: float
    every: int
    model: str
    weights: str
    notes: list[str]
    decoded: int = 0
    from_cache: int = 0
    total_similarity: float = 0.0
    low: int = 0
    _progress: protocol.ProgressEvents | None = None
    _waiting: int = 0
    _waiting_s: float = 0.0

    def portion(self, records: Sequence[Record], now: bool) -> None:
        """Log finished clips, decoded ``now`` or from the cache, and print a progress event when it is due.

        The first portion comes from the cache and does not count in the rate.
        """
        for record in records:
            self._count(record, now)
        self.log.flush()
        for note in self.notes:
            protocol.emit("note", message=note)
        self.notes.clear()
        windows_s = sum(window_s(record["duration_s"]) for record in records)
        first = self._progress is None
        if self._progress is None:
            self._progress = protocol.ProgressEvents(self.total, done=self.from_cache, work=self.seconds - windows_s)
            protocol.emit("started", clips=self.total, from_cache=self.from_cache, model=self.model, weights=self.weights)
        else:
            self._waiting += len(records)
            self._waiting_s += windows_s
        if first or self._waiting >= self.every or self.decoded + self.from_cache == self.total:
            shown = ("clip_id", "reference", "hypothesis", "similarity")
            last = {"last": {name: records[-1][name] for name in shown}} if records else {}
            self._progress.step(self._waiting, self._waiting_s, **self.figures(), **last)
            self._waiting, self._waiting_s = 0, 0.0

    def _count(self, record: Record, now: bool) -> None:
        self.decoded += now
        self.from_cache += not now
        self.total_similarity += record["similarity"]
        self.low += record["similarity"] < self.low_similarity
        texts = " | ".join(plain(" ".join(str(record[name]).split())) for name in ("clip_id", "reference", "hypothesis"))
        self.log.write(
            f"[{self.decoded + self.from_cache}/{self.total}] sim={record['similarity']:.2f} cer={record['cer']:.2f} "
            f"pass={record['decoding_pass']}{'' if now else ' cache'} {texts}\n"
        )

    def figures(self) -> Record:
        """Mean similarity (null before the first clip), number of low clips, and where the hypotheses came from."""
        number = self.decoded + self.from_cache
        mean = self.total_similarity / number if number else None
        return {"mean_similarity": mean, "low": self.low, "decoded": self.decoded, "from_cache": self.from_cache}


def _write(out: Path, rows: Sequence[Record], records: dict[str, Record]) -> pd.DataFrame:
    """Write the records in the order of ``rows``, atomically."""
    table = frame([records[row["clip_id"]] for row in rows], TRANSCRIPTS)
    with replacing(out) as temporary:
        table.to_parquet(temporary, index=False)
    return table


def work(request: TranscribeRequest) -> None:
    """Transcribe the clips of the request.

    Raises:
        ClipsError, TranscriptCacheError, WeightsError, RecogniserError, ClipAudioError
    """
    started, options = time.monotonic(), request.whisper
    rows = read_validated_clips(request.clips)
    folder = weights.resolve(options.model, request.weights_cache)
    recogniser = WhisperRecogniser(folder, options, request.language, request.cpu_threads)
    check_all_audio(request.dataset, rows)
    request.log.parent.mkdir(parents=True, exist_ok=True)
    with (
        transcript_cache.opened(request.cache, recogniser.name) as cache,
        request.log.open("a", encoding="utf-8", errors="backslashreplace", newline="\n") as log,
    ):
        transcriber = CachedTranscriber(
            request.dataset,
            recogniser,
            DecodingPolicy(request.language, options.retry_below, options.low_similarity),
            cache,
            audio=lambda row: validated_audio(request.dataset, row),
            on_note=lambda note: protocol.emit("note", message=note),
        )
        identity = weights.weights_sha256(folder)
        windows_s = sum(window_s(float(row["duration_s"])) for row in rows)
        reported = TranscriptionLog(
            log, len(rows), windows_s, options.low_similarity, options.batch_size, str(folder), identity, cache.notes
        )
        records: dict[str, Record] = {}
        for portion, now in transcriber.transcribe(rows):
            reported.portion(portion, now)
            records.update((record["clip_id"], record) for record in portion)
        table = _write(request.out, rows, records)
    full = int((table["decoding_pass"] == FULL).sum())
    seconds = time.monotonic() - started
    protocol.emit("done", out=str(request.out), clips=len(table), full=full, seconds=seconds, **reported.figures())


EXPECTED = (
    ClipsError,
    transcript_cache.TranscriptCacheError,
    weights.WeightsError,
    RecogniserError,
    ClipAudioError,
    OSError,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the worker. Returns the exit code of ``workers.protocol``."""
    logging.getLogger("faster_whisper").setLevel(logging.WARNING)  # it logs the length of every clip
    return command_line.run("transcribe", __doc__, TranscribeRequest, work, EXPECTED, arguments)


if __name__ == "__main__":
    sys.exit(main())
