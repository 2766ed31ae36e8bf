"""Piper's model: the alignment search, guards, and checkpoints read without running them."""

import itertools
import math
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from voice_assets.piper import model
from voice_assets.piper.errors import CheckpointError


def best_path(scores: np.ndarray) -> np.ndarray:
    """The best monotonic alignment by a plain dynamic programme: ``[frames, text]``, 1 on the path.

    A path starts at frame 0 and symbol 0, ends at the last of both, and with each frame stays or goes on one symbol.
    """
    frames, text = scores.shape
    best = np.full((frames, text), -np.inf)
    best[0, 0] = scores[0, 0]
    for frame, symbol in itertools.product(range(1, frames), range(text)):
        before = max(best[frame - 1, symbol], best[frame - 1, symbol - 1] if symbol else -np.inf)
        best[frame, symbol] = before + scores[frame, symbol]
    path = np.zeros((frames, text))
    symbol = text - 1
    for frame in range(frames - 1, -1, -1):
        path[frame, symbol] = 1
        if symbol and frame and best[frame - 1, symbol - 1] > best[frame - 1, symbol]:
            symbol -= 1
    return path


def padded(sizes: list[tuple[int, int]], seed: int):
    """Random scores ``[batch, frames, text]`` with a mask, for sizes of (frames, text)."""
    import torch

    frames, text = max(size[0] for size in sizes), max(size[1] for size in sizes)
    scores = np.random.default_rng(seed).normal(size=(len(sizes), frames, text)).astype(np.float32)
    mask = np.zeros_like(scores)
    for index, (rows, columns) in enumerate(sizes):
        mask[index, :rows, :columns] = 1
    return torch.from_numpy(scores), torch.from_numpy(mask)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_the_alignment_is_that_of_a_plain_dynamic_programme(seed: int) -> None:
    sizes = [(12, 5), (9, 9), (7, 1), (11, 4)]
    scores, mask = padded(sizes, seed)
    path = model.maximum_path(scores, mask).numpy()
    assert path.shape == scores.shape
    for index, (frames, text) in enumerate(sizes):
        wanted = best_path(scores[index, :frames, :text].numpy())
        assert np.array_equal(path[index, :frames, :text], wanted)
        assert path[index].sum() == frames  # each frame belongs to one symbol, nothing outside the mask


@pytest.mark.slow
def test_the_axes_matter() -> None:
    """The library without our transposition gives another path: the test above would fail if the axes were swapped."""
    from monotonic_alignment_search import maximum_path_cython

    scores, mask = padded([(12, 5)], seed=0)
    assert not np.array_equal(maximum_path_cython(scores, mask).numpy(), model.maximum_path(scores, mask).numpy())


@pytest.mark.slow
def test_piper_finds_the_alignment_search_where_it_looks() -> None:
    code = (
        "from voice_assets.piper import model as vits\nvits.register_alignment()\nvits.register_alignment()\n"
        "from piper.train.vits import monotonic_align\nimport piper.train.vits.lightning\n"
        "assert monotonic_align.maximum_path is vits.maximum_path"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_not_finite_is_named(value: float) -> None:
    with pytest.raises(model.NotFiniteLossError, match=r"epoch 3, training step 7: .*kl = -?(nan|inf)"):
        model.check_finite({"generator": 1.0, "kl": value}, epoch=3, step=7, phase="training")


def test_finite_losses_pass() -> None:
    model.check_finite({"generator": 1e30, "kl": -5.0}, epoch=0, step=0, phase="training")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("quality", "rate", "channel", "hidden"),
    [("medium", 22050, 256, None), ("high", 22050, 512, None), ("low", 16000, 256, None), ("x_low", 16000, 256, 96)],
)
def test_qualities(quality: str, rate: int, channel: int, hidden: int | None) -> None:
    arguments = model.quality_arguments(quality, rate)
    assert arguments["upsample_initial_channel"] == channel
    assert arguments.get("hidden_channels") == hidden
    assert math.prod(arguments["upsample_rates"]) == 256
    assert arguments["sample_rate"] == rate


@pytest.mark.slow
@pytest.mark.parametrize(
    ("quality", "rate", "message"),
    [("medium", 16000, "medium is 22050 Hz in Piper, the data set is 16000 Hz"), ("best", 22050, "'best' is none of")],
)
def test_a_quality_that_does_not_fit(quality: str, rate: int, message: str) -> None:
    with pytest.raises(model.QualityError, match=message):
        model.quality_arguments(quality, rate)


class Evil:
    """What an old or hostile checkpoint may hold: unpickling it would call a function."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self):
        return Path.touch, (self.target,)


@pytest.mark.slow
def test_a_checkpoint_never_runs_code_unless_trusted(tmp_path: Path) -> None:
    import torch

    path, target = tmp_path / "evil.ckpt", tmp_path / "ran"
    torch.save({"state_dict": {}, "hyper_parameters": Evil(target), "epoch": 0, "global_step": 0}, path)
    with pytest.raises(CheckpointError, match=r"evil\.ckpt: not loaded: it holds Python objects"):
        model.load_checkpoint(path, trusted=False)
    assert not target.exists()
    model.load_checkpoint(path, trusted=True)
    assert target.exists()


@pytest.mark.slow
@pytest.mark.parametrize("content", [b"", b"not a checkpoint at all", b"PK\x03\x04 cut off", pickle.dumps([1, 2])])
def test_damaged_checkpoints(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "bad.ckpt"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"bad\.ckpt: "):
        model.load_checkpoint(path, trusted=False)


def test_a_missing_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"none\.ckpt: no such checkpoint"):
        model.load_checkpoint(tmp_path / "none.ckpt", trusted=False)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("content", "message"), [({"epoch": 1}, "no state_dict, hyper_parameters, global_step"), ([1], "state_dict")]
)
def test_other_files_of_torch(content: object, message: str, tmp_path: Path) -> None:
    import torch

    path = tmp_path / "other.ckpt"
    torch.save(content, path)
    with pytest.raises(CheckpointError, match=message):
        model.load_checkpoint(path, trusted=False)
