"""The posterior encoder learns from speech: which sentences, which rate, and that the loss falls and goes on after a kill."""

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from voice_assets.piper.model import NotFiniteLossError
from voice_assets.piper.warm_start import distil as stage
from voice_assets.piper.warm_start.distil import FRAMES, RATE, Steps, batches, collate, distil, learns
from voice_assets.piper.warm_start.learning import Learner, StartEvents, freeze, optimizer_of, rate_at
from voice_assets.piper.warm_start.own_speech import HOP, Spoken
from voice_assets.piper.warm_start.published import PublishedVoice
from voice_assets.piper.warm_start.rebuild import rebuild
from voice_assets.piper.warm_start.spectrograms import ALIGNED
from voice_assets_tests.datasets import RATE as SAMPLE_RATE
from voice_assets_tests.piper.warm_start.tiny_voice import arguments

pytestmark = pytest.mark.slow

CHANNELS = 32


class Killed(BaseException):
    """The process ends here."""


class Events(StartEvents):
    """Keeps the losses; ends the stage after so many steps, as a kill would."""

    def __init__(self, end_after: int | None = None) -> None:
        self.end_after = end_after
        self.losses: dict[int, float] = {}

    def progress(self, stage: str, done: int, total: int, loss: float | None = None) -> None:
        assert loss is not None
        self.losses[done] = loss
        if done == self.end_after:
            raise Killed


