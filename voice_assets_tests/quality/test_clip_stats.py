from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from voice_assets.audio import recordings
from voice_assets.dataset import tables
from voice_assets.quality.clip_stats import ChangedAudioError, NoAudioError, measure_clips
from voice_assets.runtime import files
from voice_assets_tests.remembered import bytes_read

RATE = 22050


def tone(seconds: float, level: float) -> np.ndarray:
    return (level * 32767 * np.sin(np.arange(round(seconds * RATE)) / 10)).astype(np.int16)


@pytest.fixture
def clips(tmp_path: Path) -> pd.DataFrame:
    """Twelve clips of growing length and level, last clip first: the columns of ``CLIPS`` that ``measure_clips`` reads."""
    rows = []
    for index in range(12):
        path = tmp_path / "wavs" / f"clip {index}.wav"
        path.parent.mkdir(exist_ok=True)
        recordings.write_wav(path, tone(0.2 + index / 10, 0.05 * (index + 1)), RATE)
        text = f"Слово номер {index}."
        found = {"clip_id": f"c{index}", "row": index + 1, "path": f"wavs/{path.name}", "text": text}
        rows.append(found | {"audio_sha256": files.sha256(path)})
    return pd.DataFrame(rows[::-1])


def test_the_table_has_its_columns_and_the_order_of_the_clips(tmp_path, clips):
    seen: list[tuple[int, int]] = []
    stats = measure_clips(tmp_path, clips, "ru", lambda done, total: seen.append((done, total)))
    assert list(stats.columns) == list(tables.CLIP_STATS)
    assert list(stats["clip_id"]) == list(clips["clip_id"])
    assert stats["duration_s"].tolist() == pytest.approx([0.2 + index / 10 for index in range(11, -1, -1)], abs=1e-4)
    assert stats["rms_db"].is_monotonic_decreasing
    assert seen == [(done, 12) for done in range(1, 13)]


def test_a_row_holds_the_figures_of_its_own_clip(tmp_path, clips):
    row = measure_clips(tmp_path, clips, "ru").iloc[0]
    assert (row["text"], row["normalised_text"], row["text_length"]) == ("Слово номер 11.", "слово номер одиннадцать", 15)
    assert row["peak_db"] == pytest.approx(20 * np.log10(0.6), abs=0.01)
    assert row["chars_per_s"] == pytest.approx(12 / (row["duration_s"] - row["leading_silence_s"] - row["trailing_silence_s"]))


def test_two_copies_of_a_recording_have_one_hash(tmp_path, clips):
    recordings.write_wav(tmp_path / "wavs" / "copy.wav", tone(0.2, 0.05), RATE)
    copy = clips.iloc[-1].to_dict() | {"clip_id": "copy", "path": "wavs/copy.wav"}
    stats = measure_clips(tmp_path, pd.concat([clips, pd.DataFrame([copy])]), "ru").set_index("clip_id")
    assert stats.loc["copy", "samples_sha256"] == stats.loc["c0", "samples_sha256"]
    assert stats["samples_sha256"].nunique() == 12


def test_no_clips_give_an_empty_table_with_typed_columns(tmp_path, clips):
    stats = measure_clips(tmp_path, clips.head(0), "ru")
    assert len(stats) == 0
    assert stats["rms_db"].dtype == "float64"


def test_each_byte_is_read_once(tmp_path, clips):
    recordings.write_wav(tmp_path / "wavs" / "long.wav", tone(40.0, 0.5), RATE)
    digest = files.sha256(tmp_path / "wavs" / "long.wav")
    long = pd.DataFrame([clips.iloc[-1].to_dict() | {"path": "wavs/long.wav", "audio_sha256": digest}])
    measure_clips(tmp_path, clips, "ru")
    models = bytes_read(lambda: measure_clips(tmp_path, clips.tail(1), "ru"))  # each thread loads its own
    size = (tmp_path / "wavs" / "long.wav").stat().st_size
    assert 0.9 * size <= bytes_read(lambda: measure_clips(tmp_path, long, "ru")) - models < 1.5 * size


def test_changed_audio_is_an_error_with_both_hashes(tmp_path, clips):
    path = tmp_path / "wavs" / "clip 3.wav"
    before = files.sha256(path)
    recordings.write_wav(path, tone(0.5, 0.9), RATE)
    with pytest.raises(ChangedAudioError, match=f"clip c3: .*clip 3.wav .*{before}.*{files.sha256(path)}.*materialise clips"):
        measure_clips(tmp_path, clips, "ru")


def test_missing_audio_is_an_error_that_names_the_file(tmp_path, clips):
    (tmp_path / "wavs" / "clip 3.wav").unlink()
    with pytest.raises(ChangedAudioError, match=r"clip c3: .*clip 3.wav no longer exists"):
        measure_clips(tmp_path, clips, "ru")


def test_a_row_without_a_path_is_an_error_that_names_clip_and_row(tmp_path, clips):
    clips.loc[clips["clip_id"] == "c5", "path"] = ""
    with pytest.raises(NoAudioError, match="clip c5, row 6"):
        measure_clips(tmp_path, clips, "ru")


def test_a_file_that_is_not_audio_is_an_error_that_names_the_file(tmp_path, clips):
    path = tmp_path / "wavs" / "clip 3.wav"
    path.write_bytes(b"RIFF")
    clips.loc[clips["clip_id"] == "c3", "audio_sha256"] = files.sha256(path)
    with pytest.raises(recordings.AudioError, match=r"clip 3\.wav"):
        measure_clips(tmp_path, clips, "ru")
