"""Transcribe what clients spoke with a voice, beside the same sentences spoken here with onnxruntime.

All of it is without the voice's noise, and the same Whisper hears all of it, so that a difference is the client's. The voice
speaks into ``<spoken>/here/``. The result is one table with the columns of HEARD (``dataset.tables``): a row for each client and
sentence, and the client ``here``.

Events: started (model, sentences, clients), progress (done, total, rate_per_s, remaining_s, part, sample; ``part`` is speak,
then transcribe), note (message), done (result), error (message, type).
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from voice_assets.asr import weights
from voice_assets.asr.policy import DecodingPolicy
from voice_assets.asr.recogniser import RecogniserError, Utterance
from voice_assets.asr.requests import HearRequest
from voice_assets.asr.speech_scores import text_scores
from voice_assets.asr.transcriber import ClipAudioError, Transcriber
from voice_assets.asr.whisper import WhisperRecogniser
from voice_assets.audio import recordings
from voice_assets.dataset.tables import HEARD, HERE, frame
from voice_assets.piper import onnx_voice
from voice_assets.runtime import files
from voice_assets.workers import command_line
from voice_assets.workers.protocol import ProgressEvents, emit

EXPECTED = (
    onnx_voice.VoiceLoadError,
    onnx_voice.SpeechError,
    recordings.AudioError,
    weights.WeightsError,
    RecogniserError,
    ClipAudioError,
    OSError,
)


def _wav(request: HearRequest, client: str, number: int) -> Path:
    return request.spoken / client / f"{number:02d}.wav"


def _speak_here(request: HearRequest, progress: ProgressEvents) -> None:
    voice = onnx_voice.load(request.onnx, request.config)
    for number, text in enumerate(request.sentences, start=1):
        recordings.write_wav(_wav(request, HERE, number), voice.say(text, noise=False), voice.rate)
        progress.step(1, part="speak", sample=f"{HERE}/{number:02d}.wav")


def _utterances(request: HearRequest) -> dict[str, tuple[str, int, Utterance]]:
    """Every file to transcribe: id -> (client, number of the sentence, file)."""
    found = {}
    for client in (HERE, *request.clients):
        for number in range(1, len(request.sentences) + 1):
            path, name = _wav(request, client, number), f"{client}/{number:02d}.wav"
            found[name] = (client, number, Utterance(name, path, recordings.probe(path).duration_s))
    return found


def work(request: HearRequest) -> None:
    """Speak, transcribe, score, and write the table."""
    recogniser = WhisperRecogniser(
        weights.resolve(request.whisper.model, request.weights_cache), request.whisper, request.language, request.cpu_threads
    )
    emit("started", model=request.onnx, sentences=len(request.sentences), clients=len(request.clients))
    progress = ProgressEvents(total=len(request.sentences) * (len(request.clients) + 2))
    _speak_here(request, progress)
    utterances, rows = _utterances(request), {}
    policy = DecodingPolicy(request.language, request.whisper.retry_below, request.whisper.low_similarity)
    # The references stay unknown to the recogniser, so no decoding pass depends on them.
    for transcript in Transcriber(recogniser).transcribe([one for _, _, one in utterances.values()], policy):
        client, number, _ = utterances[transcript.clip_id]
        text, hypothesis = request.sentences[number - 1], transcript.hypothesis
        row = {"client": client, "sentence": number, "text": text, "hypothesis": hypothesis}
        rows[transcript.clip_id] = {**row, **text_scores(text, hypothesis, request.language)}
        progress.step(1, part="transcribe", sample=transcript.clip_id)
    for note in recogniser.notes:
        emit("note", message=note)
    with files.replacing(request.out) as temporary:
        frame([rows[name] for name in utterances], HEARD).to_parquet(temporary, index=False)
    emit("done", result=request.out)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the worker. Returns the exit code of ``workers.protocol``."""
    return command_line.run("hear", __doc__, HearRequest, work, EXPECTED, arguments)


if __name__ == "__main__":
    sys.exit(main())
