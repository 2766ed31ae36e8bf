"""A project in which `voice-assets run` has finished all stages once, on real speech with real components."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from voice_assets.orchestration.instance import open_instance
from voice_assets.rules.suites import load_suite
from voice_assets_tests import forked
from voice_assets_tests.datasets import write_voice
from voice_assets_tests.toy_project import HERE, ToyProject

CLIPS = 32
TRAINED = ("v0-e0000", "v0-e0001", "v0-e0002")
CANDIDATES = TRAINED[1:]
REASON = "three epochs of a test"
UNREACHABLE = (
    *(f"voice_samples/{rule.name}" for rule in load_suite("voice_samples").rules if rule.name != "sample_count"),
    "training/loss_level",
    "training/gap_in_bounds",
)
"""The rules that no voice of three epochs can pass, or that two held-out clips make a matter of luck."""
OTHER_TEXTS = (
    "Ранним утром над рекой поднимался туман.",
    "Бабушка испекла большой яблочный пирог.",
    "Поезд медленно подошёл к платформе.",
    "В лесу громко стучал пёстрый дятел.",
    "Дети весело катались на санках.",
    "Художник купил новые кисти и краски.",
)
"""Texts that nobody says in the clips."""


def copy_part(source: Path, target: Path, clips: int) -> Path:
    """A data set of the first ``clips`` rows of ``source``."""
    (target / "wavs").mkdir(parents=True)
    shutil.copy(source / "config.json", target)
    rows = (source / "metadata_2col.csv").read_text(encoding="utf-8").splitlines()[:clips]
    (target / "metadata_2col.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    for row in rows:
        name = row.split("|")[0]
        shutil.copy(source / "wavs" / f"{name}.wav", target / "wavs")
    return target


def run_cli(*arguments: str) -> subprocess.CompletedProcess[str]:
    """`voice-assets` as a process."""
    return forked.run([sys.executable, "-m", "voice_assets.cli", *arguments], forked.COMMANDS, COLUMNS="200")


@pytest.fixture(scope="module")
def finished(
    tmp_path_factory: pytest.TempPathFactory, ivrvoice: Path
) -> Iterator[tuple[ToyProject, subprocess.CompletedProcess[str]]]:
    """A project in which ``voice-assets run toy`` has finished all stages once."""
    root = tmp_path_factory.mktemp("project")
    for name in ("dagster.yaml", "workspace.yaml"):
        shutil.copy(HERE / name, root / name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VOICE_ASSETS_ROOT", str(root))
        patch.setenv("DAGSTER_HOME", str(root / ".dagster"))
        dataset = copy_part(ivrvoice, root / "dataset", CLIPS)
        write_voice(
            root / "voices" / "toy.yaml",
            Path("../dataset"),  # relative to the file, so that the project can be moved
            shards=2,
            license="CC-BY-SA-3.0",
            credit="theivrvoice.com",
            asr_sample={"clips": 6, "model": "base"},
            whisper={"model": "base", "compute_type": "int8", "batch_size": 16, "max_low_ratio": 0.1},
            training={
                "batch_size": 4,
                "segment_size": 1024,
                "max_clips": 12,
                "validation_ratio": 0.2,
                "accelerator": "cpu",
                "num_workers": 0,
                "max_epochs": len(TRAINED),
                "keep": {"last": 2, "best": 0, "every": 0},
            },
            samples={"recordings": 2},
            advisory=dict.fromkeys(UNREACHABLE, REASON),
        )  # fmt: skip
        done = run_cli("run", "toy")
        with open_instance() as instance:
            yield ToyProject(root, dataset, instance), done


@pytest.fixture
def winner(finished) -> str:
    toy, _ = finished
    return str(toy.latest("best_epoch").metadata["winner"])
