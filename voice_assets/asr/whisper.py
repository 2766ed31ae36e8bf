"""Whisper as a recogniser: short clips in batches on short windows, long or doubtful clips as faster-whisper decodes them.

faster-whisper pads every clip to 30 s, so most of the work on short clips is padding. Clips up to 30 s have three passes, each
more expensive than the pass before (measured with ``base``, int8, clips of 1 to 4 s, seconds of one slow core per clip):

- ``fast``, 0.3: a batch of clips of about the same length, greedily, on windows as short as the clips allow (``asr.windows``);
- ``wide``, 1.1: a batch on windows that are 6 s longer, whose silence is really encoded, with the beam search;
- ``full``, 4: faster-whisper's own decoding with the beam search, one clip at a time, on windows of 30 s.

Clips over 30 s have two passes: ``full``, and ``long``, which is ``full`` with faster-whisper's temperature fallback: a window
whose hypothesis loops or is improbable is decoded again with random choices. Measured on two sentences and 28 s of hiss:
``full`` loops (similarity 0.20), ``long`` does not (0.99).

Not here: which pass a clip needs (``asr.policy``), finding weights (``asr.weights``), scores (``asr.scoring``).

Determinism: the window of a clip depends on its own duration only, and the clips of a batch have one window. So the order
of the clips and the other clips of a batch change no hypothesis. The temperature is 0, so nothing is random, except in the
fallback of ``long``. CTranslate2 seeds the random numbers of a thread once, and the numbers go on from clip to clip. So each
clip with the fallback is decoded by a new model, with new threads and always the same seed. Loading takes seconds for each long
clip that is doubtful after ``full``. With one stream, as on a GPU, the new model takes the place of the model before it, so the
memory holds one model at a time. With several streams, the other streams need the first model, so the memory holds one more,
and the streams take turns with ``long``.
"""

import math
import threading
from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from voice_assets.asr import weights
from voice_assets.asr.device_choice import choose, streams
from voice_assets.asr.oom_backoff import oom_backoff
from voice_assets.asr.recogniser import Fingerprint, RecogniserError, Sound, Utterance
from voice_assets.asr.windows import (
    FRAMES_PER_S,
    FULL_WINDOW_S,
    SAMPLE_RATE,
    log_mel,
    plan,
    synthetic_speech,
    window_s,
    with_quiet_end,
)
from voice_assets.runtime.devices import cores
from voice_assets.voices import Whisper

FAST, WIDE, FULL, LONG = "fast", "wide", "full", "long"

# Part of each fingerprint. Raise the number with every change of decoding; otherwise old hypotheses stay valid.
VERSION = 4
# Seconds of real silence that a wide pass adds to the fast window. Measured on 16 of 140 clips that the fast pass got wrong:
# with 3 s the mean similarity rises by 0.101, with 6 s by 0.114, on the full 30 s by 0.116, at 0.8, 1.05 and 4 s of a core.
WIDER_S = 6.0
# The most tokens that a fast or wide pass writes: a fixed number and a number per second of window. So loops stop early.
# Russian needs 6 to 8 tokens a second.
_TOKENS, _TOKENS_PER_S = 10, 9
# CTranslate2 writes at most half of its max_length (the other half is for a prompt); Whisper's own limit is 448.
_LONGEST_OUTPUT = 448
# The temperatures of faster-whisper's fallback, its own defaults.
_TEMPERATURES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
_SEED = 1
# Seconds of windows that a core encodes at once. Measured: a window of 13 s takes 1.10 s in batches of 16, 0.91 s alone.
_ENCODED_AT_ONCE_S = 12


