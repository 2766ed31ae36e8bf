"""Real speech: the known figures of the demo's recordings, and clips damaged on purpose."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from voice_assets.audio import recordings
from voice_assets.dataset.rows import read_rows
from voice_assets.quality.clip_stats import measure_clips
from voice_assets.quality.summary import facts
from voice_assets.quality.suspects import rank
from voice_assets.runtime import files
from voice_assets_tests.quality.stats_frames import SEGMENT_S

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def clips(ivrvoice: Path) -> pd.DataFrame:
    rows = []
    for row in read_rows(ivrvoice / "metadata_2col.csv"):
        name = row.clip_id if row.clip_id.endswith(".wav") else f"{row.clip_id}.wav"
        found = {"clip_id": row.clip_id, "row": row.number, "path": f"wavs/{name}", "text": row.text}
        rows.append(found | {"audio_sha256": files.sha256(ivrvoice / "wavs" / name)})
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def stats(ivrvoice: Path, clips: pd.DataFrame) -> pd.DataFrame:
    return measure_clips(ivrvoice, clips, "ru")


def test_the_demo_passes_the_plans_limits(stats):
    found = facts(stats, len(stats), SEGMENT_S)
    assert found["text_length_p95"] < 300
    assert found["duplicate_ratio"] < 0.05
    assert max(found["duration_spike_start"], found["duration_spike_end"]) <= 3
    assert found["silent_clips"] == found["empty_texts"] == found["duplicate_audio"] == 0


def test_the_figures_are_those_of_a_studio_voice(stats):
    found = facts(stats, len(stats), SEGMENT_S)
    assert 11 < found["chars_per_s_p50"] < 15
    assert -22 < found["rms_db_p5"] < found["rms_db_p95"] < -15
    assert found["leading_silence_s_p95"] < 0.1
    assert len(rank(stats, 100, SEGMENT_S)) < 0.05 * len(stats)


@pytest.mark.slow
def test_clips_damaged_on_purpose_are_the_first_suspects(tmp_path, ivrvoice, clips, stats):
    """Five clips: silent, with the audio of another clip, 20 dB quieter, with a second of silence, with a wrong text."""
    long = stats[stats["duration_s"] > 3].head(6).reset_index(drop=True)
    damaged = clips.set_index("clip_id").copy()
    samples = [np.round(recordings.read(ivrvoice / path)[0] * 32768).astype(np.int16) for path in long["path"]]
    pieces = [
        np.zeros_like(samples[0]),
        samples[5],
        (samples[2] * 0.1).astype(np.int16),
        np.concatenate([np.zeros(22050, dtype=np.int16), samples[3]]),
        samples[4],
    ]
    (tmp_path / "wavs").symlink_to(ivrvoice / "wavs")
    for clip_id, piece in zip(long["clip_id"], pieces, strict=False):
        path = tmp_path / "damaged" / f"{clip_id}.wav"
        path.parent.mkdir(exist_ok=True)
        recordings.write_wav(path, piece, 22050)
        damaged.loc[clip_id, ["path", "audio_sha256"]] = [f"damaged/{path.name}", files.sha256(path)]
    damaged.loc[long["clip_id"][4], "text"] = "Да, конечно."
    found = rank(measure_clips(tmp_path, damaged.reset_index(), "ru"), 100, SEGMENT_S).set_index("clip_id")["reasons"]
    copied = found[[clip_id for clip_id in (long["clip_id"][1], long["clip_id"][5]) if clip_id in found.index]]
    assert found.index[0] == long["clip_id"][0]
    assert found.iloc[0].startswith("silent: -120.0 dB")
    assert len(copied) == 1
    assert "the same recording as" in copied.iloc[0]
    assert "which has another text" in copied.iloc[0]
    assert "much quieter" in found[long["clip_id"][2]]
    assert "a long silence at the start" in found[long["clip_id"][3]]
    assert "much too slow for its text" in found[long["clip_id"][4]]
