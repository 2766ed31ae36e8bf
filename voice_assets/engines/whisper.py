"""Transcribing many short clips with faster-whisper: a fast pass in batches, a second look at what came out badly.

Whisper pads every clip to 30 s, so most of the work on short clips is padding. The fast pass decodes clips of about
one length together, greedily, on windows little longer than the clips; what scores low, repeats itself or comes back
empty is decoded again on the full window with a beam, and the better hypothesis is kept. Finding weights belongs to
``engines.weights``, scoring to ``speech.similarity``.

Determinism: a clip's window depends on its own duration only and batches hold clips of one window, so neither the order
of the clips nor their company changes what is heard; no temperature, so nothing is drawn at random.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from voice_assets.engines import audio
from voice_assets.speech.similarity import repeats, similarity
from voice_assets.speech.text import normalise

SAMPLE_RATE = 16000
FRAMES_PER_S = 100
# Whisper's own window, in seconds. Longer clips go through faster-whisper's long-form decoding.
FULL_WINDOW_S = 30
# Measured: shorter windows make Whisper repeat the sentence, and so does a clip that fills its window.
SHORTEST_WINDOW_S = 5
MARGIN_S = 1.0
# Tokens the fast pass may write per second of window; Russian speech needs about 8. A loop stops there, not at 448.
_TOKENS_PER_S = 25
_LONGEST_OUTPUT = 448


class TranscriberError(ValueError):
    """A model, device or option that cannot be used. The message names the value and what is possible."""


class ClipAudioError(ValueError):
    """A clip whose audio cannot be decoded. The message names the clip and the file."""


@dataclass(frozen=True)
class Clip:
    """What is to be heard. ``path`` is the audio file; ``reference``, where known, tells when a second look is due."""

    clip_id: str
    path: Path
    duration_s: float
    reference: str | None = None


@dataclass(frozen=True)
class Transcript:
    """What was heard, and by which pass: ``fast`` (batch, short window) or ``full`` (30 s window, beam)."""

    clip_id: str
    hypothesis: str
    decoding: str


def window_s(duration_s: float) -> int:
    """Seconds of audio the fast pass shows Whisper for a clip of ``duration_s``: whole seconds, 5 to 30."""
    return min(FULL_WINDOW_S, max(SHORTEST_WINDOW_S, math.ceil(duration_s + MARGIN_S)))


def plan(clips: Sequence[Clip], batch_size: int) -> list[tuple[Clip, ...]]:
    """The batches, shortest clips first: every batch holds clips of one window, in the order (duration, id).

    Clips over 30 s come last, each alone. The order of ``clips`` does not matter.
    """
    ordered = sorted(clips, key=lambda clip: (clip.duration_s, clip.clip_id))
    short = [clip for clip in ordered if clip.duration_s <= FULL_WINDOW_S]
    batches: list[tuple[Clip, ...]] = []
    for _, group in groupby(short, key=lambda clip: window_s(clip.duration_s)):
        batches.extend(_batched(list(group), batch_size))
    return batches + [(clip,) for clip in ordered if clip.duration_s > FULL_WINDOW_S]


def _batched(clips: list[Clip], size: int) -> Iterator[tuple[Clip, ...]]:
    return (tuple(clips[start : start + size]) for start in range(0, len(clips), size))


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


def _load(model_dir: Path, device: str, compute_type: str, cpu_threads: int) -> Any:
    from faster_whisper import WhisperModel

    try:
        return WhisperModel(str(model_dir), device=device, compute_type=compute_type, cpu_threads=cpu_threads)
    except (RuntimeError, ValueError) as error:
        raise TranscriberError(f"the model in {model_dir} does not load on {device} as {compute_type}: {error}") from error


class Transcriber:
    """A loaded Whisper model for one language.

    Attributes:
        device, compute_type: what is really used.
        notes: what was changed of the request, in words.
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
    ) -> None:
        """Load the model.

        Raises:
            TranscriberError: device, compute type, language or model cannot be used.
        """
        from faster_whisper.feature_extractor import FeatureExtractor
        from faster_whisper.tokenizer import Tokenizer
        from faster_whisper.transcribe import get_suppressed_tokens

        self.device = choose_device(device)
        self.compute_type, note = choose_compute_type(compute_type, self.device, device)
        self.notes = [note] if note else []
        self.language, self.beam_size, self.batch_size, self.low_similarity = language, beam_size, batch_size, low_similarity
        self._model = _load(model_dir, self.device, self.compute_type, cpu_threads)
        if language not in self._model.supported_languages:
            raise TranscriberError(f"language {language!r}: the model in {model_dir} does not know it")
        # The model knows its mel bins (80, or 128 for large-v3); its folder may lack the file that repeats them.
        self._features = FeatureExtractor(feature_size=self._model.model.n_mels)
        self._model.feature_extractor = self._features
        self._tokenizer = Tokenizer(self._model.hf_tokenizer, self._model.model.is_multilingual, "transcribe", language)
        self._prompt = self._model.get_prompt(self._tokenizer, [], without_timestamps=True)
        self._suppressed = list(get_suppressed_tokens(self._tokenizer, [-1]))

    def transcribe(
        self, clips: Sequence[Clip], on_batch: Callable[[list[Transcript]], None] | None = None
    ) -> Iterator[Transcript]:
        """Transcribe ``clips``, shortest first; every clip gives exactly one transcript.

        ``on_batch`` gets each finished batch before any of its transcripts is yielded.

        Raises:
            ClipAudioError: a file cannot be decoded.
        """
        for batch in plan(clips, self.batch_size):
            transcripts = self.transcribe_batch(batch)
            if on_batch:
                on_batch(transcripts)
            yield from transcripts

    def transcribe_batch(self, batch: Sequence[Clip]) -> list[Transcript]:
        """Transcribe one batch of ``plan``: the fast pass, then the second look at each clip that needs one."""
        sounds = [read_clip(clip) for clip in batch]
        if any(clip.duration_s > FULL_WINDOW_S for clip in batch):
            return [Transcript(clip.clip_id, self._full(sound), "full") for clip, sound in zip(batch, sounds, strict=True)]
        heard = self._fast(sounds, max(window_s(clip.duration_s) for clip in batch))
        return [self._second_look(clip, sound, text) for clip, sound, text in zip(batch, sounds, heard, strict=True)]

    def _fast(self, sounds: list[np.ndarray], window: int) -> list[str]:
        """Decode ``sounds`` together, greedily, each on ``window`` seconds."""
        samples = window * SAMPLE_RATE
        padded = [np.pad(sound[:samples], (0, max(0, samples - len(sound)))) for sound in sounds]
        features = np.stack([self._features(sound)[:, : window * FRAMES_PER_S] for sound in padded])
        results = self._model.model.generate(
            self._model.encode(features),
            [self._prompt] * len(sounds),
            beam_size=1,
            max_length=min(_LONGEST_OUTPUT, len(self._prompt) + _TOKENS_PER_S * window),
            suppress_blank=True,
            suppress_tokens=self._suppressed,
        )
        return [self._tokenizer.decode(result.sequences_ids[0]).strip() for result in results]

    def _full(self, sound: np.ndarray) -> str:
        """Decode one clip the way faster-whisper does: windows of 30 s, with the beam."""
        segments, _ = self._model.transcribe(
            sound, language=self.language, beam_size=self.beam_size, temperature=0.0, condition_on_previous_text=False
        )
        return " ".join(segment.text.strip() for segment in segments).strip()

    def _second_look(self, clip: Clip, sound: np.ndarray, fast: str) -> Transcript:
        if doubtful(clip.reference, fast, self.language, self.low_similarity):
            full = self._full(sound)
            if better(clip.reference, full, fast, self.language):
                return Transcript(clip.clip_id, full, "full")
        return Transcript(clip.clip_id, fast, "fast")


def doubtful(reference: str | None, hypothesis: str, language: str, low_similarity: float) -> bool:
    """Whether a second look is due: nothing was heard, it repeats itself, or it is low against a known reference."""
    words = normalise(hypothesis, language)
    if not words or repeats(words, normalise(reference or "", language)):
        return True
    return reference is not None and similarity(reference, hypothesis, language) < low_similarity


def better(reference: str | None, full: str, fast: str, language: str) -> bool:
    """Whether the second hypothesis replaces the first: closer to the reference; without one, when it has words at all."""
    if reference is None:
        return bool(normalise(full, language))
    return similarity(reference, full, language) > similarity(reference, fast, language)


def read_clip(clip: Clip) -> np.ndarray:
    """The clip's samples: float32, mono, 16 kHz, shape ``[samples]``.

    Raises:
        ClipAudioError: the file cannot be decoded.
    """
    try:
        return audio.decode(clip.path, SAMPLE_RATE).astype(np.float32) / 32768
    except (audio.AudioError, OSError) as error:
        raise ClipAudioError(f"clip {clip.clip_id!r} ({clip.path}): {error}") from error