class WhisperRecogniser:
    """A Whisper model in CTranslate2's format, for one language. See `asr.recogniser.Recogniser`.

    Attributes:
        device, compute_type: the device and the compute type in use.
        batch_size: clips that a stream decodes together. All streams together hold ``whisper.batch_size`` clips. A batch that
            does not fit into memory makes ``batch_size`` smaller.
    """

    sample_rate = SAMPLE_RATE

    def __init__(self, model_dir: Path, options: Whisper, language: str, cpu_threads: int) -> None:
        """Choose the device. `load` loads the model later. ``cpu_threads``: the cores to use, 0 for all.

        Raises:
            RecogniserError: the device or the compute type cannot be used.
        """
        choice = choose(options.device, options.compute_type)
        self.device, self.compute_type = choice.device, choice.compute_type
        self.notes = [choice.note] if choice.note else []
        self.language, self._model_dir, self._options = language, model_dir, options
        # A GPU gets one stream: its memory holds one batch, and one batch keeps it busy.
        self.streams, self._threads = streams(cpu_threads or cores()) if self.device == "cpu" else (1, 0)
        self.batch_size = math.ceil(options.batch_size / self.streams)
        self._long_turn = threading.Lock()

    @property
    def name(self) -> str:
        """Such as ``whisper.py 4 faster-whisper 1.2.1 ctranslate2 4.6.0``."""
        return " ".join([f"whisper.py {VERSION}", *map(_installed, ("faster-whisper", "ctranslate2"))])

    @cached_property
    def fingerprints(self) -> Mapping[str, Fingerprint]:
        """See `Recogniser`. The fast pass has no beam, so its hypotheses stay valid when the beam size changes."""
        common: dict[str, object] = {
            "version": VERSION,
            "model": weights.weights_sha256(self._model_dir),
            "device": self.device,
            "compute_type": self.compute_type,
            "language": self.language,
        }
        wide = {**common, "beam_size": self._options.beam_size}
        full = {**wide, "vad_filter": self._options.vad_filter}
        return {FAST: common, WIDE: wide, FULL: full, LONG: {**full, "temperatures": str(_TEMPERATURES), "seed": _SEED}}

    def passes(self, duration_s: float) -> tuple[str, ...]:
        """See `Recogniser`. Clips over 30 s do not fit into one window."""
        return (FULL, LONG) if duration_s > FULL_WINDOW_S else (FAST, WIDE, FULL)

    def batches(self, utterances: Sequence[Utterance]) -> list[tuple[Utterance, ...]]:
        """See `Recogniser` and `asr.windows.plan`."""
        return plan(utterances, self.batch_size)

    def load(self) -> None:
        """See `Recogniser`."""
        _ = self._prompt

    @cached_property
    def _model(self) -> Any:
        return self._new_model(self.streams)

    def _new_model(self, workers: int) -> Any:
        from faster_whisper import WhisperModel
        from faster_whisper.feature_extractor import FeatureExtractor

        options = {"device": self.device, "compute_type": self.compute_type}
        try:
            model = WhisperModel(str(self._model_dir), **options, cpu_threads=self._threads, num_workers=workers)
        except (RuntimeError, ValueError) as error:
            raise RecogniserError(
                f"the model in {self._model_dir} does not load on {self.device} as {self.compute_type}: {error}"
            ) from error
        if self.language not in model.supported_languages:
            raise RecogniserError(f"language {self.language!r}: the model in {self._model_dir} does not know it")
        # The model knows its mel bins (80, or 128 for large-v3). The folder may lack the file that repeats the number.
        model.feature_extractor = FeatureExtractor(feature_size=model.model.n_mels)
        return model

    @cached_property
    def _tokenizer(self) -> Any:
        from faster_whisper.tokenizer import Tokenizer

        return Tokenizer(self._model.hf_tokenizer, self._model.model.is_multilingual, "transcribe", self.language)

    @cached_property
    def _prompt(self) -> list[int]:
        return self._model.get_prompt(self._tokenizer, [], without_timestamps=True)

    @cached_property
    def _suppressed(self) -> list[int]:
        """Tokens that the decoder must never write."""
        from faster_whisper.transcribe import get_suppressed_tokens

        return list(get_suppressed_tokens(self._tokenizer, [-1]))

    @cached_property
    def _quiet(self) -> np.ndarray:
        """The encoder's states of `synthetic_speech` and the silence after it: ``[1500, width]``."""
        return self._encode(log_mel(self._model.feature_extractor, synthetic_speech(), FULL_WINDOW_S)[np.newaxis])[0]

    def decode(self, decoding_pass: str, sounds: Sequence[Sound]) -> list[str]:
        """See `Recogniser`."""
        if decoding_pass in (FULL, LONG):
            decode = self._decode_full if decoding_pass == FULL else self._decode_long
            return [text for sound in sounds for text in oom_backoff(decode, [sound], self._use_smaller_batches)]
        window = max(window_s(sound.duration_s, WIDER_S if decoding_pass == WIDE else 0.0) for sound in sounds)
        texts: list[str] = []
        while len(texts) < len(sounds):
            part = list(sounds[len(texts) : len(texts) + self.batch_size])  # an earlier batch may have made batch_size smaller
            texts += oom_backoff(
                lambda some: self._decode_together(some, window, decoding_pass), part, self._use_smaller_batches
            )
        return texts

    def _use_smaller_batches(self, tried: int, smaller: int) -> None:
        self.batch_size = min(self.batch_size, smaller)
        self.notes.append(f"out of memory with {tried} clips at once: batches of {self.batch_size} from here on")

    def _encode(self, features: np.ndarray) -> np.ndarray:
        """The encoder's states of ``[batch, bins, frames]``: float32 ``[batch, frames / 2, width]``."""
        from ctranslate2 import DataType, StorageView

        at_once = len(features)
        if self.device == "cpu":  # a core's cache holds the attention of few clips; a GPU is fastest with all clips
            at_once = max(1, int(_ENCODED_AT_ONCE_S * FRAMES_PER_S / features.shape[2]))
        parts = []
        for start in range(0, len(features), at_once):
            some = StorageView.from_array(np.ascontiguousarray(features[start : start + at_once]))
            parts.append(np.asarray(self._model.model.encode(some, to_cpu=True).to(DataType.float32)))
        return np.concatenate(parts)

    def _decode_together(self, sounds: list[Sound], window: float, decoding_pass: str) -> list[str]:
        """The hypotheses for ``sounds`` on windows of ``window`` seconds, in one batch."""
        from ctranslate2 import StorageView

        features = np.stack([log_mel(self._model.feature_extractor, sound.samples, window) for sound in sounds])
        states = self._encode(features)
        if decoding_pass == FAST:
            states = with_quiet_end(states, self._quiet)
        results = self._model.model.generate(
            StorageView.from_array(np.ascontiguousarray(states)),
            [self._prompt] * len(sounds),
            beam_size=1 if decoding_pass == FAST else self._options.beam_size,
            max_length=min(_LONGEST_OUTPUT, 2 * (_TOKENS + round(_TOKENS_PER_S * window))),
            suppress_blank=True,
            suppress_tokens=self._suppressed,
        )
        return [self._tokenizer.decode(result.sequences_ids[0]).strip() for result in results]

    def _decode_full(self, sounds: list[Sound]) -> list[str]:
        """Decode one sound as faster-whisper does, on windows of 30 s with the beam search. A list, for `oom_backoff`."""
        return [self._transcribe(self._model, sounds[0], (0.0,))]

    def _decode_long(self, sounds: list[Sound]) -> list[str]:
        """The same with the temperature fallback, by a new model (see the module's docstring)."""
        import ctranslate2

        ctranslate2.set_random_seed(_SEED)
        with self._long_turn:
            return [self._transcribe(self._model_with_new_threads(), sounds[0], _TEMPERATURES)]

    def _model_with_new_threads(self) -> Any:
        if self.streams > 1:
            return self._new_model(1)
        self.__dict__.pop("_model", None)  # frees its memory, then `_model` loads the new one
        return self._model

    def _transcribe(self, model: Any, sound: Sound, temperatures: Sequence[float]) -> str:
        segments, _ = model.transcribe(
            sound.samples,
            language=self.language,
            beam_size=self._options.beam_size,
            temperature=temperatures,
            condition_on_previous_text=False,
            vad_filter=self._options.vad_filter,
        )
        return " ".join(segment.text.strip() for segment in segments).strip()


def _installed(package: str) -> str:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return f"{package} (not installed)"
