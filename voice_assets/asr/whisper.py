"""Transcribing many short clips with faster-whisper: a fast decoding_pass in batches, further passes at what came out badly.

Whisper pads every clip to 30 s, so most of the work on short clips is padding. There are three passes, each dearer than
the one before (measured with ``base``, int8, clips of 1 to 4 s, seconds of one slow core a clip):

- ``fast``, 0.3: clips of about one length together, greedily, on windows as short as the clips allow
  (``asr.windows``);
- ``wide``, 1.1: together on windows 6 s longer, with silence that was really encoded, and with the beam, for what scored
  under ``retry_below``, has many letters wrong, repeats itself or came back empty;
- ``full``, 4: faster-whisper's own decoding, one clip at a time on 30 s with the beam, for what still is low, lacks its end,
  repeats itself, came back empty, or has words over silence. Clips over 30 s have this decoding pass only.

Which pass is due, and whose hypothesis is kept, follows from texts alone (``asr.policy``), so hypotheses can be stored and
judged again when a reference changes. Finding weights belongs to ``asr.weights``, scoring to ``asr.similarity``.

Determinism: a clip's window depends on its own duration only and batches hold clips of one window, so neither the order
of the clips nor their company changes what is heard; no temperature, so nothing is drawn at random. On a CPU, streams of
one or few threads decode a batch each: that uses cores better than threads inside one matrix product.
"""

import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from voice_assets.asr.policy import FAST, FULL, PASSES, WIDE, DecodingPolicy
from voice_assets.asr.windows import (
    FRAMES_PER_S,
    FULL_WINDOW_S,
    SAMPLE_RATE,
    Clip,
    log_mel,
    plan,
    synthetic_speech,
    window_s,
    with_quiet_end,
)
from voice_assets.audio import recordings
from voice_assets.audio.signals import level_db
from voice_assets.quality.summary import SILENT_BELOW_DB

__all__ = [
    "AudioHypotheses",
    "Clip",
    "ClipAudioError",
    "Transcriber",
    "TranscriberError",
    "Transcript",
    "choose_compute_type",
    "choose_device",
    "oom_backoff",
    "plan",
    "read_clip",
    "streams",
]

# Part of what a hypothesis is kept under: raise it with every change of what is decoded, or old ones stay in force.
VERSION = 4
# Seconds of true silence that a wide pass shows beyond the fast one. Measured on 16 of 140 clips that the fast pass misheard:
# with 3 s they gain 0.101 in the mean, with 6 s 0.114, on the full 30 s 0.116, at 0.8, 1.05 and 4 s of a core each.
WIDER_S = 6.0
# Tokens a pass in a batch may write, and how many more per second of window; Russian needs 6 to 8. So loops stop early.
_TOKENS, _TOKENS_PER_S = 10, 9
# CTranslate2 writes half of its max_length at the most (the other half is for a prompt); Whisper's own limit is 448.
_LONGEST_OUTPUT = 448
# Seconds of windows that a core encodes at once. Measured: 13 s windows take 1.10 s each in sixteens, 0.91 s one by one.
_ENCODED_AT_ONCE_S = 12
# What CUDA says for want of memory, and cuBLAS.
_NO_MEMORY = ("out of memory", "alloc_failed")
_T = TypeVar("_T")
_R = TypeVar("_R")


class TranscriberError(ValueError):
    """A model, device or option that cannot be used. The message names the value and what is possible."""


class ClipAudioError(ValueError):
    """A clip whose audio cannot be decoded. The message names the clip and the file."""


@dataclass(frozen=True)
class Transcript:
    """What was heard, and by which decoding_pass: ``fast``, ``wide`` or ``full`` (`voice_assets.asr.policy`)."""

    clip_id: str
    hypothesis: str
    decoding_pass: str


@dataclass
class AudioHypotheses:
    """What is known of one audio: hypotheses by decoding_pass, and its RMS level in dBFS, None before it was ever read."""

    texts: dict[str, str]
    level_db: float | None = None

    @property
    def silent(self) -> bool:
        """Whether the audio counts as silent, by the rule of the quality stage."""
        return self.level_db is not None and self.level_db < SILENT_BELOW_DB


