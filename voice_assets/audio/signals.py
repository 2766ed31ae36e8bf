"""Signals of one clip: level, peak, clipping, DC offset, silences, share of speech. Pure numpy.

Here: formulas over one array of samples. Not here: reading files (``audio.recordings``), comparing clips with each other
(``quality.suspects``), limits (the voice's YAML). Levels are in dBFS: a sample of 1.0, full scale, is 0 dB.
"""

import hashlib
import math

import numpy as np
import numpy.typing as npt

FLOOR_DB = -120.0
"""The lowest level: digital silence has this level, not minus infinity. One step of 16 bits is far higher (-90.3 dB)."""

FULL_SCALE = 32767 / 32768
"""A sample with at least this absolute value is at full scale: the highest value of PCM16 as a float."""

LEVEL_FRAME_S = 0.01
"""Length of the frames whose levels separate speech from silence, in seconds."""

SPEECH_BELOW_LOUDEST_DB = 40.0
"""A frame is speech when its level is at most this far under the level of the loudest frame (see ``dataset.tables``)."""

FLAT_WITHIN = 0.001
"""Samples within this share of the highest absolute value are at the top of the wave."""

Waveform = npt.NDArray[np.float32]


class SignalError(ValueError):
    """Samples that cannot be measured. The message gives the reason."""


def _decibels(amplitude: float) -> float:
    return max(20.0 * math.log10(amplitude), FLOOR_DB) if amplitude > 0 else FLOOR_DB


def level_db(samples: Waveform) -> float:
    """Root mean square level in dBFS: 20 * log10(sqrt(mean(x^2))). -120 for digital silence and for no samples."""
    return _decibels(math.sqrt(float(np.mean(np.square(samples, dtype=np.float64))))) if len(samples) else FLOOR_DB


def peak_db(samples: Waveform) -> float:
    """The highest absolute sample in dBFS. -120 for digital silence and for no samples."""
    return _decibels(float(np.max(np.abs(samples)))) if len(samples) else FLOOR_DB


def frame_levels_db(samples: Waveform, rate: int) -> npt.NDArray[np.float64]:
    """Root mean square level of each 10 ms frame, dBFS; the last frame may be shorter. Shape [ceil(n / (rate / 100))]."""
    starts = np.arange(0, len(samples), _frame_length(rate))
    if not len(starts):
        return np.empty(0)
    lengths = np.diff(np.append(starts, len(samples)))
    power = np.add.reduceat(np.square(samples, dtype=np.float64), starts) / lengths
    return np.asarray(10.0 * np.log10(np.maximum(power, 10.0 ** (FLOOR_DB / 10))))


def _frame_length(rate: int) -> int:
    return max(round(rate * LEVEL_FRAME_S), 1)


def _silences(samples: Waveform, rate: int) -> dict[str, float]:
    """Silence before and after the speech, in seconds, and the share of frames that are speech, 0 to 1."""
    levels = frame_levels_db(samples, rate)
    duration_s = len(samples) / rate
    if not len(levels) or levels.max() <= FLOOR_DB:
        return {"leading_silence_s": duration_s, "trailing_silence_s": 0.0, "speech_ratio": 0.0}
    loud = np.flatnonzero(levels >= levels.max() - SPEECH_BELOW_LOUDEST_DB)
    end = min((int(loud[-1]) + 1) * _frame_length(rate), len(samples))
    return {
        "leading_silence_s": int(loud[0]) * _frame_length(rate) / rate,
        "trailing_silence_s": (len(samples) - end) / rate,
        "speech_ratio": len(loud) / len(levels),
    }


def _require_measurable(samples: Waveform, rate: int) -> None:
    if samples.ndim != 1:
        raise SignalError(f"samples must be one channel, shape [n], not shape {list(samples.shape)}")
    if rate <= 0:
        raise SignalError(f"sample rate {rate} Hz is not positive")
    wrong = int(np.count_nonzero(~np.isfinite(samples)))
    if wrong:
        raise SignalError(f"{wrong} of {len(samples)} samples are not finite")


def longest_pause_s(samples: Waveform, rate: int) -> float:
    """The longest silence inside the speech, in seconds, in frames of 10 ms; 0 for digital silence and for no samples.

    A frame is silent when its level is over 40 dB under the loudest frame's, so a noisy recording has no pause.
    """
    levels = frame_levels_db(samples, rate)
    if not len(levels) or levels.max() <= FLOOR_DB:
        return 0.0
    loud = np.flatnonzero(levels >= levels.max() - SPEECH_BELOW_LOUDEST_DB)
    frames = int(np.diff(loud).max()) - 1 if len(loud) > 1 else 0
    return frames * _frame_length(rate) / rate


def flat_ratio(samples: Waveform) -> float:
    """The share of samples at the highest absolute value of these samples, 0 to 1; 0 for digital silence and for no samples.

    Finds clipping whatever happened to the level later: a clipped wave is flat at its top, scaled down or up. Within 0.1 % of
    the highest value, so that a vocoder's saturation counts too. Measured on 16 clean recordings and spoken sentences: 0.00002
    at most; clipped at half their peak: 0.006, at a quarter: 0.04.
    """
    peak = float(np.max(np.abs(samples))) if len(samples) else 0.0
    return float(np.mean(np.abs(samples) >= peak * (1 - FLAT_WITHIN))) if peak > 0 else 0.0


def samples_sha256(samples: npt.NDArray[np.float32]) -> str:
    """SHA-256 of the samples as little-endian float32: equal for two copies of one recording."""
    return hashlib.sha256(np.ascontiguousarray(samples, dtype="<f4").tobytes()).hexdigest()


def measure(samples: Waveform, rate: int) -> dict[str, str | float]:
    """The signal columns of ``dataset.tables.CLIP_STATS`` for one clip.

    Args:
        samples: float32 [n], full scale = 1. No samples (n = 0) and digital silence give -120 dB, no speech, and a leading
            silence as long as the clip.
        rate: samples per second.

    Returns:
        samples_sha256, peak_db, rms_db, clipped_ratio (share of samples whose
        absolute value reaches ``FULL_SCALE``), dc_offset (the mean), leading_silence_s, trailing_silence_s, speech_ratio.
        All finite.

    Raises:
        SignalError: more than one channel, a rate that is not positive, NaN or infinite samples.
    """
    _require_measurable(samples, rate)
    return {
        "samples_sha256": samples_sha256(samples),
        "peak_db": peak_db(samples),
        "rms_db": level_db(samples),
        "clipped_ratio": float(np.mean(np.abs(samples) >= FULL_SCALE)) if len(samples) else 0.0,
        "dc_offset": float(np.mean(samples, dtype=np.float64)) if len(samples) else 0.0,
        **_silences(samples, rate),
    }


def letters_and_digits(text: str) -> int:
    """The count of letters and digits in ``text``: no spaces, punctuation or stress marks, which are not spoken."""
    return sum(character.isalnum() for character in text)


def chars_per_s(text: str, speech_s: float) -> float:
    """The column ``chars_per_s`` of CLIP_STATS: letters and digits of the text as written, per second of speech.

    ``speech_s`` is the time between the two silences; the result is 0 when that time is 0. The category `fast` has another
    rate: `asr.categories.normalised_chars_per_s`.
    """
    return letters_and_digits(text) / speech_s if speech_s > 0 else 0.0
