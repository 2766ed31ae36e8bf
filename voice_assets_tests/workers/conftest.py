"""Fixtures of the worker tests: a small training set of real clips, a whole training, clips to transcribe."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from voice_assets.audio import recordings
from voice_assets.dataset.tables import TRAINING_SET, frame
from voice_assets.runtime import files
from voice_assets_tests.workers.tiny_training import VERSION, train
from voice_assets_tests.workers.transcription import table

CLIPS = 12


@pytest.fixture(scope="session")
def training_set(ivrvoice: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """TRAINING_SET of short real clips, two of them for validation."""
    lines = (ivrvoice / "metadata_2col.csv").read_text(encoding="utf-8").splitlines()
    rows = []
    for line in lines:
        clip, text = line.split("|", 1)
        path = ivrvoice / "wavs" / f"{clip}.wav"
        duration = recordings.probe(path).duration_s
        if 1 <= duration <= 2 and len(rows) < CLIPS:
            rows.append(
                {
                    "clip_id": clip,
                    "path": f"wavs/{clip}.wav",
                    "text": text,
                    "audio_sha256": files.sha256(path),
                    "duration_s": duration,
                    "split": "validation" if len(rows) in (3, 7) else "train",
                }
            )
    out = tmp_path_factory.mktemp("training") / "training_set.parquet"
    frame(rows, TRAINING_SET).to_parquet(out)
    return out


@pytest.fixture(scope="session")
def trained(
    ivrvoice: Path, training_set: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, list[dict[str, Any]]]]:
    """Two epochs of the tiny model: (version folder, events)."""
    work = tmp_path_factory.mktemp("trained")
    done, printed = train(ivrvoice, training_set, work)
    assert done.returncode == 0, done.stderr
    yield work / "lightning_logs" / f"version_{VERSION}", printed
    shutil.rmtree(work)


@pytest.fixture(scope="session")
def speech(ivrvoice: Path) -> pd.DataFrame:
    """24 real clips, as a table."""
    lines = (ivrvoice / "metadata_2col.csv").read_text(encoding="utf-8").splitlines()[:24]
    texts = {name.removesuffix(".wav"): text for name, text in (line.split("|") for line in lines)}
    return table(ivrvoice, list(texts), texts)
