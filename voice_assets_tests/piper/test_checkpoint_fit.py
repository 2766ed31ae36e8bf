"""Checkpoints as people have them: taken as weights, or refused with the real reason and what to do."""

import argparse
import enum
import pathlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from voice_assets.dataset.config import PiperConfig
from voice_assets.dataset.espeak import default_id_map
from voice_assets.piper import model as vits
from voice_assets.piper.checkpoint_file import read_facts
from voice_assets.piper.checkpoint_fit import CHANNELS, Wanted, usable, wanted_of
from voice_assets.piper.errors import CheckpointError
from voice_assets.voice_faults import QUALITY_RATES
from voice_assets_tests.piper.checkpoint_files import OfWindows, content_of, save, small_model

pytestmark = pytest.mark.slow


class Kind(enum.Enum):
    """A Python object that a checkpoint may hold."""

    ESPEAK = "espeak"


def wanted(quality: str = "medium", **changes: Any) -> Wanted:
    config = PiperConfig.model_validate(
        {"audio": {"sample_rate": 22050}, "espeak": {"voice": "ru"}, "phoneme_id_map": default_id_map()}
    )
    return replace(wanted_of(config, quality, QUALITY_RATES[quality]), **changes)


@pytest.fixture(scope="module")
def model() -> Any:
    return small_model()


OLD_PARAMETERS: list[dict[str, Any]] = [
    {},
    {"sample_bytes": 2, "channels": 1},
    {"dataset": [pathlib.PurePosixPath("/data/voice")], "default_root_dir": Path("/data")},
    {"dataset": [OfWindows("x")]},
    {"best": np.float64(1.5), "names": {"a", "b"}, "type": np.dtype("float32")},
    {"options": argparse.Namespace(quality="medium", max_epochs=10)},
]


@pytest.mark.parametrize("parameters", OLD_PARAMETERS, ids=lambda one: ", ".join(one) or "as Piper writes it")
def test_weights_of_an_old_checkpoint_are_taken_and_nobody_has_to_trust_it(
    model: Any, parameters: dict[str, Any], tmp_path: Path
) -> None:
    path = save(content_of(model, **parameters), tmp_path / "base.ckpt")
    usable(path, wanted(), trusted=False)
    fresh = small_model()
    taken = vits.start_from(fresh, path, wanted(), trusted=False)
    assert str(taken) == f"{len(model.state_dict())} of {len(model.state_dict())} tensors taken"
    assert all(tensor.equal(model.state_dict()[name]) for name, tensor in fresh.state_dict().items())


def refused(path: Path, wanted: Wanted, model: Any) -> str:
    """The message about ``path``: the same before a run and in the training worker."""
    with pytest.raises(CheckpointError) as early:
        usable(path, wanted, trusted=False)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with pytest.raises(CheckpointError) as late:
        vits.start_from(model, path, wanted, trusted=False)
    assert str(early.value) == str(late.value)
    assert all(tensor.equal(before[name]) for name, tensor in model.state_dict().items())
    return str(early.value)


def test_a_checkpoint_of_another_number_of_phonemes(model: Any, tmp_path: Path) -> None:
    """All tensors but one fit; the one is the embedding of every phoneme."""
    path = save(content_of(small_model(symbols=130)), tmp_path / "base.ckpt")
    message = refused(path, wanted(), model)
    assert "its phoneme embedding has 130 rows, and num_symbols in config.json is 256" in message
    assert "learn every phoneme anew" in message
    assert "num_symbols: 130" not in message  # the data set has ids over 129
    assert "write `num_symbols: 130` into config.json" in refused(path, wanted(largest_id=129), model)


def test_the_decoder_of_a_voice_with_other_phonemes(model: Any, tmp_path: Path) -> None:
    """What knows no phonemes is taken, as Piper's own vocoder warm start does; the rest stays as it was."""
    other = small_model(symbols=130)
    path = save(content_of(other), tmp_path / "base.ckpt")
    fresh = small_model()
    before = {name: tensor.clone() for name, tensor in fresh.state_dict().items()}
    taken = vits.start_from(fresh, path, wanted(take="decoder"), trusted=False)
    same = {name for name, tensor in fresh.state_dict().items() if tensor.equal(other.state_dict().get(name, tensor + 1))}
    decoder = {name for name in before if name.split(".")[1] in ("dec", "enc_q", "flow") and name.startswith("model_g.")}
    assert decoder <= same
    assert taken.copied == len(decoder) > 100
    assert all(tensor.equal(before[name]) for name, tensor in fresh.state_dict().items() if name not in decoder)
    assert str(taken).startswith(
        f"{len(decoder)} of {len(before)} tensors taken; {len(before) - len(decoder)} start from random"
    )


