"""Make a voice speak, listen to it and score it: ``python -m voice_assets.workers.speak --help``.

Each sentence becomes ``sample_<nn>.wav``, Whisper transcribes it back, DNSMOS predicts how people would rate it. The
result is ``samples.parquet`` with the columns SAMPLES. Whether the scores are good enough is for rules to say.

Events: ``started``, ``progress`` (``part``: ``speak``, then ``listen``), ``note``, ``done``.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from voice_assets.asr import similarity, weights, whisper
from voice_assets.audio import mos, recordings
from voice_assets.audio.signals import level_db
from voice_assets.dataset.tables import SAMPLES, frame
from voice_assets.piper import onnx_voice
from voice_assets.piper.sentences import SentencesError, sentences_for
from voice_assets.runtime import files
from voice_assets.workers.protocol import Progress, emit, follow_parent, run

EXPECTED = (
    onnx_voice.VoiceLoadError,
    onnx_voice.SpeechError,
    mos.MosError,
    weights.WeightsError,
    whisper.TranscriberError,
    whisper.ClipAudioError,
    SentencesError,
    OSError,
)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    line = argparse.ArgumentParser(prog="python -m voice_assets.workers.speak", description=__doc__)
    line.add_argument("--model", type=Path, required=True, help="the voice's .onnx")
    line.add_argument("--config", type=Path, help="its configuration (default: MODEL.json)")
    line.add_argument("--sentences", type=Path, help="a JSON list of texts (default: the language's own)")
    line.add_argument("--out", type=Path, required=True, help="folder to write into")
    line.add_argument("--language", required=True, help="two-letter code, such as ru")
    line.add_argument("--whisper-model", required=True, help="a model folder, or the name of installed weights")
    line.add_argument("--device", default="auto", help="Whisper's: auto, cpu, cuda")
    line.add_argument("--compute-type", default="int8", help="CTranslate2's: float16 on a GPU, int8 on a CPU")
    line.add_argument("--cpu-threads", type=int, default=0, help="Whisper's threads on a CPU; 0 takes all cores (default)")
    line.add_argument("--weights-cache", type=Path, required=True, help="folder for weights that are joined from packages")
    line.add_argument("--seed", type=int, default=1, help="of the voice's noise")
    line.add_argument("--with-parent", type=int, metavar="PID", help="die when this process is no longer the parent")
    return line


def read_sentences(path: Path | None, language: str) -> list[str]:
    """The texts to say.

    Raises:
        SentencesError: the file is no JSON list of texts, or has none.
    """
    if path is None:
        return sentences_for(language)
    try:
        texts = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise SentencesError(f"{path}: not JSON: {error}") from error
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) and text.strip() for text in texts):
        raise SentencesError(f"{path}: not a list of texts: {str(texts)[:80]}")
    return texts


def _speak(voice: onnx_voice.OnnxVoice, texts: list[str], out: Path, progress: Progress) -> list[dict[str, Any]]:
    """Say and measure every text; rows of SAMPLES without what Whisper heard."""
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


def _listen(transcriber: whisper.Transcriber, rows: list[dict[str, Any]], out: Path, progress: Progress) -> None:
    """Add to each row what Whisper heard, and how close it is. The transcriber is not told what was said."""
    clips = [whisper.Clip(row["sample"], out / row["sample"], row["duration_s"]) for row in rows]
    heard = {}
    for transcript in transcriber.transcribe(clips):
        heard[transcript.clip_id] = transcript.hypothesis
        progress.step(1, part="listen", sample=transcript.clip_id)
    for row in rows:
        row["hypothesis"] = heard[row["sample"]]
        row["similarity"] = similarity.similarity(row["text"], row["hypothesis"], transcriber.language)
        row["cer"] = similarity.cer(row["text"], row["hypothesis"], transcriber.language)


def main(arguments: argparse.Namespace) -> None:
    """Speak, listen, score and write ``samples.parquet``."""
    follow_parent(arguments.with_parent)
    texts = read_sentences(arguments.sentences, arguments.language)
    emit("started", model=arguments.model, sentences=len(texts))
    folder = weights.resolve(arguments.whisper_model, arguments.weights_cache)
    voice = onnx_voice.load(arguments.model, arguments.config, arguments.seed)
    progress = Progress(total=2 * len(texts))
    rows = _speak(voice, texts, arguments.out, progress)
    chosen = (arguments.device, arguments.compute_type, arguments.language)
    transcriber = whisper.Transcriber(folder, *chosen, cpu_threads=arguments.cpu_threads)
    _listen(transcriber, rows, arguments.out, progress)
    for note in transcriber.notes:
        emit("note", message=note)
    table = frame(rows, SAMPLES)
    with files.replacing(arguments.out / "samples.parquet") as temporary:
        table.to_parquet(temporary, index=False)
    means = {name: float(table[name].mean()) for name in ("cer", "similarity", "mos")}
    emit("done", result=arguments.out / "samples.parquet", samples=len(table), **means)


if __name__ == "__main__":
    namespace = parser().parse_args()
    sys.exit(run(lambda: main(namespace), *EXPECTED))
