"""The posterior encoder of a published voice, learned from the voice's own speech.

Beside it learns the half of the duration predictor that only training needs. The voice spoke from a known z, frame by frame. So
the posterior encoder learns by plain regression, without alignment and discriminators: the loss per frame and channel is
logs + (z - m)^2 exp(-2 logs) / 2. First it hears the speech as it is, then as if others had spoken, so that it also
understands the speaker of the data set. Not here: the speech (``warm_start.own_speech``).
"""

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from voice_assets.piper.warm_start.learning import (
    STATE_EVERY,
    STEPS_OF_A_SEED,
    Learner,
    StartEvents,
    autocast,
    freeze,
    optimizer_of,
    rate_at,
)
from voice_assets.piper.warm_start.own_speech import HOP, SHORTEST, Spoken
from voice_assets.piper.warm_start.spectrograms import ALIGNED, BINS, spectrogram

FRAMES = 2400  # in a batch, about 28 s at 22,050 Hz
RATE = 1e-3
LARGEST_NORM = 5.0
HELD_OUT = 16  # sentences, and at most a fifth
DURATIONS_EVERY = 5  # steps; durations need less, and a third of a step
DURATIONS_WEIGHT = 0.1


@dataclass(frozen=True)
class Steps:
    """How many steps: of the speech as it is, then of the speech changed as if others spoke."""

    plain: int
    strangers: int

    @property
    def all(self) -> int:
        """Both together."""
        return self.plain + self.strangers

    def rate(self, step: int) -> float:
        """The learning rate of a step; each of the two parts rises and falls."""
        if step < self.plain:
            return rate_at(step, self.plain, RATE)
        return rate_at(step - self.plain, self.strangers, RATE)


def learns(name: str) -> bool:
    """Whether a tensor of the generator is learned here: those that no ONNX has."""
    return name.startswith(("enc_q.", "dp.post_", "dp.flows.1."))