def test_a_decoder_that_lacks_a_part(model: Any, tmp_path: Path) -> None:
    content = content_of(model)
    lacking = {name: tensor for name, tensor in content["state_dict"].items() if not name.startswith("model_g.enc_q.")}
    path = save({**content, "state_dict": lacking}, tmp_path / "base.ckpt")
    with pytest.raises(CheckpointError, match=r"tensors of the generator do not fit, the first is model_g\.enc_q\."):
        vits.start_from(small_model(), path, wanted(take="decoder"), trusted=False)


def test_the_decoder_of_another_quality_is_refused(model: Any, tmp_path: Path) -> None:
    path = save(content_of(small_model("high")), tmp_path / "base.ckpt")
    assert "it is of quality high" in refused(path, wanted(take="decoder"), small_model())


def test_a_checkpoint_of_several_speakers(model: Any, tmp_path: Path) -> None:
    path = save(content_of(small_model(num_speakers=2)), tmp_path / "base.ckpt")
    assert "a model of 2 speakers (num_speakers), and a voice here has one" in refused(path, wanted(), model)


@pytest.mark.parametrize(
    ("quality", "words"),
    [
        ("high", "it is of quality high (192 and 512 channels), and training.quality is medium (192 and 256)"),
        ("x_low", "it is of quality x_low (96 and 256 channels)"),
        ("low", "it was trained on audio of 16000 Hz, and the voice has 22050 Hz"),
    ],
)
def test_a_checkpoint_of_another_quality(model: Any, quality: str, words: str, tmp_path: Path) -> None:
    other = small_model(quality, QUALITY_RATES[quality])
    assert words in refused(save(content_of(other), tmp_path / "base.ckpt"), wanted(), model)


def test_all_reasons_are_said_at_once(model: Any, tmp_path: Path) -> None:
    other = small_model("x_low", 16000, symbols=100, num_speakers=3)
    message = refused(save(content_of(other), tmp_path / "base.ckpt"), wanted(), model)
    assert [words in message for words in ("3 speakers", "100 rows", "quality x_low", "16000 Hz")] == [True] * 4


def test_objects_that_only_a_person_can_trust(model: Any, tmp_path: Path) -> None:
    path = save(content_of(model, phoneme_type=Kind.ESPEAK), tmp_path / "base.ckpt")
    message = refused(path, wanted(), small_model())
    assert f"it holds Python objects ({Kind.__module__}.Kind)" in message
    assert "set `training.trust_checkpoint: true` in the voice file only for a file that you trust" in message
    assert vits.start_from(small_model(), path, wanted(), trusted=True).fresh == ()


def test_a_trusted_file_whose_objects_cannot_be_made_here(model: Any, tmp_path: Path) -> None:
    path = save(content_of(model, a=Kind.ESPEAK, b=OfWindows("x")), tmp_path / "base.ckpt")
    with pytest.raises(CheckpointError, match="WindowsPath"):
        vits.start_from(small_model(), path, wanted(), trusted=True)


def test_a_checkpoint_without_its_discriminator(model: Any, tmp_path: Path) -> None:
    content = content_of(model)
    generator = {name: tensor for name, tensor in content["state_dict"].items() if name.startswith("model_g.")}
    path = save({**content, "state_dict": generator}, tmp_path / "base.ckpt")
    taken = vits.start_from(small_model(), path, wanted(), trusted=False)
    assert taken.copied == len(generator)
    assert f"{len(taken.fresh)} start from random numbers, model_d." in str(taken)


def test_a_generator_that_is_not_complete(model: Any, tmp_path: Path) -> None:
    content = content_of(model)
    part = {name: tensor for name, tensor in content["state_dict"].items() if not name.startswith("model_g.enc_q.pre")}
    path = save({**content, "state_dict": part}, tmp_path / "base.ckpt")
    with pytest.raises(
        CheckpointError, match=r"2 tensors of the generator do not fit, the first is model_g\.enc_q\.pre\.weight"
    ):
        vits.start_from(small_model(), path, wanted(), trusted=False)


def test_a_checkpoint_of_another_program(model: Any, tmp_path: Path) -> None:
    import torch

    state = {"encoder.weight": torch.zeros(2)}
    path = save({**content_of(model), "state_dict": state}, tmp_path / "base.ckpt")
    assert "a checkpoint of another program, with tensors such as encoder.weight" in refused(path, wanted(), model)


@pytest.mark.parametrize("quality", CHANNELS)
def test_the_channels_are_those_of_pipers_models(quality: str, tmp_path: Path) -> None:
    rate = QUALITY_RATES[quality]
    facts = read_facts(save(content_of(small_model(quality, rate)), tmp_path / "base.ckpt"))
    assert facts.parameters["sample_rate"] == rate
    usable(tmp_path / "base.ckpt", wanted(quality), trusted=False)