NextPass = Callable[[Clip, AudioHypotheses], str | None]
"""The next decoding pass that a clip asks for; None when it asks for no more."""


def streams(cores: int) -> tuple[int, int]:
    """Batches decoded side by side on ``cores`` of a CPU, at most 4, and the threads of each; as few cores idle as can be."""
    side_by_side = max(range(1, min(4, cores) + 1), key=lambda number: (number * (cores // number), number), default=1)
    return side_by_side, max(1, cores // side_by_side)


def oom_backoff(decode: Callable[[list[_T]], list[str]], items: list[_T], on_halved: Callable[[int, int], None]) -> list[str]:
    """``decode(items)``, in halves, quarters… where the device's memory does not hold them together.

    ``on_halved`` gets the number that did not fit and the number tried next.

    Raises:
        TranscriberError: one alone does not fit.
        RuntimeError: what ``decode`` raises for any other reason.
    """
    texts: list[str] = []
    size = len(items)
    while len(texts) < len(items):
        part = items[len(texts) : len(texts) + size]
        try:
            texts += decode(part)
        except RuntimeError as error:
            if not any(sign in str(error).lower() for sign in _NO_MEMORY):
                raise
            if len(part) < 2:
                raise TranscriberError(
                    f"one clip alone does not fit into the device's memory ({error}); take a smaller model or int8"
                ) from error
            size = math.ceil(len(part) / 2)
            on_halved(len(part), size)
    return texts


def choose_device(device: str) -> str:
    """``cpu`` or ``cuda`` for ``auto``, ``cpu`` or ``cuda``.

    Raises:
        TranscriberError: CUDA is asked for and there is none, or the name is unknown.
    """
    import ctranslate2

    gpus = ctranslate2.get_cuda_device_count()
    if device == "auto":
        return "cuda" if gpus else "cpu"
    if device not in ("cpu", "cuda"):
        raise TranscriberError(f"device {device!r} is not one of auto, cpu, cuda")
    if device == "cuda" and not gpus:
        raise TranscriberError("device 'cuda': CTranslate2 sees no CUDA device here; use device auto or cpu")
    return device


def choose_compute_type(compute_type: str, device: str, asked_device: str) -> tuple[str, str]:
    """The compute type to use on ``device`` and a note about a change, empty when there is none.

    Only ``float16`` with the device left to us falls back: it is the default of a voice that also runs on a laptop.

    Raises:
        TranscriberError: the device does not support it; the message names what it supports.
    """
    import ctranslate2

    supported = ctranslate2.get_supported_compute_types(device)
    if compute_type in ("default", "auto") or compute_type in supported:
        return compute_type, ""
    if asked_device == "auto" and device == "cpu" and compute_type in ("float16", "int8_float16") and "int8" in supported:
        return "int8", f"no GPU here: compute type {compute_type} became int8"
    raise TranscriberError(
        f"compute type {compute_type!r} is not supported on {device}; supported: {', '.join(sorted(supported))}"
    )


def _load(model_dir: Path, device: str, compute_type: str, workers: int, threads: int) -> Any:
    from faster_whisper import WhisperModel

    options = {"device": device, "compute_type": compute_type, "cpu_threads": threads, "num_workers": workers}
    try:
        return WhisperModel(str(model_dir), **options)
    except (RuntimeError, ValueError) as error:
        raise TranscriberError(f"the model in {model_dir} does not load on {device} as {compute_type}: {error}") from error


class Transcriber:
    """A loaded Whisper model for one language.

    Attributes:
        device, compute_type: what is really used.
        batch_size: clips that a stream decodes together, what `plan` should make batches of; all streams together hold as many
            as were asked for. Halved when the device's memory does not hold them.
        notes: what was changed of the request, in words; grows when a batch is halved.
    """

    def __init__(
        self,
        model_dir: Path,
        device: str = "auto",
        compute_type: str = "int8",
        language: str = "ru",
        beam_size: int = 5,
        batch_size: int = 16,
        cpu_threads: int = 0,
        low_similarity: float = 0.8,
        retry_below: float = 0.93,
        vad_filter: bool = False,
    ) -> None:
        """Load the model. ``cpu_threads`` are the cores to use, 0 for all; ``vad_filter`` is for full passes only.

        Raises:
            TranscriberError: device, compute type, language or model cannot be used.
        """
        self.device = choose_device(device)
        self.compute_type, note = choose_compute_type(compute_type, self.device, device)
        self.notes = [note] if note else []
        self.language, self.beam_size, self.vad_filter = language, beam_size, vad_filter
        self.policy = DecodingPolicy(language, retry_below, low_similarity)
        # One stream on a GPU: its memory holds one batch, and one batch keeps it busy.
        self._streams, threads = streams(cpu_threads or len(os.sched_getaffinity(0))) if self.device == "cpu" else (1, 0)
        self.batch_size = math.ceil(batch_size / self._streams)
        self._model = _load(model_dir, self.device, self.compute_type, self._streams, threads)
        if language not in self._model.supported_languages:
            raise TranscriberError(f"language {language!r}: the model in {model_dir} does not know it")
        self._prepare()

    def _prepare(self) -> None:
        """Features, prompt and tokens never to be written, as the model wants them."""
        from faster_whisper.feature_extractor import FeatureExtractor
        from faster_whisper.tokenizer import Tokenizer
        from faster_whisper.transcribe import get_suppressed_tokens

        model = self._model
        # The model knows its mel bins (80, or 128 for large-v3); its folder may lack the file that repeats them.
        self._features = model.feature_extractor = FeatureExtractor(feature_size=model.model.n_mels)
        self._tokenizer = Tokenizer(model.hf_tokenizer, model.model.is_multilingual, "transcribe", self.language)
        self._prompt = model.get_prompt(self._tokenizer, [], without_timestamps=True)
        self._suppressed = list(get_suppressed_tokens(self._tokenizer, [-1]))

    @cached_property
    def _quiet(self) -> np.ndarray:
        """The encoder's states of `synthetic_speech` and the silence after it: ``[1500, width]``."""
        return self._encode(log_mel(self._features, synthetic_speech(), FULL_WINDOW_S)[np.newaxis])[0]

    def transcribe(self, clips: Sequence[Clip]) -> Iterator[Transcript]:
        """Transcribe ``clips``; every clip gives exactly one transcript, as soon as its batch is done.

        Raises:
            ClipAudioError: a file cannot be decoded.
            TranscriberError: one clip alone does not fit into the device's memory.
        """

        def next_pass(clip: Clip, heard: AudioHypotheses) -> str | None:
            return self.policy.next_pass(clip.reference, heard.texts, heard.silent, clip.long)

        def hear(batch: Sequence[Clip]) -> list[Transcript]:
            found = [(clip, heard) for clip, heard in zip(batch, self.hear(batch, next_pass), strict=True)]
            return [
                Transcript(clip.clip_id, *self.policy.best_hypothesis(clip.reference, one.texts, one.silent))
                for clip, one in found
            ]

        for transcripts in self.side_by_side(hear, plan(clips, self.batch_size)):
            yield from transcripts

    def side_by_side(self, work: Callable[[_T], _R], parts: Iterable[_T]) -> Iterator[_R]:
        """``work`` on each of ``parts``, as many at once as there are streams; results as they come.

        What has not begun when ``work`` raises never begins.
        """
        waiting = iter(parts)
        with ThreadPoolExecutor(self._streams, "whisper") as pool:
            going: set[Future[_R]] = {pool.submit(work, part) for part in islice(waiting, self._streams)}
            while going:
                done, going = wait(going, return_when=FIRST_COMPLETED)
                if not any(future.exception() for future in done):
                    going |= {pool.submit(work, part) for part in islice(waiting, len(done))}
                for future in sorted(done, key=lambda future: future.exception() is not None):
                    yield future.result()

    def hear(
        self, batch: Sequence[Clip], next_pass: NextPass, known: Mapping[str, Mapping[str, str]] | None = None
    ) -> list[AudioHypotheses]:
        """Run every pass that ``next_pass`` asks for on one batch of `plan`. ``known``: clip id -> hypotheses by pass.

        Raises:
            ClipAudioError: a file cannot be decoded.
            TranscriberError: one clip alone does not fit into the device's memory.
        """
        sounds = [read_clip(clip) for clip in batch]
        heard = [
            AudioHypotheses(dict((known or {}).get(clip.clip_id, {})), round(level_db(sound), 2))
            for clip, sound in zip(batch, sounds, strict=True)
        ]
        for decoding_pass in PASSES:
            chosen = [index for index, clip in enumerate(batch) if next_pass(clip, heard[index]) == decoding_pass]
            texts = self._decode_pass(decoding_pass, [batch[index] for index in chosen], [sounds[index] for index in chosen])
            for index, text in zip(chosen, texts, strict=True):
                heard[index].texts[decoding_pass] = text
        return heard

    def _decode_pass(self, decoding_pass: str, clips: Sequence[Clip], sounds: list[np.ndarray]) -> list[str]:
        if not clips:
            return []
        if decoding_pass == FULL:
            return [text for sound in sounds for text in oom_backoff(self._full, [sound], self._shrink)]
        window = max(window_s(clip.duration_s, WIDER_S if decoding_pass == WIDE else 0.0) for clip in clips)
        texts: list[str] = []
        while len(texts) < len(sounds):
            part = sounds[len(texts) : len(texts) + self.batch_size]  # which an earlier batch may have halved
            texts += oom_backoff(lambda some: self._decode(some, window, decoding_pass), part, self._shrink)
        return texts

    def _shrink(self, tried: int, half: int) -> None:
        self.batch_size = min(self.batch_size, half)
        self.notes.append(f"out of memory with {tried} clips at once: batches of {self.batch_size} from here on")

    def _encode(self, features: np.ndarray) -> np.ndarray:
        """The encoder's states of ``[batch, bins, frames]``: float32 ``[batch, frames / 2, width]``."""
        from ctranslate2 import DataType, StorageView

        at_once = len(features)
        if self.device == "cpu":  # a core's cache holds few clips' attention; a GPU wants them all
            at_once = max(1, int(_ENCODED_AT_ONCE_S * FRAMES_PER_S / features.shape[2]))
        parts = []
        for start in range(0, len(features), at_once):
            some = StorageView.from_array(np.ascontiguousarray(features[start : start + at_once]))
            parts.append(np.asarray(self._model.model.encode(some, to_cpu=True).to(DataType.float32)))
        return np.concatenate(parts)

    def _decode(self, sounds: list[np.ndarray], window: float, decoding_pass: str) -> list[str]:
        """The hypotheses for ``sounds`` on ``window`` seconds each, together."""
        from ctranslate2 import StorageView

        features = np.stack([log_mel(self._features, sound, window) for sound in sounds])
        states = self._encode(features)
        if decoding_pass == FAST:
            states = with_quiet_end(states, self._quiet)
        results = self._model.model.generate(
            StorageView.from_array(np.ascontiguousarray(states)),
            [self._prompt] * len(sounds),
            beam_size=1 if decoding_pass == FAST else self.beam_size,
            max_length=min(_LONGEST_OUTPUT, 2 * (_TOKENS + round(_TOKENS_PER_S * window))),
            suppress_blank=True,
            suppress_tokens=self._suppressed,
        )
        return [self._tokenizer.decode(result.sequences_ids[0]).strip() for result in results]

    def _full(self, sounds: list[np.ndarray]) -> list[str]:
        """Decode one clip the way faster-whisper does: windows of 30 s, with the beam; a list of one, for `oom_backoff`."""
        segments, _ = self._model.transcribe(
            sounds[0],
            language=self.language,
            beam_size=self.beam_size,
            temperature=0.0,
            condition_on_previous_text=False,
            vad_filter=self.vad_filter,
        )
        return [" ".join(segment.text.strip() for segment in segments).strip()]


def read_clip(clip: Clip) -> np.ndarray:
    """The clip's samples: float32, mono, 16 kHz, shape ``[samples]``.

    Raises:
        ClipAudioError: the file cannot be decoded.
    """
    try:
        return recordings.decode(clip.path, SAMPLE_RATE).astype(np.float32) / 32768
    except (recordings.AudioError, OSError) as error:
        raise ClipAudioError(f"clip {clip.clip_id!r} ({clip.path}): {error}") from error
