"""Runs the decoding passes that clips need: reads the audio ahead, decodes batch after batch with any recogniser.

Not here: which pass is due (``asr.policy``), how a pass decodes (``asr.whisper``), stored hypotheses
(``asr.cached_transcriber``).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from voice_assets.asr.policy import HALVES, DecodingPolicy
from voice_assets.asr.recogniser import Recogniser, Sound, Utterance
from voice_assets.asr.speech import LEAST_SPEECH_S, halves, speech_s
from voice_assets.asr.streams import read_ahead, side_by_side
from voice_assets.asr.suspicions import BETWEEN_HALVES, same_beginning
from voice_assets.audio import recordings
from voice_assets.audio.signals import level_db
from voice_assets.quality.summary import SILENT_BELOW_DB

READERS = 2
"""Threads that read audio. libav and the hash release Python's lock, so two threads read enough for several streams."""


class ClipAudioError(ValueError):
    """A clip whose audio cannot be decoded. The message names the clip and the file."""


@dataclass(frozen=True)
class Transcript:
    """The hypothesis that was kept for a clip, and the decoding pass that made it."""

    clip_id: str
    hypothesis: str
    decoding_pass: str


@dataclass
class AudioHypotheses:
    """The hypotheses of one audio by decoding pass, its RMS level in dBFS, and its seconds of speech.

    The level and the speech are None until the audio was read. ``halves_by``: the passes that decoded the halves in this run.
    """

    texts: dict[str, str]
    level_db: float | None = None
    speech_s: float | None = None
    halves_by: tuple[str, ...] = ()

    @property
    def silent(self) -> bool:
        """Whether the audio counts as silent, by the rule of the quality stage."""
        return self.level_db is not None and self.level_db < SILENT_BELOW_DB

    @property
    def speechless(self) -> bool:
        """Whether the audio has no speech, such as noise."""
        return self.speech_s is not None and self.speech_s < LEAST_SPEECH_S


_Read = tuple[Sound, AudioHypotheses]
Batch = Sequence[Utterance]
ReadSamples = Callable[[Utterance, int], np.ndarray]
"""The samples of an utterance at a rate in Hz: float32 ``[samples]`` within -1 to 1."""
NextPass = Callable[[Utterance, AudioHypotheses], str | None]
"""The next decoding pass that an utterance needs; None when the utterance needs no further pass."""


def read_samples(utterance: Utterance, sample_rate: int, data: bytes | None = None) -> np.ndarray:
    """The samples of the utterance's file: float32 ``[samples]``, mono, at ``sample_rate`` Hz.

    ``data``: the bytes of the file, where they were read already.

    Raises:
        ClipAudioError: the file cannot be decoded.
    """
    try:
        return recordings.decode(utterance.path, sample_rate, data).astype(np.float32) / 32768
    except (recordings.AudioError, OSError) as error:
        raise ClipAudioError(f"clip {utterance.clip_id!r} ({utterance.path}): {error}") from error


@dataclass
class Transcriber:
    """Decodes utterances with ``recogniser``. Two threads read and check audio, so that a GPU does not wait for a disk."""

    recogniser: Recogniser
    read: ReadSamples = read_samples

    def transcribe(self, utterances: Sequence[Utterance], policy: DecodingPolicy) -> Iterator[Transcript]:
        """Yield one transcript for each utterance as soon as its batch is done.

        Raises:
            ClipAudioError, RecogniserError
        """

        def next_pass(utterance: Utterance, known: AudioHypotheses) -> str | None:
            offered = self.recogniser.passes(utterance.duration_s)
            return policy.next_pass(offered, utterance.reference, known.texts, known.silent, known.speech_s)

        for batch, decoded in self.decode(self.recogniser.batches(utterances), next_pass, {}):
            for utterance, found in zip(batch, decoded, strict=True):
                offered = self.recogniser.passes(utterance.duration_s)
                kept = policy.best_hypothesis(offered, utterance.reference, found.texts, found.silent)
                yield Transcript(utterance.clip_id, *kept)

    def decode(
        self, batches: Iterable[Batch], next_pass: NextPass, known: Mapping[str, Mapping[str, str]]
    ) -> Iterator[tuple[Batch, list[AudioHypotheses]]]:
        """Run every pass that ``next_pass`` returns. Yield each batch with its hypotheses as soon as the batch is done.

        Args:
            batches: batches as `Recogniser.batches` makes them.
            next_pass: called in several threads.
            known: hypotheses of earlier runs, by clip id and decoding pass.

        Raises:
            ClipAudioError, RecogniserError, and what ``read`` raises.
        """
        self.recogniser.load()
        readers = ThreadPoolExecutor(READERS, "reading")

        def submit(utterance: Utterance) -> Future[_Read]:
            return readers.submit(self._read, utterance, known.get(utterance.clip_id, {}))

        def work(part: tuple[Batch, list[Future[_Read]]]) -> tuple[Batch, list[AudioHypotheses]]:
            batch, reads = part
            return batch, self._decode_batch(batch, [one.result() for one in reads], next_pass)

        try:
            depth = self.recogniser.streams  # one batch ready for each stream
            yield from side_by_side(work, read_ahead(batches, submit, depth), self.recogniser.streams)
        finally:
            readers.shutdown(cancel_futures=True)

    def _read(self, utterance: Utterance, texts: Mapping[str, str]) -> _Read:
        """The audio, its level and its seconds of speech. In the threads of the readers: a GPU must not wait for these."""
        rate = self.recogniser.sample_rate
        sound = Sound(utterance.duration_s, self.read(utterance, rate))
        speech = round(speech_s(sound.samples, rate), 2)
        return sound, AudioHypotheses(dict(texts), round(level_db(sound.samples), 2), speech)

    def _decode_batch(self, batch: Batch, reads: Sequence[_Read], next_pass: NextPass) -> list[AudioHypotheses]:
        sounds, found = [sound for sound, _ in reads], [one for _, one in reads]
        for decoding_pass in self.recogniser.fingerprints:
            asking = [index for index, one in enumerate(batch) if next_pass(one, found[index]) == decoding_pass]
            if asking:
                texts = self.recogniser.decode(decoding_pass, [sounds[index] for index in asking])
                for index, text in zip(asking, texts, strict=True):
                    found[index].texts[decoding_pass] = text
        for utterance, sound, one in zip(batch, sounds, found, strict=True):
            if next_pass(utterance, one) == HALVES:
                one.texts[HALVES], one.halves_by = self._decode_halves(sound)
        return found

    def _decode_halves(self, sound: Sound) -> tuple[str, tuple[str, ...]]:
        """The hypotheses of both halves with the cheapest pass and, when these may be a text twice, with the next pass too.

        Also the passes that were used.
        One clip at a time: other clips must not change the window.
        """
        rate = self.recogniser.sample_rate
        parts = [Sound(len(half) / rate, half) for half in halves(sound.samples, rate)]
        lines: list[str] = []
        offered = self.recogniser.passes(max(part.duration_s for part in parts))[:2]
        for decoding_pass in offered:
            lines += [" ".join(text.split()) for text in self.recogniser.decode(decoding_pass, parts)]
            if not same_beginning(BETWEEN_HALVES.join(lines[:2])):
                break
        return BETWEEN_HALVES.join(lines), offered[: len(lines) // len(parts)]
