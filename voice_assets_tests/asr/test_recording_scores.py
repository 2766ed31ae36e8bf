"""The recordings that samples are compared with: which are chosen, what is stored of them, their own scores."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from voice_assets.asr.recording_scores import Heard, RecordingStore, held_out_clips, recording_scores
from voice_assets.audio import speaker
from voice_assets.dataset.tables import RECORDINGS, TRAINING_SET, frame
from voice_assets_tests.asr.test_speech_scores import TEXT, sound


def training_set(durations: list[float], train: int = 5) -> pd.DataFrame:
    splits = ["validation"] * len(durations) + ["train"] * train
    rows = [
        {
            "clip_id": f"c{number}",
            "path": "",
            "text": TEXT,
            "audio_sha256": f"h{number}",
            "duration_s": duration,
            "split": split,
        }
        for number, (duration, split) in enumerate(zip([*durations, *[3.0] * train], splits, strict=True))
    ]
    return frame(rows, TRAINING_SET)


def test_only_validation_clips_are_chosen_and_short_ones_last() -> None:
    clips = training_set([1.0, 3.0, 1.5, 4.0, 0.5])
    assert set(held_out_clips(clips, 2)["clip_id"]) == {"c1", "c3"}
    assert {"c1", "c3"} < set(held_out_clips(clips, 3)["clip_id"])
    assert list(held_out_clips(clips, 20)["clip_id"]) == [f"c{number}" for number in range(5)]


def test_the_choice_depends_on_names_only() -> None:
    clips = training_set([3.0] * 40)
    chosen = set(held_out_clips(clips, 10)["clip_id"])
    assert set(held_out_clips(clips.iloc[::-1], 10)["clip_id"]) == chosen
    assert chosen < set(held_out_clips(clips, 15)["clip_id"])
    assert chosen != {f"c{number}" for number in range(10)}


def heard(voice: int | None = 0, hypothesis: str = TEXT, **changes: Any) -> Heard:
    embedding = None if voice is None else [float(value) for value in np.eye(speaker.SIZE)[voice]]
    return Heard(sound=sound(embedding=embedding, **changes), hypothesis=hypothesis)


def test_what_is_stored_is_read_again(tmp_path: Path) -> None:
    store = RecordingStore(tmp_path / "new", 22050, "whisper")
    assert store.read("h0") is None
    store.write("h0", heard(level_db=-1 / 3))
    assert store.read("h0") == heard(level_db=-1 / 3)
    assert store.read("h1") is None


@pytest.mark.parametrize("other", [{"rate": 16000}, {"recogniser": "other"}])
def test_another_rate_or_recogniser_finds_nothing(tmp_path: Path, other: dict[str, Any]) -> None:
    values: dict[str, Any] = {"folder": tmp_path, "rate": 22050, "recogniser": "whisper"}
    RecordingStore(**values).write("h0", heard())
    assert RecordingStore(**{**values, **other}).read("h0") is None


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"hypothesis": "x"}', '{"sound": 1, "hypothesis": "x"}'])
def test_a_damaged_file_counts_as_none(tmp_path: Path, damage: str) -> None:
    store = RecordingStore(tmp_path, 22050, "whisper")
    store.write("h0", heard())
    store.file("h0").write_text(damage)
    assert store.read("h0") is None


def test_a_stored_embedding_of_another_size_counts_as_none(tmp_path: Path) -> None:
    store = RecordingStore(tmp_path, 22050, "whisper")
    store.write("h0", heard())
    text = store.file("h0").read_text()
    store.file("h0").write_text(text.replace("[1.0,", "[1.0,0.0,"))
    assert store.read("h0") is None


def test_the_scores_of_recordings() -> None:
    clips = training_set([3.0, 3.0, 3.0], train=0).to_dict("records")
    figures = {"h0": heard(0), "h1": heard(0, "The garden was full."), "h2": heard(1, speech_s=4.0)}
    found = recording_scores([dict(clip) for clip in clips], figures, "en", phonemes=len)
    assert list(found.table.columns) == list(RECORDINGS)
    assert list(found.table["cer"] > 0) == [False, True, False]
    assert list(found.table["rate"]) == [len(TEXT) / 2, len(TEXT) / 2, len(TEXT) / 4]
    # Each recording is compared with the others, not with itself: the first two are alike, the third is another speaker.
    assert list(found.table["likeness"]) == pytest.approx([0.5**0.5, 0.5**0.5, 0.0])
    assert found.speaker[:2] == pytest.approx([0.8944, 0.4472], abs=1e-4)


def test_recordings_without_voice() -> None:
    clips = [dict(clip) for clip in training_set([3.0, 3.0], train=0).to_dict("records")]
    found = recording_scores(clips, {"h0": heard(0), "h1": heard(None)}, "en", phonemes=len)
    assert np.isnan(found.table["likeness"][0])
    assert found.table["likeness"][1] == 0
    with pytest.raises(speaker.SpeakerError, match="no voice is heard in any of 2 recordings"):
        recording_scores(clips, {"h0": heard(None), "h1": heard(None)}, "en", phonemes=len)
