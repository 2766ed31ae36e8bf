"""Reasons to reject a recording for its name, its audio or its phonemes. Every reason is ``kind: detail``.

Not here: reasons that concern only the text (``importers.cleaning``).
"""

import os

import numpy as np
import numpy.typing as npt

from voice_assets.dataset import espeak
from voice_assets.dataset.faults import Limits, phoneme_name
from voice_assets.dataset.readings import spoken_facts
from voice_assets.dataset.rows import unsafe
from voice_assets.runtime.files import shown

LOUDEST_FRAME_MIN_DB = -50.0
"""A recording whose loudest frame is under this level, in dBFS, is silence.

The noise floor of a studio recording is lower. The loudest frame of any speech is higher.
"""
FRAME_S = 0.03
_FLOOR_DB = -120.0
MAX_NAME_BYTES = 200
"""File systems allow 255 bytes. The suffix and the temporary name of a file need some of these bytes."""


def loudest_frame_db(samples: npt.NDArray[np.int16], sample_rate: int) -> float:
    """RMS level of the loudest 30 ms frame, in dBFS; -120 for digital silence and for no samples."""
    size = max(1, round(FRAME_S * sample_rate))
    scaled = samples.astype(np.float64) / 32768.0
    padded = np.pad(scaled, (0, -len(scaled) % size))
    power = np.square(padded).reshape(-1, size).mean(axis=1) if len(padded) else np.zeros(1)
    return max(_FLOOR_DB, 10.0 * float(np.log10(max(float(power.max()), 1e-12))))


def audio_rejections(samples: npt.NDArray[np.int16], limits: Limits) -> list[str]:
    """Silence, or a duration outside the limits. ``samples``: int16 ``[frames]`` at the limits' sample rate."""
    reasons = []
    seconds = len(samples) / limits.sample_rate
    level = loudest_frame_db(samples, limits.sample_rate)
    if level < LOUDEST_FRAME_MIN_DB:
        reasons.append(
            f"silence: the loudest {FRAME_S * 1000:.0f} ms of {seconds:.1f} s have {level:.1f} dBFS, under "
            f"{LOUDEST_FRAME_MIN_DB:.0f} dBFS"
        )
    if seconds < limits.min_duration_s:
        reasons.append(f"too short: {seconds:.2f} s, under min_duration_s {limits.min_duration_s}")
    if seconds > limits.max_duration_s:
        reasons.append(f"too long: {seconds:.2f} s, over max_duration_s {limits.max_duration_s}")
    return reasons


def phoneme_rejections(text: str, limits: Limits) -> list[str]:
    """Reasons to reject a text: espeak says nothing for it, or phonemes without an id in Piper's default table."""
    (spoken,) = spoken_facts([text], limits.language, limits.espeak_voice, espeak.default_id_map())
    if spoken["letter_phonemes"] < 1:
        return ["silent: espeak says nothing for the text"]
    unknown = spoken["unknown_phonemes"].split(" ") if spoken["unknown_phonemes"] else []
    return [f"phonemes: no id for {', '.join(map(phoneme_name, unknown))}"] if unknown else []


def name_rejections(name: str) -> list[str]:
    """Reasons to reject a name: impossible in the metadata, or impossible as a file name."""
    if shown(name) != name:
        return ["name: it is not UTF-8"]
    if not name.strip() or "|" in name or name.startswith('"'):
        return [f"name: {name!r} cannot be written into the metadata"]
    size = len(os.fsencode(name))
    if size > MAX_NAME_BYTES:
        return [f"name: it is {size} bytes long, over the limit of {MAX_NAME_BYTES} bytes for a file name"]
    return [f"name: it {reason}" for reason in [unsafe(name)] if reason]
