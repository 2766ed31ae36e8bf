"""Make a voice speak sentences, transcribe these samples and score them.

Each sentence becomes ``sample_<nn>.wav``. Whisper transcribes the file, DNSMOS predicts how people would rate the file.
The result is ``samples.parquet`` with the columns SAMPLES (``dataset.tables``). Rules judge the scores.

Events: started (model, sentences), progress (done, total, rate_per_s, remaining_s, part, sample; ``part`` is speak, then
transcribe), note (message), done (result, samples, cer, similarity, mos), error (message, type).
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from voice_assets.asr import similarity, weights
from voice_assets.asr.policy import DecodingPolicy
from voice_assets.asr.recogniser import RecogniserError, Utterance
from voice_assets.asr.requests import SpeakRequest
from voice_assets.asr.transcriber import ClipAudioError, Transcriber
from voice_assets.asr.whisper import WhisperRecogniser
from voice_assets.audio import mos, recordings
from voice_assets.audio.signals import level_db
from voice_assets.dataset.tables import SAMPLES, frame
from voice_assets.piper import onnx_voice
from voice_assets.runtime import files
from voice_assets.workers import command_line
from voice_assets.workers.protocol import ProgressEvents, emit

EXPECTED = (
    onnx_voice.VoiceLoadError,
    onnx_voice.SpeechError,
    mos.MosError,
    weights.WeightsError,
    RecogniserError,
    ClipAudioError,
    OSError,
)


def _speak(voice: onnx_voice.OnnxVoice, texts: Sequence[str], out: Path, progress: ProgressEvents) -> list[dict[str, Any]]:
    """Synthesise and measure every text. Returns rows of SAMPLES without the columns of the recogniser."""
    rows = []
    for index, text in enumerate(texts, start=1):
        samples = voice.say(text)
        name = f"sample_{index:02d}.wav"
        recordings.write_wav(out / name, samples, voice.rate)
        rows.append(
            {
                "sample": name,
                "text": text,
                "duration_s": len(samples) / voice.rate,
                "level_db": level_db((samples / 32768).astype(np.float32)),
                "mos": mos.predict(samples, voice.rate),
            }
        )
        progress.step(1, part="speak", sample=name)
    return rows


def _transcribe(
    recogniser: WhisperRecogniser, request: SpeakRequest, rows: list[dict[str, Any]], progress: ProgressEvents
) -> None:
    """Add hypothesis and scores to each row. The decoding passes do not depend on the reference."""
    language = request.language
    policy = DecodingPolicy(language, request.whisper.retry_below, request.whisper.low_similarity)
    utterances = [Utterance(row["sample"], request.out / row["sample"], row["duration_s"]) for row in rows]
    hypotheses = {}
    for transcript in Transcriber(recogniser).transcribe(utterances, policy):
        hypotheses[transcript.clip_id] = transcript.hypothesis
        progress.step(1, part="transcribe", sample=transcript.clip_id)
    for row in rows:
        row["hypothesis"] = hypotheses[row["sample"]]
        row["similarity"] = similarity.similarity(row["text"], row["hypothesis"], language)
        row["cer"] = similarity.cer(row["text"], row["hypothesis"], language)


def work(request: SpeakRequest) -> None:
    """Speak, transcribe, score and write ``samples.parquet``."""
    emit("started", model=request.onnx, sentences=len(request.sentences))
    folder = weights.resolve(request.whisper.model, request.weights_cache)
    voice = onnx_voice.load(request.onnx, request.config, request.seed)
    progress = ProgressEvents(total=2 * len(request.sentences))
    rows = _speak(voice, request.sentences, request.out, progress)
    recogniser = WhisperRecogniser(folder, request.whisper, request.language, request.cpu_threads)
    _transcribe(recogniser, request, rows, progress)
    for note in recogniser.notes:
        emit("note", message=note)
    table = frame(rows, SAMPLES)
    with files.replacing(request.out / "samples.parquet") as temporary:
        table.to_parquet(temporary, index=False)
    means = {name: float(table[name].mean()) for name in ("cer", "similarity", "mos")}
    emit("done", result=request.out / "samples.parquet", samples=len(table), **means)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the worker. Returns the exit code of ``workers.protocol``."""
    return command_line.run("speak", __doc__, SpeakRequest, work, EXPECTED, arguments)


if __name__ == "__main__":
    sys.exit(main())
