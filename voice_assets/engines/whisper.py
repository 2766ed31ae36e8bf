"""Transcribing many short clips with faster-whisper: a fast pass in batches, second looks at what came out badly.

Whisper pads every clip to 30 s, so most of the work on short clips is padding. There are three looks, each dearer than
the one before (measured with ``base``, int8, clips of 1 to 4 s, seconds of one core a clip):

- ``fast``, 0.10: clips of about one length together, greedily, on windows little longer than the clips;
- ``wide``, 0.25: the same on windows 3 s longer with the beam, for what scored under ``second_look_below``, repeats
  itself, came back empty or was cut off;
- ``full``, 1.5: faster-whisper's own decoding, one clip at a time on 30 s with the beam, for what still is low, repeats
  itself, came back empty, or has words over silence. Clips over 30 s have this look only.

The best hypothesis is kept, with its look. Which look is due is decided in `due`, which is kept in `chosen`; both follow
from texts alone, so hypotheses can be stored and judged again when a reference changes. Finding weights belongs to
``engines.weights``, scoring to ``speech.similarity``.

Determinism: a clip's window depends on its own duration only and batches hold clips of one window, so neither the order
of the clips nor their company changes what is heard; no temperature, so nothing is drawn at random. On a CPU, lanes of
one or few threads decode parts of a batch side by side: that uses cores better than threads inside one matrix product.
"""

import math
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain, groupby
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from voice_assets.engines import audio
from voice_assets.speech.looks import FAST, FULL, WIDE, Rule, better, doubtful
from voice_assets.speech.quality import SILENT_DB
from voice_assets.speech.signals import level_db

__all__ = [
    "Clip",
    "ClipAudioError",
    "Transcriber",
    "TranscriberError",
    "Transcript",
    "better",
    "choose_compute_type",
    "choose_device",
    "doubtful",
    "halving",
    "lanes",
    "log_mel",
    "plan",
    "read_clip",
    "window_s",
]

SAMPLE_RATE = 16000
# Part of what a hypothesis is kept under: raise it with every change of what is decoded, or old ones stay in force.
VERSION = 2
FRAMES_PER_S = 100
# Whisper's own window, in seconds. Longer clips go through faster-whisper's long-form decoding.
FULL_WINDOW_S = 30
# Measured: shorter windows make Whisper repeat the sentence, and so does a clip that fills its window.
SHORTEST_WINDOW_S = 5
MARGIN_S = 1.0
_EVEN_FROM_S = 8
# Seconds a wide look shows beyond the fast one. Measured: 8 s heals all that 5 s made low; 12 s no more, at 1.6 times the cost.
WIDER_S = 3
# Tokens a look in a batch may write, and how many more per second of window; Russian needs about 8. So loops stop before 448.
_TOKENS, _TOKENS_PER_S = 10, 12
_LONGEST_OUTPUT = 448
_T = TypeVar("_T")


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
    """What was heard, and by which look: ``fast``, ``wide`` or ``full`` (`voice_assets.speech.looks`)."""

    clip_id: str
    hypothesis: str
    decoding: str


def window_s(duration_s: float) -> int:
    """Seconds of audio the fast look shows Whisper for a clip of ``duration_s``: 5 to 30, a second or more over it.

    Whole seconds up to 8, even ones above: longer clips are rarer, and full batches save more than short windows.
    """
    window = max(SHORTEST_WINDOW_S, math.ceil(duration_s + MARGIN_S))
    if window > _EVEN_FROM_S:
        window += window % 2
    return min(FULL_WINDOW_S, window)


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


