"""Rebuilding a generator from its ONNX: it speaks as onnxruntime does, or there is an error that says why not."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from voice_assets.piper import model as vits
from voice_assets.piper import onnx_voice
from voice_assets.piper.errors import CheckpointError
from voice_assets.piper.warm_start.onnx_weights import OnnxWeights
from voice_assets.piper.warm_start.published import PublishedVoice
from voice_assets.piper.warm_start.rebuild import TRAINING_ONLY, largest_difference, rebuild
from voice_assets_tests.piper.warm_start.tiny_voice import RATE, arguments, publish

pytestmark = pytest.mark.slow

TEXTS = ["Hello.", "The quick brown fox jumps over the lazy dog.", "Please enter your number, followed by the pound key."]


def player(path: Path) -> onnx_voice.OnnxVoice:
    return onnx_voice.load(path, path.with_name(f"{path.name}.json"))


def with_tensors(voice: PublishedVoice, tensors: dict) -> PublishedVoice:
    return replace(voice, weights=OnnxWeights(tensors, ()))


def test_the_rebuilt_tiny_voice_speaks_as_onnxruntime_does(tiny: PublishedVoice) -> None:
    model, fresh = rebuild(tiny, arguments(), seed=1)
    assert largest_difference(model.model_g, player(tiny.path), TEXTS) < 1e-5
    assert all(name.startswith(TRAINING_ONLY) for name in fresh)
    assert {name.split(".")[0] for name in fresh} == {"enc_q", "dp"}


@pytest.mark.slow
def test_the_real_voice_speaks_as_onnxruntime_does(joe: PublishedVoice) -> None:
    model, fresh = rebuild(joe, vits.quality_arguments("medium", RATE), seed=1)
    assert len(fresh) == 270
    assert largest_difference(model.model_g, player(joe.path), TEXTS) < 1e-4


@pytest.mark.parametrize("name", ["x_low", "high"])
@pytest.mark.slow
def test_other_qualities_are_rebuilt(name: str, tmp_path: Path) -> None:
    rate = {"x_low": 16000, "high": RATE}[name]
    model = {**vits.quality_arguments(name, rate), "upsample_initial_channel": 64, "hidden_channels": 32, "inter_channels": 32}
    path, _ = publish(tmp_path, model, audio={"sample_rate": rate})
    from voice_assets.piper.warm_start.published import read_voice

    made, _ = rebuild(read_voice(path), arguments(**model), seed=1)
    assert largest_difference(made.model_g, player(path), TEXTS[:2]) < 1e-5


def test_what_the_onnx_lacks_depends_on_the_seed_alone(tiny: PublishedVoice) -> None:
    first, again, other = (rebuild(tiny, arguments(), seed=seed)[0].model_g.state_dict() for seed in (1, 1, 2))
    assert all(bool((first[name] == again[name]).all()) for name in first)
    assert not bool((first["enc_q.pre.weight"] == other["enc_q.pre.weight"]).all())
    assert bool((first["dec.conv_pre.weight"] == other["dec.conv_pre.weight"]).all())


def test_a_tensor_that_has_no_place_is_an_error(tiny: PublishedVoice) -> None:
    more = {**tiny.weights.tensors, "vocoder.head.weight": np.zeros((2, 2), np.float32)}
    with pytest.raises(
        CheckpointError, match=r"1 tensors have no place .* vocoder\.head\.weight; it is of another architecture"
    ):
        rebuild(with_tensors(tiny, more), arguments(), seed=1)
    with pytest.raises(CheckpointError, match=r"have no place .* the first is onnx::Conv_1;"):
        rebuild(replace(tiny, weights=replace(tiny.weights, nameless=("onnx::Conv_1",))), arguments(), seed=1)


@pytest.mark.parametrize("name", ["dp.flows.0.logs", "flow.flows.0.enc.in_layers.0.weight", "dec.conv_post.weight"])
def test_a_tensor_that_is_missing_is_an_error(name: str, tiny: PublishedVoice) -> None:
    fewer = {key: value for key, value in tiny.weights.tensors.items() if key != name}
    with pytest.raises(CheckpointError, match=r"tensors of Piper's model are not in it, the first is"):
        rebuild(with_tensors(tiny, fewer), arguments(), seed=1)


def test_a_tensor_of_another_shape_is_an_error(tiny: PublishedVoice) -> None:
    other = {**tiny.weights.tensors, "dec.conv_pre.bias": np.zeros(7, np.float32)}
    with pytest.raises(CheckpointError, match=r"dec\.conv_pre\.bias is \(7,\) there, \(32,\) in Piper's model"):
        rebuild(with_tensors(tiny, other), arguments(), seed=1)


@pytest.mark.parametrize("name", ["dp.flows.0.m", "flow.flows.2.enc.in_layers.1.weight"])
def test_a_voice_that_speaks_otherwise_is_an_error(name: str, tiny: PublishedVoice) -> None:
    """The names fit, and one tensor has other values: only the comparison can find that."""
    wrong = {**tiny.weights.tensors, name: tiny.weights.tensors[name] + 2}
    model, _ = rebuild(with_tensors(tiny, wrong), arguments(), seed=1)
    with pytest.raises(CheckpointError, match=r"it speaks otherwise than the ONNX|samples, and \d+ from the ONNX"):
        largest_difference(model.model_g, player(tiny.path), TEXTS)


def test_sound_that_is_not_finite_and_no_sound_are_errors(tiny: PublishedVoice, tmp_path: Path) -> None:
    wrong = {**tiny.weights.tensors, "dec.conv_pre.bias": np.full(32, np.nan, np.float32)}
    model, _ = rebuild(with_tensors(tiny, wrong), arguments(), seed=1)
    with pytest.raises(CheckpointError, match="by nan of full scale"):
        largest_difference(model.model_g, player(tiny.path), TEXTS)
    with pytest.raises(CheckpointError, match="in 0 sounds"):
        largest_difference(model.model_g, player(tiny.path), [])


def test_a_copy_in_another_folder_is_the_same_voice(tiny: PublishedVoice, tmp_path: Path) -> None:
    from voice_assets.piper.warm_start.published import read_voice

    for file in tiny.path.parent.iterdir():
        shutil.copy(file, tmp_path)
    assert read_voice(tmp_path / tiny.path.name).sha256 == tiny.sha256
