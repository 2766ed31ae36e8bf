"""Transcribe what clients spoke with a voice, beside the same sentences spoken here with onnxruntime.

All of it is without the voice's noise, and the same Whisper hears all of it, so that a difference is the client's. The voice
speaks into ``<spoken>/here/``. The result is one table with the columns of HEARD (``dataset.tables``): a row for each client
and sentence, and the client ``here``. A file that sounds as the voice does here, at any loudness, gets the same hypothesis.
Whisper is not asked again: for a voice that is hard to understand, it may answer otherwise when one bit changes.

Events: started (model, sentences, clients), progress (done, total, rate_per_s, remaining_s, part, sample; ``part`` is speak,
then compare, then transcribe), note (message), done (result), error (message, type).
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from voice_assets.asr import weights
from voice_assets.asr.policy import DecodingPolicy
from voice_assets.asr.recogniser import RecogniserError, Utterance
from voice_assets.asr.requests import HearRequest
from voice_assets.asr.speech_scores import text_scores
from voice_assets.asr.transcriber import ClipAudioError, Transcriber
from voice_assets.asr.whisper import WhisperRecogniser
from voice_assets.audio import recordings
from voice_assets.audio.same_sound import same_sound
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


@dataclass(frozen=True)
class _File:
    """A sentence that was spoken. ``same``: it sounds as it does here."""

    client: str
    number: int
    path: Path
    same: bool

    @property
    def name(self) -> str:
        return f"{self.client}/{self.path.name}"


def _wav(request: HearRequest, client: str, number: int) -> Path:
    return request.spoken / client / f"{number:02d}.wav"


def _speak_here(request: HearRequest, progress: ProgressEvents) -> list[_File]:
    voice, spoken = onnx_voice.load(request.onnx, request.config), []
    for number, text in enumerate(request.sentences, start=1):
        path = _wav(request, HERE, number)
        recordings.write_wav(path, voice.say(text, noise=False), voice.rate)
        spoken.append(_File(HERE, number, path, same=True))
        progress.step(1, part="speak", sample=spoken[-1].name)
    return spoken


def _of_clients(request: HearRequest, here: list[_File]) -> list[_File]:
    """The files of the clients, compared with the files here."""
    rate, spoken = recordings.probe(here[0].path).sample_rate, []
    own = {file.number: recordings.decode(file.path, rate) for file in here}
    for client in request.clients:
        for number, sound in own.items():
            path = _wav(request, client, number)
            spoken.append(_File(client, number, path, same_sound(sound, recordings.decode(path, rate))))
    return spoken


def _hypotheses(
    request: HearRequest, recogniser: WhisperRecogniser, spoken: list[_File], progress: ProgressEvents
) -> dict[str, str]:
    """The hypothesis of each file, by its name. The recogniser does not know the texts, so no decoding pass depends on them."""
    policy = DecodingPolicy(request.language, request.whisper.retry_below, request.whisper.low_similarity)
    utterances = [Utterance(file.name, file.path, recordings.probe(file.path).duration_s) for file in spoken]
    found = {}
    for transcript in Transcriber(recogniser).transcribe(utterances, policy):
        found[transcript.clip_id] = transcript.hypothesis
        progress.step(1, part="transcribe", sample=transcript.clip_id)
    return found


def _row(request: HearRequest, file: _File, hypothesis: str) -> dict[str, object]:
    text = request.sentences[file.number - 1]
    row = {"client": file.client, "sentence": file.number, "text": text, "same_sound": file.same, "hypothesis": hypothesis}
    return {**row, **text_scores(text, hypothesis, request.language)}


def work(request: HearRequest) -> None:
    """Speak, compare, transcribe, score, and write the table."""
    folder = weights.resolve(request.whisper.model, request.weights_cache)
    recogniser = WhisperRecogniser(folder, request.whisper, request.language, request.cpu_threads)
    emit("started", model=request.onnx, sentences=len(request.sentences), clients=len(request.clients))
    progress = ProgressEvents(total=len(request.sentences) * (len(request.clients) + 2))
    here = _speak_here(request, progress)
    others = _of_clients(request, here)
    same = [file for file in others if file.same]
    progress.step(len(same), part="compare", sample=f"{len(same)} files sound as they do here")
    heard = _hypotheses(request, recogniser, [*here, *(file for file in others if not file.same)], progress)
    for note in recogniser.notes:
        emit("note", message=note)
    heard |= {file.name: heard[here[file.number - 1].name] for file in same}
    with files.replacing(request.out) as temporary:
        frame([_row(request, file, heard[file.name]) for file in (*here, *others)], HEARD).to_parquet(temporary, index=False)
    emit("done", result=request.out)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the worker. Returns the exit code of ``workers.protocol``."""
    return command_line.run("hear", __doc__, HearRequest, work, EXPECTED, arguments)


if __name__ == "__main__":
    sys.exit(main())