def lanes(cores: int) -> tuple[int, int]:
    """Batches decoded side by side on ``cores`` of a CPU, and the threads of each: at most 4 lanes, all cores used."""
    side_by_side = max(1, min(4, cores))
    return side_by_side, max(1, cores // side_by_side)


def halving(decode: Callable[[list[_T]], list[str]], items: list[_T], on_halved: Callable[[int, int], None]) -> list[str]:
    """``decode(items)``, in halves, quarters… where the device's memory does not hold them together.

    ``on_halved`` gets the number that did not fit and the number tried next.

    Raises:
        TranscriberError: one alone does not fit.
        RuntimeError: what ``decode`` raises for any other reason.
    """
    try:
        return decode(items)
    except RuntimeError as error:
        if "out of memory" not in str(error).lower():
            raise
        if len(items) < 2:
            raise TranscriberError(
                f"one clip alone does not fit into the device's memory ({error}); take a smaller model or int8"
            ) from error
    half = math.ceil(len(items) / 2)
    on_halved(len(items), half)
    return halving(decode, items[:half], on_halved) + halving(decode, items[half:], on_halved)


def log_mel(extract: Any, sound: np.ndarray, window: int) -> np.ndarray:
    """Whisper's features of ``sound`` followed by silence up to ``window`` seconds: float32 ``[bins, 100 * window]``.

    The same as extracting from the padded sound, without computing the silence: frames that see none of the sound are at
    the floor, -10 before Whisper limits the range to 8 under the maximum and takes (x + 4) / 4.
    """
    frames = window * FRAMES_PER_S
    heard = extract(np.pad(sound[: window * SAMPLE_RATE], (0, 2 * extract.n_fft)), padding=0)[:, :frames]
    floor = np.maximum(-10.0, heard.max() * 4.0 - 12.0)
    filled = np.full((heard.shape[0], frames), (floor + 4.0) / 4.0, np.float32)
    filled[:, : heard.shape[1]] = heard
    return filled


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
        batch_size: clips decoded together in one lane; halved when the device's memory does not hold them.
        portion: clips that keep all lanes busy; what `plan` should make batches of.
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
        second_look_below: float = 0.9,
        vad_filter: bool = False,
    ) -> None:
        """Load the model. ``cpu_threads`` are the cores to use, 0 for all; ``vad_filter`` is for full looks only.

        Raises:
            TranscriberError: device, compute type, language or model cannot be used.
        """
        self.device = choose_device(device)
        self.compute_type, note = choose_compute_type(compute_type, self.device, device)
        self.notes = [note] if note else []
        self.language, self.beam_size, self.batch_size, self.vad_filter = language, beam_size, batch_size, vad_filter
        self.rule = Rule(language, second_look_below, low_similarity)
        # One lane on a GPU: its memory holds one batch, and one batch keeps it busy.
        self._lanes, threads = lanes(cpu_threads or len(os.sched_getaffinity(0))) if self.device == "cpu" else (1, 0)
        self.portion = batch_size * self._lanes
        self._pool = ThreadPoolExecutor(self._lanes, "whisper")
        self._model = _load(model_dir, self.device, self.compute_type, self._lanes, threads)
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

    def transcribe(
        self, clips: Sequence[Clip], on_batch: Callable[[list[Transcript]], None] | None = None
    ) -> Iterator[Transcript]:
        """Transcribe ``clips``, shortest first; every clip gives exactly one transcript.

        ``on_batch`` gets each finished batch before any of its transcripts is yielded.

        Raises:
            ClipAudioError: a file cannot be decoded.
            TranscriberError: one clip alone does not fit into the device's memory.
        """
        for batch in plan(clips, self.portion):
            transcripts = self.transcribe_batch(batch)
            if on_batch:
                on_batch(transcripts)
            yield from transcripts

    def transcribe_batch(self, batch: Sequence[Clip]) -> list[Transcript]:
        """Transcribe one batch of ``plan``: the fast look, then the further looks at each clip that asks for them."""
        sounds = dict(zip((clip.clip_id for clip in batch), self._pool.map(read_clip, batch), strict=True))
        silent = {name: level_db(sound) < SILENT_DB for name, sound in sounds.items()}
        heard: dict[str, dict[str, str]] = {clip.clip_id: {} for clip in batch}
        long = any(clip.duration_s > FULL_WINDOW_S for clip in batch)
        for look in (FULL,) if long else (FAST, WIDE, FULL):
            due = [clip for clip in batch if long or look == self._due(clip, heard, silent)]
            texts = self.look(look, due, [sounds[clip.clip_id] for clip in due])
            for clip, text in zip(due, texts, strict=True):
                heard[clip.clip_id][look] = text
        return [
            Transcript(clip.clip_id, *self.rule.chosen(clip.reference, heard[clip.clip_id], silent[clip.clip_id]))
            for clip in batch
        ]

    def _due(self, clip: Clip, heard: dict[str, dict[str, str]], silent: dict[str, bool]) -> str | None:
        return self.rule.due(clip.reference, heard[clip.clip_id], silent[clip.clip_id])

    def look(self, look: str, clips: Sequence[Clip], sounds: Sequence[np.ndarray]) -> list[str]:
        """Have one look (``fast``, ``wide``, ``full``) at ``clips`` of one window, whose samples are ``sounds``: hypotheses.

        Raises:
            TranscriberError: one clip alone does not fit into the device's memory.
        """
        if not clips:
            return []
        if look == FULL:
            return list(self._pool.map(lambda sound: halving(self._full, [sound], self._shrink)[0], sounds))
        window = max(window_s(clip.duration_s) for clip in clips)
        if look == WIDE:
            return self._together(list(sounds), min(FULL_WINDOW_S, window + WIDER_S), self.beam_size)
        return self._together(list(sounds), window, 1)

    def _together(self, sounds: list[np.ndarray], window: int, beam_size: int) -> list[str]:
        """Decode ``sounds`` on ``window`` seconds each, shared out to the lanes."""
        size = min(self.batch_size, math.ceil(len(sounds) / self._lanes))
        parts = [sounds[start : start + size] for start in range(0, len(sounds), size)]
        return list(chain(*self._pool.map(lambda part: self._part(part, window, beam_size), parts)))

    def _part(self, sounds: list[np.ndarray], window: int, beam_size: int) -> list[str]:
        return halving(lambda some: self._decode(some, window, beam_size), sounds, self._shrink)

    def _shrink(self, tried: int, half: int) -> None:
        self.batch_size = min(self.batch_size, half)
        self.notes.append(f"out of memory with {tried} clips at once: batches of {self.batch_size} from here on")

    def _decode(self, sounds: list[np.ndarray], window: int, beam_size: int) -> list[str]:
        features = np.stack([log_mel(self._features, sound, window) for sound in sounds])
        results = self._model.model.generate(
            self._model.encode(features),
            [self._prompt] * len(sounds),
            beam_size=beam_size,
            max_length=min(_LONGEST_OUTPUT, len(self._prompt) + _TOKENS + _TOKENS_PER_S * window),
            suppress_blank=True,
            suppress_tokens=self._suppressed,
        )
        return [self._tokenizer.decode(result.sequences_ids[0]).strip() for result in results]

    def _full(self, sounds: list[np.ndarray]) -> list[str]:
        """Decode one clip the way faster-whisper does: windows of 30 s, with the beam; a list of one, for `halving`."""
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
        return audio.decode(clip.path, SAMPLE_RATE).astype(np.float32) / 32768
    except (audio.AudioError, OSError) as error:
        raise ClipAudioError(f"clip {clip.clip_id!r} ({clip.path}): {error}") from error
