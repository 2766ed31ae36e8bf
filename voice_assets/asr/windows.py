"""Windows for short clips: the length of a window, the batches of clips, and states that replace the silence after a clip.

Whisper was trained on windows of 30 s. A window of only the clip's length saves time. But then Whisper does not notice that
the speaker has finished, and often writes the sentence twice: the encoder's states of a long silence after speech are missing.
These states are much the same for every speaker and text. So they are computed once for each model, from a sound made of
sines (`synthetic_speech`), and 3 s of them are appended to the states of each clip (`with_quiet_end`). Measured
with ``base``, int8, greedily, on 96 real clips of 1 to 4 s:

- windows of 5 s, at least 1 s longer than the clip, nothing appended: mean similarity 0.945, 15 clips decoded again, 0.49 s of
  a core per clip;
- windows 0.5 s longer than the clip, nothing appended: 0.838, 39 clips;
- the same with the states appended: 0.976, 9 clips, 0.33 s. States of silence alone, without the sines: 0.927.

Here: arithmetic on lengths and arrays. Not here: running a model (``asr.whisper``).
"""

import math
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from voice_assets.asr.recogniser import Utterance

SAMPLE_RATE = 16000
FRAMES_PER_S = 100
"""Whisper's mel frames per second; the encoder makes one state of two frames."""
FULL_WINDOW_S = 30
"""Whisper's own window. faster-whisper decodes longer clips in several windows."""
SHORTEST_WINDOW_S = 2.0
MARGIN_S = 0.5
STEP_S = 0.5
APPENDED_SILENCE_S = 3.0
"""Seconds of silence whose states are appended. Measured: with 1 s the result depends on the sound; 5 s improves nothing."""
_STATES_PER_S = FRAMES_PER_S // 2


def window_s(duration_s: float, wider_s: float = 0.0) -> float:
    """Seconds of the window for a clip: at least half a second longer than the clip, in half seconds, 2 to 30.

    ``wider_s`` is added before the limit of 30 s.
    """
    window = math.ceil((duration_s + MARGIN_S) / STEP_S) * STEP_S
    return min(float(FULL_WINDOW_S), max(SHORTEST_WINDOW_S, window) + wider_s)


def plan(utterances: Sequence[Utterance], batch_size: int) -> list[tuple[Utterance, ...]]:
    """The batches, longest utterances first. A batch holds utterances of one window, in the order of length and id.

    Each utterance over 30 s is a batch of its own. The order of ``utterances`` does not matter. The longest come first: they
    show at once whether the device's memory is enough, and all streams end at about the same time on short batches.
    """
    ordered = sorted(utterances, key=lambda one: (-one.duration_s, one.clip_id))
    batches: list[tuple[Utterance, ...]] = [(one,) for one in ordered if one.duration_s > FULL_WINDOW_S]
    short = (one for one in ordered if one.duration_s <= FULL_WINDOW_S)
    for _, group in groupby(short, key=lambda one: window_s(one.duration_s)):
        batches.extend(_batched(list(group), batch_size))
    return batches


def _batched(utterances: list[Utterance], size: int) -> Iterator[tuple[Utterance, ...]]:
    return (tuple(utterances[start : start + size]) for start in range(0, len(utterances), size))


def log_mel(extract: Any, sound: np.ndarray, window: float) -> np.ndarray:
    """Whisper's features of ``sound`` followed by silence up to ``window`` seconds: float32 ``[bins, 100 * window]``.

    The result equals the features of the padded sound, but the silence is not computed. Frames without sound have the floor:
    -10, before Whisper limits the range to 8 under the maximum and takes (x + 4) / 4.
    """
    frames = round(window * FRAMES_PER_S)
    mel = extract(np.pad(sound[: round(window * SAMPLE_RATE)], (0, 2 * extract.n_fft)), padding=0)[:, :frames]
    floor = np.maximum(-10.0, mel.max() * 4.0 - 12.0)
    filled = np.full((mel.shape[0], frames), (floor + 4.0) / 4.0, np.float32)
    filled[:, : mel.shape[1]] = mel
    return filled


def synthetic_speech() -> np.ndarray:
    """A sound that the encoder takes for speech and that gives no words: float32 ``[32000]``, 2 s.

    A gliding tone of 120 Hz with its harmonics up to 3 kHz, swelling four times a second, as syllables do.
    """
    time = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    phase = 2 * np.pi * 120 * time + 7.4 * np.sin(2 * np.pi * 1.3 * time)
    tone = np.sum([np.sin(harmonic * phase) / harmonic for harmonic in range(1, 26)], axis=0)
    syllables = tone * (1 - np.cos(2 * np.pi * 4 * time)) / 2
    return (0.4 * syllables / np.abs(syllables).max()).astype(np.float32)


def with_quiet_end(states: np.ndarray, quiet: np.ndarray) -> np.ndarray:
    """The ``states`` of clips followed by states of silence: ``[batch, time + up to 150, width]``.

    Args:
        states: the encoder's states of a window, ``[batch, time, width]``.
        quiet: the encoder's states of `synthetic_speech` and silence up to 30 s, ``[1500, width]``. The appended states start
            where the window ends, and end at 30 s at the latest.
    """
    end = states.shape[1]
    appended = quiet[end : end + round(APPENDED_SILENCE_S * _STATES_PER_S)]
    return np.concatenate([states, np.broadcast_to(appended, (len(states), *appended.shape))], axis=1)
