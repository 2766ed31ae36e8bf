"""Loading a finished voice (``.onnx`` and ``.onnx.json``) and speaking with Piper's own player. Not here: scores (``asr``)."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from voice_assets.runtime import strict_json


class VoiceLoadError(ValueError):
    """A model or its configuration that cannot be loaded. The message names the file."""


class SpeechError(ValueError):
    """A text that the voice cannot speak: nothing to pronounce, or an output that is not finite."""


@dataclass(frozen=True)
class OnnxVoice:
    """A loaded voice. ``rate`` in Hz."""

    model: Path
    rate: int
    piper: Any

    def say(self, text: str, noise: bool = True) -> npt.NDArray[np.int16]:
        """Speak ``text`` as Piper's command does, each sentence scaled to full range. int16 ``[samples]``.

        Without ``noise`` the sound depends on the model and the text only.

        Raises:
            SpeechError: the text has nothing to pronounce, or the model's output is not finite.
        """
        from piper import SynthesisConfig

        settings = SynthesisConfig() if noise else SynthesisConfig(noise_scale=0.0, noise_w_scale=0.0)
        chunks = [chunk.audio_float_array for chunk in self.piper.synthesize(text, settings)]
        if not chunks:
            raise SpeechError(f"{self.model.name}: nothing to pronounce in {text!r}")
        samples = np.concatenate(chunks)
        if not np.isfinite(samples).all():
            raise SpeechError(f"{self.model.name}: its output for {text!r} is not finite")
        return np.rint(np.clip(samples, -1, 1) * 32767).astype(np.int16)

    def phonemes(self, text: str) -> list[list[str]]:
        """The phonemes of ``text``, sentence by sentence: single code points, with stress, length and sentence marks."""
        return list(self.piper.phonemize(text))

    def phoneme_ids(self, text: str) -> list[list[int]]:
        """The phoneme ids of ``text``, sentence by sentence."""
        return [self.piper.phonemes_to_ids(phonemes) for phonemes in self.piper.phonemize(text) if phonemes]

    def raw(self, phoneme_ids: list[int], scales: tuple[float, float, float]) -> npt.NDArray[np.float32]:
        """The model's output, float32 ``[samples]``, not scaled. ``scales``: noise, length, noise of the durations."""
        inputs = {
            "input": np.array([phoneme_ids], dtype=np.int64),
            "input_lengths": np.array([len(phoneme_ids)], dtype=np.int64),
            "scales": np.array(scales, dtype=np.float32),
        }
        return self.piper.session.run(None, inputs)[0].reshape(-1)


def _onnxruntime_errors() -> tuple[type[Exception], ...]:
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    names = (
        "Fail",
        "InvalidArgument",
        "InvalidGraph",
        "InvalidProtobuf",
        "NoModel",
        "NoSuchFile",
        "NotImplemented",
        "RuntimeException",
    )
    return tuple(getattr(state, name) for name in names)


def load(model: Path, config: Path, seed: int | None = None) -> OnnxVoice:
    """Load a voice on the CPU. With a ``seed``, the same texts in the same order give the same sound.

    Raises:
        VoiceLoadError: a file is missing, damaged or incomplete.
    """
    import onnxruntime
    from piper import PiperVoice

    for file in (model, config):
        if not file.is_file():
            raise VoiceLoadError(f"{file}: no such file")
    if seed is not None:
        onnxruntime.set_seed(seed)  # the session takes its seed from this when it is made
    try:
        strict_json.read(config)
        piper = PiperVoice.load(model, config)
    except strict_json.JsonError as error:
        raise VoiceLoadError(f"{config}: not the configuration of a Piper voice: {str(error).partition(': ')[2]}") from error
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError, AttributeError) as error:
        raise VoiceLoadError(f"{config}: not the configuration of a Piper voice: {type(error).__name__}: {error}") from error
    except _onnxruntime_errors() as error:
        raise VoiceLoadError(f"{model}: onnxruntime does not load it: {str(error).splitlines()[0]}") from error
    return OnnxVoice(model, piper.config.sample_rate, piper)
