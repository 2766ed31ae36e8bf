"""The clips of a training: those whose hypothesis fits the reference, and those that a person listened to and kept."""

import pandas as pd
import pytest

from voice_assets.dataset.tables import CLIPS, TRAINING_SET, frame
from voice_assets.piper.training_set import accept

IDS = [f"c{number:03d}" for number in range(200)]


def clips():
    row = {name: column.type() for name, column in CLIPS.items()}
    return frame([row | {"clip_id": one, "text": "Да", "audio_sha256": one, "duration_s": 1.0} for one in IDS], CLIPS)


def transcripts(low=(), audio=None):
    similarity = [0.79 if one in low else 0.8 for one in IDS]
    return pd.DataFrame({"clip_id": IDS, "audio_sha256": audio or IDS, "similarity": similarity})


def test_low_clips_are_left_out_unless_somebody_kept_them():
    low = {"c000", "c001", "c002"}
    accepted = accept(clips(), transcripts(low), 0.8, 0.05, None, kept=["c001"])
    assert list(accepted.columns) == list(TRAINING_SET)
    assert set(IDS) - set(accepted["clip_id"]) == {"c000", "c002"}


def test_a_limit_takes_the_same_clips_whatever_is_kept():
    few = accept(clips(), transcripts(), 0.8, 0.05, 100, kept=[])
    more = accept(clips(), transcripts(), 0.8, 0.05, 150, kept=["c000"])
    assert len(few) == 100
    assert set(few["clip_id"]) < set(more["clip_id"])


def test_other_audio_is_an_error():
    with pytest.raises(ValueError, match="the audio of 1 clips changed after they were transcribed, the first is c000"):
        accept(clips(), transcripts(audio=["other", *IDS[1:]]), 0.8, 0.05, None, kept=[])