def distil(generator: Any, speech: Sequence[Spoken], steps: Steps, rate: int, seed: int, learner_of: Any, events: StartEvents,
           bf16: bool) -> dict[str, float]:  # fmt: skip
    """Teach ``generator`` in place. ``rate`` in Hz. ``learner_of`` makes the `Learner` of the weights.

    Returns:
        ``held_out_nll`` and ``unexplained`` (the share of z's variance) on sentences that were not learned from, and
        ``seconds``.
    """
    import torch

    number = min(HELD_OUT, len(speech) // 5)
    held, learned = speech[:number], speech[number:]
    weights = freeze(generator, learns)
    learner: Learner = learner_of(weights, optimizer_of(weights.values(), (0.9, 0.98)))
    done, before = learner.resume()
    plan = batches([one.frames for one in learned], steps.all, seed)
    generator.train()
    generator.enc_p.eval()
    started = time.monotonic() - before
    for step in range(done, steps.all):
        torch.manual_seed(seed * STEPS_OF_A_SEED + step)
        voices = random.Random(f"{seed} {step}") if step >= steps.plain else None
        batch = collate([learned[index] for index in plan[step]], voices, rate)
        loss = _loss(generator, batch, bf16, durations=step % DURATIONS_EVERY == 0)
        value = learner.learn(loss, steps.rate(step), stage="distil", step=step, largest_norm=LARGEST_NORM)
        if (step + 1) % STATE_EVERY == 0 or step + 1 == steps.all:
            learner.save(step + 1, time.monotonic() - started)
        events.progress("distil", step + 1, steps.all, value)
    return {**_judge(generator, held, rate), "seconds": time.monotonic() - started}


def batches(frames: Sequence[int], steps: int, seed: int) -> list[list[int]]:
    """The sentences of each step: like lengths together, of about ``FRAMES`` frames, every sentence once in each round."""
    generator, plan = random.Random(seed), list[list[int]]()
    while len(plan) < steps:
        order = sorted(range(len(frames)), key=lambda index: frames[index] + generator.uniform(0, 30))
        groups, group = [], list[int]()
        for index in order:
            group.append(index)
            if max(frames[one] for one in group) * len(group) >= FRAMES or index == order[-1]:
                groups.append(group)
                group = []
        generator.shuffle(groups)
        plan += groups
    return plan[:steps]


@dataclass(frozen=True)
class Batch:
    """Padded sentences.

    Attributes:
        spectrograms: [sentences, bins, frames].
        frames: the length of each, [sentences].
        z: [sentences, channels, frames].
        ids: [sentences, phonemes].
        phonemes: how many each has, [sentences].
        durations: frames of each phoneme, [sentences, 1, phonemes].
    """

    spectrograms: Any
    frames: Any
    z: Any
    ids: Any
    phonemes: Any
    durations: Any


def collate(picked: Sequence[Spoken], voices: random.Random | None, rate: int) -> Batch:
    """The batch of these sentences, spoken by others when there are ``voices``. ``rate`` in Hz."""
    import torch

    sounds = [_heard(one, voices, rate) for one in picked]
    longest = -(-max(z.shape[1] for _, z in sounds) // ALIGNED) * ALIGNED
    words = max(len(one.ids) for one in picked)
    spectrograms, z = torch.zeros(len(picked), BINS, longest), torch.zeros(len(picked), sounds[0][1].shape[0], longest)
    ids, durations = torch.zeros(len(picked), words, dtype=torch.long), torch.zeros(len(picked), 1, words)
    for row, (one, (audio, own_z)) in enumerate(zip(picked, sounds, strict=True)):
        length = own_z.shape[1]
        spectrograms[row, :, :length] = spectrogram(audio, rate)
        z[row, :, :length] = own_z
        ids[row, : len(one.ids)] = torch.tensor(one.ids)
        durations[row, 0, : len(one.ids)] = torch.from_numpy(one.durations)
    frames = torch.tensor([own_z.shape[1] for _, own_z in sounds])
    return Batch(spectrograms, frames, z, ids, torch.tensor([len(one.ids) for one in picked]), durations)


def _heard(one: Spoken, voices: random.Random | None, rate: int) -> tuple[Any, Any]:
    """Audio [samples], full scale 1, and z [channels, frames] of a sentence.

    A stranger is made by playing the sentence faster or slower, z as well: so the voice is higher or lower and its throat
    shorter or longer. Half of them get another timbre and lose the treble, as a telephone does.
    """
    import torch
    from torch.nn.functional import interpolate

    audio, z = torch.from_numpy(one.audio).float() / 32768, torch.from_numpy(one.z).float()
    ratio = voices.uniform(0.85, 2.1) if voices is not None and voices.random() < 0.6 else 1.0
    frames = round(one.frames / ratio)
    if voices is None or ratio == 1.0 or frames < SHORTEST:
        return audio, z
    audio = interpolate(audio[None, None], size=frames * HOP, mode="linear")[0, 0]
    if voices.random() < 0.5:
        spectrum = torch.fft.rfft(audio)
        share = torch.linspace(0, 1, len(spectrum))
        timbre = torch.exp(voices.uniform(-0.8, 0.8) * share + voices.uniform(-0.5, 0.5))
        treble = share < voices.uniform(4000, 11025) / (rate / 2)
        audio = torch.fft.irfft(spectrum * timbre * treble, len(audio)).clamp(-1, 1)
    return audio, interpolate(z[None], size=frames, mode="linear")[0]


def _loss(generator: Any, batch: Batch, bf16: bool, *, durations: bool) -> Any:
    import torch

    with autocast(bf16):
        _, mean, logs, mask = generator.enc_q(batch.spectrograms, batch.frames)
    loss = _nll(mean.float(), logs.float(), batch.z, mask.float())
    if durations:
        with torch.no_grad():
            text, _, _, text_mask = generator.enc_p(batch.ids, batch.phonemes)
        loss = loss + DURATIONS_WEIGHT * (generator.dp(text, text_mask, batch.durations) / text_mask.sum()).sum()
    return loss


def _nll(mean: Any, logs: Any, z: Any, mask: Any) -> Any:
    """The mean per frame and channel of -log N(z; mean, exp(logs)), without its constant. ``mask`` [sentences, 1, frames]."""
    each = logs + 0.5 * (z - mean) ** 2 * (-2 * logs).exp()
    return (each * mask).sum() / (mask.sum() * z.shape[1])


def _judge(generator: Any, held: Sequence[Spoken], rate: int) -> dict[str, float]:
    import torch

    batch = collate(held, None, rate)
    generator.eval()
    with torch.no_grad():
        _, mean, logs, mask = generator.enc_q(batch.spectrograms, batch.frames)
        nll = _nll(mean, logs, batch.z, mask)
        unexplained = ((mean - batch.z) ** 2 * mask).sum() / (batch.z**2 * mask).sum()
    return {"held_out_nll": float(nll), "unexplained": float(unexplained)}
