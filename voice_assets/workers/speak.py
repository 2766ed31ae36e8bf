"""Make a voice speak sentences, transcribe these samples and score them beside recordings of the data set.

Each sentence becomes ``sample_<nn>.wav``, a repetition ``sample_<nn>_r<n>.wav``. Whisper transcribes the files; models predict
how people would rate them, and how alike the speakers are. Held-out recordings are scored in the same way, once per data set.
The results are three tables (``dataset.tables``): ``samples.parquet`` (SAMPLES), ``recordings.parquet`` (RECORDINGS) and, last,
``scores.parquet`` (SCORES, one row). Rules judge the scores.

Events: started (model, sentences, repeats, recordings, stored), progress (done, total, rate_per_s, remaining_s, part, sample;
``part`` is recordings, then speak, then transcribe), note (message), done (result, and the row of SCORES),
error (message, type).
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from voice_assets.asr import recording_scores, speech_scores, validated_clips, weights
from voice_assets.asr.cache_keys import CacheKeys
from voice_assets.asr.cached_transcriber import Record
from voice_assets.asr.policy import DecodingPolicy
from voice_assets.asr.recogniser import RecogniserError, Utterance
from voice_assets.asr.recording_scores import Heard, RecordingScores, RecordingStore
from voice_assets.asr.requests import SpeakRequest
from voice_assets.asr.sound_scores import SoundScores
from voice_assets.asr.transcriber import ClipAudioError, Transcriber
from voice_assets.asr.whisper import WhisperRecogniser
from voice_assets.audio import mos, recordings, speaker
from voice_assets.dataset.readings import letters_in
from voice_assets.dataset.tables import SAMPLES, SCORES, frame
from voice_assets.piper import onnx_voice
from voice_assets.runtime import files
from voice_assets.workers import command_line
from voice_assets.workers.protocol import ProgressEvents, emit

EXPECTED = (
    onnx_voice.VoiceLoadError,
    onnx_voice.SpeechError,
    mos.MosError,
    speaker.SpeakerError,
    recordings.AudioError,
    validated_clips.ClipsError,
    weights.WeightsError,
    RecogniserError,
    ClipAudioError,
    OSError,
)


@dataclass(frozen=True)
class _Scoring:
    """One request at work: the voice, the recogniser and the stored figures of the recordings."""

    request: SpeakRequest
    voice: onnx_voice.OnnxVoice
    recogniser: WhisperRecogniser
    clips: list[Record]

    @cached_property
    def policy(self) -> DecodingPolicy:
        chosen = self.request.whisper
        return DecodingPolicy(self.request.language, chosen.retry_below, chosen.low_similarity)

    @cached_property
    def store(self) -> RecordingStore:
        key = CacheKeys.of(self.recogniser, self.policy).finished.key
        return RecordingStore(self.request.recordings_cache, self.voice.rate, key)

    def hypotheses(self, utterances: Sequence[Utterance]) -> Iterator[tuple[str, str]]:
        """Transcribe: (id, hypothesis), in the order of decoding. The references are unknown, so no pass depends on them."""
        for transcript in Transcriber(self.recogniser).transcribe(utterances, self.policy):
            yield transcript.clip_id, transcript.hypothesis

    def phonemes(self, text: str) -> int:
        """The count of letter phonemes of ``text``, as this voice is spoken."""
        return sum(len(letters_in(sentence)) for sentence in self.voice.phonemes(text))

    def score_recordings(self, heard: dict[str, Heard], progress: ProgressEvents) -> RecordingScores:
        """Measure the recordings that ``heard`` lacks, and score all."""
        missing = {clip["audio_sha256"]: clip for clip in self.clips if clip["audio_sha256"] not in heard}
        files_of = validated_clips.check_all_audio(self.request.dataset, list(missing.values()))
        utterances = [Utterance(digest, files_of[digest], clip["duration_s"]) for digest, clip in missing.items()]
        for digest, hypothesis in self.hypotheses(utterances):
            heard[digest] = self.store.measure(digest, files_of[digest], hypothesis)
            progress.step(1, part="recordings", sample=missing[digest]["clip_id"])
        return recording_scores.recording_scores(self.clips, heard, self.request.language, self.phonemes)

    def speak(self, progress: ProgressEvents) -> list[tuple[dict[str, Any], SoundScores]]:
        """Synthesise and measure every sentence with every seed: ``sample``, ``text``, ``seed``, ``phonemes``; the sound."""
        spoken = []
        for repeat in range(self.request.repeats):
            seed = self.request.seed + repeat
            voice = self.voice if repeat == 0 else onnx_voice.load(self.request.onnx, self.request.config, seed)
            for index, text in enumerate(self.request.sentences, start=1):
                name = f"sample_{index:02d}.wav" if repeat == 0 else f"sample_{index:02d}_r{repeat + 1}.wav"
                samples = voice.say(text)
                recordings.write_wav(self.request.out / name, samples, voice.rate)
                row = {"sample": name, "text": text, "seed": seed, "phonemes": self.phonemes(text)}
                spoken.append((row, SoundScores.of(samples, voice.rate)))
                progress.step(1, part="speak", sample=name)
        return spoken

    def score_samples(self, own: RecordingScores, progress: ProgressEvents) -> pd.DataFrame:
        """Speak, transcribe and score: SAMPLES."""
        spoken = self.speak(progress)
        out, language = self.request.out, self.request.language
        heard = {}
        utterances = [Utterance(row["sample"], out / row["sample"], sound.duration_s) for row, sound in spoken]
        for name, hypothesis in self.hypotheses(utterances):
            heard[name] = hypothesis
            progress.step(1, part="transcribe", sample=name)
        rate = speech_scores.own_rate(own.table)
        rows = [
            speech_scores.sample_row(row, sound, heard[row["sample"]], language, own.speaker, rate) for row, sound in spoken
        ]
        return frame(rows, SAMPLES)


def _scoring(request: SpeakRequest) -> _Scoring:
    folder = weights.resolve(request.whisper.model, request.weights_cache)
    clips = validated_clips.read_validated_clips(request.held_out)
    if not clips:
        raise validated_clips.ClipsError(
            f"{request.held_out}: no clip is held out, so the samples have nothing to be compared with"
        )
    voice = onnx_voice.load(request.onnx, request.config, request.seed)
    return _Scoring(request, voice, WhisperRecogniser(folder, request.whisper, request.language, request.cpu_threads), clips)


def _write(table: pd.DataFrame, path: Path) -> None:
    with files.replacing(path) as temporary:
        table.to_parquet(temporary, index=False)


def work(request: SpeakRequest) -> None:
    """Score the recordings, speak, transcribe, score, and write the three tables."""
    scoring = _scoring(request)
    known = {digest: scoring.store.read(digest) for digest in {clip["audio_sha256"] for clip in scoring.clips}}
    heard = {digest: one for digest, one in known.items() if one is not None}
    counts = {"sentences": len(request.sentences), "repeats": request.repeats, "recordings": len(scoring.clips)}
    emit("started", model=request.onnx, **counts, stored=len(heard))
    progress = ProgressEvents(total=len(known) - len(heard) + 2 * len(request.sentences) * request.repeats)
    own = scoring.score_recordings(heard, progress)
    samples = scoring.score_samples(own, progress)
    for note in scoring.recogniser.notes:
        emit("note", message=note)
    scores = speech_scores.scores(samples, own.table)
    for name, table in (("samples", samples), ("recordings", own.table), ("scores", scores)):
        _write(table, request.out / f"{name}.parquet")
    emit("done", result=request.out / "scores.parquet", **{name: scores[name].iloc[0] for name in SCORES})


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the worker. Returns the exit code of ``workers.protocol``."""
    return command_line.run("speak", __doc__, SpeakRequest, work, EXPECTED, arguments)


if __name__ == "__main__":
    sys.exit(main())
