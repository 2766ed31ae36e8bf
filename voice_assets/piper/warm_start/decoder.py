"""The decoder alone learns to say the published voice's z with the voice of the data set.

The posterior encoder is frozen, so z is computed once for each clip. A step is the decoder and the mel loss: no text, no flow,
no alignment, no discriminators. What the text side says is still the published voice's z, so the words survive. Training
everything at once from the start loses the words first. Not here: that training (``piper.training``).
"""

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from voice_assets.audio import recordings, signals
from voice_assets.piper.errors import TrainingError
from voice_assets.piper.warm_start.learning import (
    STATE_EVERY,
    STEPS_OF_A_SEED,
    Learner,
    StartEvents,
    autocast,
    freeze,
    optimizer_of,
)
from voice_assets.piper.warm_start.own_speech import HOP
from voice_assets.piper.warm_start.spectrograms import ALIGNED, mel, spectrogram

MOST_CLIPS = 400  # their z are held in memory: 130 kB a second
SEGMENT = 32  # frames, 8192 samples
BATCH = 8
KEPT_S = 0.1  # of silence, at both ends of a recording
MEL_WEIGHT = 45.0  # Piper's c_mel
LARGEST_NORM = 1e3
WARM_UP = 10  # steps in which the rate rises


@dataclass(frozen=True)
class Clip:
    """A recording: ``audio`` float32 [256 frames]; ``mean`` and ``logs`` [channels, frames], from the posterior encoder."""

    audio: Any
    mean: Any
    logs: Any


def tune_decoder(generator: Any, clips: Sequence[Clip], steps: int, highest: float, rate: int, seed: int, learner_of: Any,
                 events: StartEvents, bf16: bool) -> dict[str, float]:  # fmt: skip
    """Teach the decoder of ``generator`` in place. ``highest`` is the learning rate, ``rate`` in Hz.

    Returns:
        ``mel_first`` and ``mel_last``: the mel loss, a mean over a tenth of the steps; and ``seconds``.
    """
    import torch

    weights = freeze(generator, lambda name: name.startswith("dec."))
    learner: Learner = learner_of(weights, optimizer_of(weights.values(), (0.8, 0.99)))
    done, before = learner.resume()
    generator.train()
    started = time.monotonic() - before
    for step in range(done, steps):
        torch.manual_seed(seed * STEPS_OF_A_SEED + step)
        z, real = segments(clips, random.Random(f"{seed} {step}"))
        with autocast(bf16):
            fake = generator.dec(z)
        loss = MEL_WEIGHT * torch.nn.functional.l1_loss(mel(real, rate), mel(fake.float().squeeze(1), rate))
        now = highest * min(1.0, (step + 1) / WARM_UP)
        value = learner.learn(loss, now, stage="decoder", step=step, largest_norm=LARGEST_NORM)
        if (step + 1) % STATE_EVERY == 0 or step + 1 == steps:
            learner.save(step + 1, time.monotonic() - started)
        events.progress("decoder", step + 1, steps, value / MEL_WEIGHT)
    tenth = max(1, steps // 10)
    first, last = (sum(part) / tenth / MEL_WEIGHT for part in (learner.losses[:tenth], learner.losses[-tenth:]))
    return {"mel_first": first, "mel_last": last, "seconds": time.monotonic() - started}


def segments(clips: Sequence[Clip], generator: random.Random) -> tuple[Any, Any]:
    """A batch: z [clips, channels, frames], drawn as the posterior encoder says, and the recordings [clips, samples]."""
    import torch

    z, real = [], []
    for clip in generator.choices(clips, k=BATCH):
        at = generator.randrange(clip.mean.shape[1] - SEGMENT + 1)
        mean, logs = clip.mean[:, at : at + SEGMENT], clip.logs[:, at : at + SEGMENT]
        z.append(mean + torch.randn_like(mean) * torch.exp(logs))
        real.append(clip.audio[at * HOP : (at + SEGMENT) * HOP])
    return torch.stack(z), torch.stack(real)


def heard_clips(
    generator: Any, rows: pd.DataFrame, dataset: Path, rate: int, seed: int, events: StartEvents, bf16: bool
) -> list[Clip]:
    """The clips of the training set (``TRAINING_SET``) that are for training, as the posterior encoder hears them.

    Of more than ``MOST_CLIPS``, some are chosen by ``seed``. Silence at both ends is left out.

    Raises:
        TrainingError: no clip is long enough.
        AudioError: a recording cannot be read.
    """
    chosen = sorted(rows.loc[rows["split"] == "train", "path"])
    random.Random(seed).shuffle(chosen)
    clips = []
    generator.eval()
    for number, path in enumerate(chosen[:MOST_CLIPS], start=1):
        audio = _recording(dataset / path, rate)
        if len(audio) >= SEGMENT * HOP:
            clips.append(_heard(generator, audio, rate, bf16))
        if number % 50 == 0 or number == len(chosen[:MOST_CLIPS]):
            events.progress("hear", number, len(chosen[:MOST_CLIPS]))
    if not clips:
        raise TrainingError(
            f"{dataset}: none of the {len(chosen)} clips has {SEGMENT * HOP / rate:.2f} s of speech for the decoder"
        )
    return clips


def _recording(path: Path, rate: int) -> Any:
    """The speech in a recording, float32 [256 frames]."""
    samples, found = recordings.read(path)
    if found != rate:
        raise TrainingError(f"{path}: {found} Hz, and the voice has {rate} Hz; import the data set at that rate")
    measured = signals.measure(samples, rate)
    first = max(0, round((float(measured["leading_silence_s"]) - KEPT_S) * rate))
    end = min(len(samples), len(samples) - round((float(measured["trailing_silence_s"]) - KEPT_S) * rate))
    return samples[first : first + max(0, end - first) // HOP * HOP]


def _heard(generator: Any, audio: Any, rate: int, bf16: bool) -> Clip:
    """A recording with what the posterior encoder hears in it. The padding, which it ignores, saves PyTorch new kernels."""
    import torch

    sound = torch.from_numpy(audio.copy())
    heard = spectrogram(sound, rate)
    frames = heard.shape[1]
    padded = torch.nn.functional.pad(heard[None], (0, -frames % ALIGNED))
    with torch.no_grad(), autocast(bf16):
        _, mean, logs, _ = generator.enc_q(padded, torch.tensor([frames]))
    return Clip(sound, mean[0, :, :frames].float(), logs[0, :, :frames].float())