def speech(count: int = 40) -> list[Spoken]:
    """Sentences of noise, from 50 to 90 frames; z is what a listener could find out: the loudness."""
    generator = np.random.default_rng(1)
    spoken = []
    for frames in generator.integers(50, 90, count):
        loudness = generator.uniform(0.01, 0.6, int(frames))
        sound = generator.normal(size=frames * HOP) * np.repeat(loudness, HOP) * 8000
        z = np.repeat((np.log(loudness) + 2)[None], CHANNELS, axis=0)
        durations = np.full(10, frames // 10, np.float32)
        durations[0] += frames - durations.sum()
        spoken.append(Spoken([1, 0] * 5, z.astype(np.float16), sound.clip(-32767, 32767).astype(np.int16), durations))
    return spoken


def run(voice: PublishedVoice, steps: Steps, file: Path, events: Events, seed: int = 1) -> tuple[Any, dict[str, float]]:
    generator = rebuild(voice, arguments(), 1)[0].model_g
    figures = distil(
        generator, speech(), steps, SAMPLE_RATE, seed, lambda *learned: Learner(*learned, file, "test"), events, bf16=False
    )
    return generator, figures


def test_each_round_has_every_sentence_once() -> None:
    frames = [random.Random(number).randint(40, 400) for number in range(101)]
    groups = batches(frames, 1, 1)
    per_round = next(count for count in range(1, 101) if len({i for group in batches(frames, count, 1) for i in group}) == 101)
    assert per_round > len(groups)
    for number in range(3):
        chosen = batches(frames, 3 * per_round, 1)[number * per_round : (number + 1) * per_round]
        assert sorted(index for group in chosen for index in group) == list(range(101))


def test_a_batch_has_like_lengths_and_no_more_than_needed() -> None:
    frames = [random.Random(number).randint(40, 400) for number in range(101)]
    plan = batches(frames, 40, 1)
    assert len(plan) == 40
    for group in plan:
        longest = max(frames[index] for index in group)
        assert longest * (len(group) - 1) < 1.2 * FRAMES  # the last sentence may be a little longer than the others
    spread = np.mean([max(frames[i] for i in group) - min(frames[i] for i in group) for group in plan])
    assert spread < 0.3 * (max(frames) - min(frames))
    assert plan == batches(frames, 40, 1)
    assert plan != batches(frames, 40, 2)
    assert plan[:25] == batches(frames, 25, 1)


def test_both_parts_rise_and_fall() -> None:
    steps = Steps(100, 50)
    rates = [steps.rate(step) for step in range(steps.all)]
    assert max(rates) == RATE == rates[9] == rates[104]
    assert rates[0] < RATE / 5 > rates[99]
    assert rates[100] < RATE / 2 > rates[149]
    assert Steps(10, 0).all == 10
    assert rate_at(0, 1, RATE) == RATE


def test_strangers_speak_faster_and_z_follows() -> None:
    spoken = speech(8)
    own = collate(spoken, None, SAMPLE_RATE)
    assert own.frames.tolist() == [one.frames for one in spoken]
    assert own.spectrograms.shape[2] % ALIGNED == 0
    others = collate(spoken, random.Random(3), SAMPLE_RATE)
    changed = [row for row in range(8) if others.frames[row] != own.frames[row]]
    assert 2 <= len(changed) <= 8
    for row in changed:
        ratio = own.frames[row] / others.frames[row]
        assert 0.8 < ratio < 2.2
        z = others.z[row, :, : others.frames[row]]
        assert float(z.mean()) == pytest.approx(float(own.z[row, :, : own.frames[row]].mean()), abs=0.1)
        assert not bool(others.z[row, :, others.frames[row] :].any())
    again = collate(spoken, random.Random(3), SAMPLE_RATE)
    assert bool((again.spectrograms == others.spectrograms).all())


@pytest.mark.slow
def test_the_posterior_encoder_learns_and_the_rest_stays(tiny: PublishedVoice, tmp_path: Path) -> None:
    before = rebuild(tiny, arguments(), 1)[0].model_g.state_dict()
    _, poor = run(tiny, Steps(1, 0), tmp_path / "one.pt", Events())
    generator, figures = run(tiny, Steps(40, 8), tmp_path / "state.pt", Events())
    assert figures["unexplained"] < 0.6 * poor["unexplained"]
    assert figures["held_out_nll"] < poor["held_out_nll"] - 0.3
    changed = {name for name, value in generator.state_dict().items() if not bool((value == before[name]).all())}
    assert all(learns(name) for name in changed)
    assert {name.split(".")[0] for name in changed} == {"enc_q", "dp"}


@pytest.mark.slow
def test_a_killed_distillation_goes_on(tiny: PublishedVoice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "STATE_EVERY", 3)
    whole = Events()
    run(tiny, Steps(6, 3), tmp_path / "whole.pt", whole)
    told: dict[int, float] = {}
    for end_after in (2, 4, 7, 9):
        events = Events(end_after)
        with pytest.raises(Killed):
            run(tiny, Steps(6, 3), tmp_path / "state.pt", events)
        told |= events.losses
    last = Events()
    run(tiny, Steps(6, 3), tmp_path / "state.pt", last)
    assert last.losses == {}  # the ninth step was saved
    assert told == pytest.approx(whole.losses, rel=1e-3)
    other = Events()
    run(tiny, Steps(6, 3), tmp_path / "other.pt", other, seed=2)
    assert other.losses != pytest.approx(whole.losses, rel=1e-3)


def test_a_loss_that_is_not_finite_names_stage_and_step(tiny: PublishedVoice, tmp_path: Path) -> None:
    import torch

    generator = rebuild(tiny, arguments(), 1)[0].model_g
    weights = freeze(generator, lambda name: name == "enc_q.pre.bias")
    learner = Learner(weights, optimizer_of(weights.values(), (0.8, 0.99)), tmp_path / "state.pt", "test")
    with pytest.raises(NotFiniteLossError, match=r"distil, step 7: the loss is nan; lower the learning rate"):
        learner.learn(
            weights["enc_q.pre.bias"].sum() * torch.tensor(float("nan")), 1e-3, stage="distil", step=7, largest_norm=1
        )


def test_a_state_of_another_identity_is_left_alone(tmp_path: Path) -> None:
    import torch

    weights = {"a": torch.nn.Parameter(torch.ones(2))}
    Learner(weights, optimizer_of(weights.values(), (0.8, 0.99)), tmp_path / "state.pt", "one").save(5, 1.5)
    other = {"a": torch.nn.Parameter(torch.zeros(2))}
    assert Learner(other, optimizer_of(other.values(), (0.8, 0.99)), tmp_path / "state.pt", "two").resume() == (0, 0.0)
    assert other["a"].tolist() == [0, 0]
    assert Learner(other, optimizer_of(other.values(), (0.8, 0.99)), tmp_path / "state.pt", "one").resume() == (5, 1.5)
    assert other["a"].tolist() == [1, 1]
