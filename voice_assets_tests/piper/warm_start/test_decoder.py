"""The decoder alone: what it hears of a recording, which parts it learns from, and that only the decoder changes."""

import random
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from voice_assets.audio import recordings
from voice_assets.piper.errors import TrainingError
from voice_assets.piper.warm_start import decoder as stage
from voice_assets.piper.warm_start.decoder import BATCH, SEGMENT, Clip, heard_clips, segments, tune_decoder
from voice_assets.piper.warm_start.learning import Learner, StartEvents
from voice_assets.piper.warm_start.own_speech import HOP
from voice_assets.piper.warm_start.published import PublishedVoice
from voice_assets.piper.warm_start.rebuild import rebuild
from voice_assets.piper.warm_start.spectrograms import ALIGNED, spectrogram
from voice_assets_tests.datasets import RATE
from voice_assets_tests.piper.warm_start.tiny_voice import arguments

pytestmark = pytest.mark.slow


class Events(StartEvents):
    """Keeps what was told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, int, int]] = []

    def progress(self, stage: str, done: int, total: int, loss: float | None = None) -> None:
        self.told.append((stage, done, total))


@pytest.fixture
def generator(tiny: PublishedVoice) -> Any:
    return rebuild(tiny, arguments(), 1)[0].model_g


def dataset(folder: Path, seconds: list[float], rate: int = RATE, quiet_s: float = 0.0) -> pd.DataFrame:
    """Clips of a buzz between two silences; the last is for validation."""
    rows = []
    for number, length in enumerate(seconds):
        buzz = np.sign(np.sin(np.arange(round(length * rate)) * (0.02 + 0.005 * number))) * 8000
        silence = np.zeros(round(quiet_s * rate))
        path = f"clip{number}.wav"
        recordings.write_wav(folder / path, np.concatenate([silence, buzz, silence]).astype(np.int16), rate)
        rows.append({"path": path, "split": "train" if number < len(seconds) - 1 else "validation"})
    return pd.DataFrame(rows)


def test_the_clips_for_training_are_heard_without_their_silence(generator: Any, tmp_path: Path) -> None:
    events = Events()
    rows = dataset(tmp_path, [1.0, 0.8, 0.2, 1.0], quiet_s=0.7)
    clips = heard_clips(generator, rows, tmp_path, RATE, 1, events, bf16=False)
    assert sorted(round(len(clip.audio) / RATE, 1) for clip in clips) == [0.4, 1.0, 1.2]  # a tenth is kept at both ends
    for clip in clips:
        assert clip.mean.shape == clip.logs.shape == (32, len(clip.audio) // HOP)
    assert events.told == [("hear", 3, 3)]


def test_padding_changes_nothing(generator: Any, tmp_path: Path) -> None:
    import torch

    (clip,) = heard_clips(generator, dataset(tmp_path, [0.55, 1.0]), tmp_path, RATE, 1, Events(), bf16=False)
    heard = spectrogram(clip.audio, RATE)
    assert heard.shape[1] % ALIGNED
    with torch.no_grad():
        _, mean, logs, _ = generator.enc_q(heard[None], torch.tensor([heard.shape[1]]))
    assert torch.allclose(mean[0], clip.mean, atol=1e-5)
    assert torch.allclose(logs[0], clip.logs, atol=1e-5)


def test_of_many_clips_some_are_chosen_by_the_seed(generator: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "MOST_CLIPS", 2)
    rows = dataset(tmp_path, [0.5, 0.6, 0.7, 0.8, 0.9])
    chosen = [
        sorted(len(clip.audio) for clip in heard_clips(generator, rows, tmp_path, RATE, seed, Events(), bf16=False))
        for seed in (1, 1, 2)
    ]
    assert [len(lengths) for lengths in chosen] == [2, 2, 2]
    assert chosen[0] == chosen[1] != chosen[2]


def test_clips_that_cannot_be_used(generator: Any, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"none of the 2 clips has 0\.37 s of speech for the decoder"):
        heard_clips(generator, dataset(tmp_path, [0.2, 0.3, 1.0]), tmp_path, RATE, 1, Events(), bf16=False)
    with pytest.raises(TrainingError, match=r"clip0\.wav: 16000 Hz, and the voice has 22050 Hz; import the data set at that"):
        heard_clips(generator, dataset(tmp_path, [1.0, 1.0], rate=16000), tmp_path, RATE, 1, Events(), bf16=False)


def test_segments_of_z_and_of_the_recording_are_the_same_moment() -> None:
    import torch

    frames = torch.arange(SEGMENT + 5).float()
    clip = Clip(frames.repeat_interleave(HOP), frames.repeat(3, 1), torch.full((3, len(frames)), -30.0))
    z, real = segments([clip], random.Random(1))
    assert z.shape == (BATCH, 3, SEGMENT)
    assert real.shape == (BATCH, SEGMENT * HOP)
    assert torch.allclose(z[:, 0].repeat_interleave(HOP, dim=1), real, atol=1e-6)
    assert len({float(one[0]) for one in real}) > 2
    whole = Clip(frames[:SEGMENT].repeat_interleave(HOP), frames[:SEGMENT].repeat(3, 1), torch.zeros(3, SEGMENT))
    assert segments([whole], random.Random(1))[0].shape == (BATCH, 3, SEGMENT)


@pytest.mark.slow
def test_only_the_decoder_learns_and_the_mel_loss_falls(generator: Any, tmp_path: Path) -> None:
    rows = dataset(tmp_path, [1.0, 0.8, 1.0])
    clips = heard_clips(generator, rows, tmp_path, RATE, 1, Events(), bf16=False)
    before = {name: value.clone() for name, value in generator.state_dict().items()}
    figures = tune_decoder(
        generator, clips, 30, 1e-3, RATE, 1, lambda *learned: Learner(*learned, tmp_path / "state.pt", "test"), Events(), False
    )
    assert figures["mel_last"] < 0.8 * figures["mel_first"]
    changed = {name for name, value in generator.state_dict().items() if not bool((value == before[name]).all())}
    assert changed
    assert all(name.startswith("dec.") for name in changed)
