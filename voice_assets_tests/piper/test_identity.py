"""The identity of a training: what makes another training, what does not, and which version goes on."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from voice_assets.dataset.tables import TRAINING_SET, frame
from voice_assets.piper import identity
from voice_assets.piper.errors import TrainingError
from voice_assets.piper.identity import claim, identity_of, open_version
from voice_assets.piper.versions import version_dir
from voice_assets.voice_training import Keep
from voice_assets.voices import Training

CONFIG = {
    "audio": {"sample_rate": 22050},
    "espeak": {"voice": "ru"},
    "num_symbols": 256,
    "num_speakers": 1,
    "phoneme_id_map": {"_": [0], "^": [1], "$": [2], " ": [3], "a": [4]},
}
ROW = {"clip_id": "a", "path": "wavs/a.wav", "text": "Да.", "audio_sha256": "0" * 64, "duration_s": 1.0, "split": "train"}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(CONFIG), encoding="utf-8")
    return path


def rows(**changes: Any) -> pd.DataFrame:
    return frame([{**ROW, **changes}, {**ROW, "clip_id": "b", "split": "validation"}], TRAINING_SET)


def of(config: Path, table: pd.DataFrame | None = None, **settings: Any) -> dict[str, Any]:
    return identity_of(Training(**settings), rows() if table is None else table, config)


OTHER = {
    "quality": "high",
    "seed": 5,
    "precision": "bf16-mixed",
    "batch_size": 8,
    "accumulate": 2,
    "devices": 2,
    "segment_size": 4096,
    "learning_rate": 1e-3,
    "learning_rate_d": 1e-3,
    "lr_decay": 0.5,
    "lr_decay_d": 0.5,
    "grad_clip": 1.0,
    "c_mel": 40.0,
    "c_kl": 2.0,
    "use_mrd": True,
}
EQUAL = {
    "epochs": 3,
    "max_epochs": 600,
    "stop_when_level": False,
    "level_epochs": 30,
    "max_gap": 1.0,
    "validate_every": 2,
    "checkpoint_every": 2,
    "keep": Keep(last=1),
    "samples_every": "kept",
    "accelerator": "cpu",
    "strategy": "ddp",
    "stuck_after_s": 60,
    "num_workers": 0,
    "trust_checkpoint": True,
}


@pytest.mark.parametrize("name", OTHER)
def test_a_setting_that_changes_the_result_makes_another_training(name: str, config: Path) -> None:
    before, now = of(config), of(config, **{name: OTHER[name]})
    assert identity.differences(before, now) == [f"{name} was {before[name]!r}, now {OTHER[name]!r}"]


@pytest.mark.parametrize("name", EQUAL)
def test_how_long_and_what_is_kept_is_the_same_training(name: str, config: Path) -> None:
    assert getattr(Training(), name) != EQUAL[name]
    assert of(config, **{name: EQUAL[name]}) == of(config)


def test_every_setting_is_judged() -> None:
    """A new setting must be put into one of the three groups, with the reason."""
    groups = (identity.SETTINGS, identity.BY_CONTENT, identity.NO_EFFECT)
    assert sorted(name for group in groups for name in group) == sorted(Training.model_fields)
    assert (set(OTHER), set(EQUAL)) == (set(identity.SETTINGS), set(identity.NO_EFFECT))


def test_equal_products_of_another_split_are_another_training(config: Path) -> None:
    split = [{"batch_size": 8}, {"batch_size": 4, "accumulate": 2}, {"batch_size": 4, "devices": 2}]
    assert len({json.dumps(of(config, **one), sort_keys=True) for one in split}) == 3


def test_other_data_is_another_training(config: Path) -> None:
    before = of(config)
    for table in (rows(text="Нет."), rows(audio_sha256="1" * 64), rows(split="validation"), rows()[::-1]):
        assert [one.split()[0] for one in identity.differences(before, of(config, table))] == ["training_set"]
    config.write_text(json.dumps({**CONFIG, "num_symbols": 300}), encoding="utf-8")
    assert [one.split()[0] for one in identity.differences(before, of(config))] == ["config", "num_symbols"]


def test_the_start_counts_by_its_content(config: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "a.ckpt", tmp_path / "b.ckpt"
    first.write_bytes(b"weights")
    second.write_bytes(b"weights")
    assert of(config, checkpoint=first) == of(config, checkpoint=second)
    assert identity_of(Training(), rows(), config, first) == of(config, checkpoint=first)
    assert of(config, checkpoint=first)["take"] == "all"
    assert of(config, checkpoint=first) != of(config, checkpoint=first, take="decoder")
    assert of(config, take="decoder") == of(config)
    second.write_bytes(b"other weights")
    assert of(config, checkpoint=first) != of(config, checkpoint=second)
    assert of(config, checkpoint=first) != of(config)


def test_the_model_counts(config: Path) -> None:
    tiny = identity_of(Training(), rows(), config, model_arguments={"resblock_kernel_sizes": (3, 5)})
    assert tiny["model_arguments"] == {"resblock_kernel_sizes": [3, 5]}
    assert tiny != of(config)


@pytest.mark.parametrize("recorded", [(), (0,)])
def test_the_same_identity_goes_on(recorded: tuple[int, ...], tmp_path: Path) -> None:
    assert open_version(tmp_path, {"seed": 1}, ()) == 0
    assert open_version(tmp_path, {"seed": 1}, recorded) == 0


def test_another_identity_takes_a_new_number(tmp_path: Path) -> None:
    assert open_version(tmp_path, {"seed": 1}, ()) == 0
    assert open_version(tmp_path, {"seed": 2}, ()) == 1
    assert json.loads((version_dir(tmp_path, 1) / "identity.json").read_text(encoding="utf-8")) == {"seed": 2}
    assert open_version(tmp_path, {"seed": 1}, ()) == 0  # the settings were changed back: the older training goes on
    assert open_version(tmp_path, {"seed": 3}, (7,)) == 8


@pytest.mark.parametrize("content", ["", "{", "[]", '{"seed": 2}', "\x00"])
def test_a_damaged_identity_is_another_training(content: str, tmp_path: Path) -> None:
    folder = version_dir(tmp_path, 0)
    folder.mkdir(parents=True)
    (folder / "identity.json").write_text(content, encoding="utf-8")
    assert open_version(tmp_path, {"seed": 1}, ()) == 1


def test_a_version_is_one_training(tmp_path: Path) -> None:
    claim(tmp_path, {"seed": 1, "take": None})
    claim(tmp_path, {"seed": 1, "take": None})
    with pytest.raises(TrainingError, match=r"seed was 1, now 2; take was None, now 'all'$"):
        claim(tmp_path, {"seed": 2, "take": "all"})


def test_checkpoints_without_an_identity_are_not_continued(tmp_path: Path) -> None:
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "epoch=0-step=2.ckpt").write_bytes(b"weights")
    with pytest.raises(TrainingError, match=r"checkpoints and no identity\.json"):
        claim(tmp_path, {"seed": 1})


def test_folders_that_somebody_renamed_are_no_trainings(tmp_path: Path) -> None:
    for name in ("version_old", "version_3.bak", "version_007"):
        (tmp_path / "lightning_logs" / name).mkdir(parents=True)
    assert open_version(tmp_path, {"seed": 1}, ()) == 0
