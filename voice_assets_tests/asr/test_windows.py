from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_assets.asr.recogniser import Utterance
from voice_assets.asr.windows import FULL_WINDOW_S, log_mel, plan, synthetic_speech, window_s, with_quiet_end

CLIPS = st.lists(st.tuples(st.uuids().map(str), st.floats(0, 80)), max_size=60, unique_by=lambda one: one[0]).map(
    lambda pairs: [Utterance(name, Path(f"{name}.wav"), duration) for name, duration in pairs]
)


@pytest.mark.parametrize(
    ("duration_s", "wider_s", "window"),
    [
        (0.2, 0, 2),
        (1.5, 0, 2),
        (1.51, 0, 2.5),
        (4.0, 0, 4.5),
        (4.01, 0, 5),
        (14.99, 0, 15.5),
        (29.4, 0, 30),
        (30.0, 0, 30),
        (0.2, 3, 5),
        (4.0, 3, 7.5),
        (28.0, 3, 30),
    ],
)
def test_the_window_leaves_half_a_second_and_is_2_to_30(duration_s, wider_s, window):
    assert window_s(duration_s, wider_s) == window


@pytest.mark.slow
@given(CLIPS, st.integers(1, 17), st.randoms())
def test_the_plan_has_every_clip_once_and_no_batch_mixes_windows(clips, size, rng):
    batches = plan(clips, size)
    assert sorted(clip.clip_id for batch in batches for clip in batch) == sorted(clip.clip_id for clip in clips)
    for batch in batches:
        assert len(batch) == 1 or not any(clip.duration_s > FULL_WINDOW_S for clip in batch)
        assert len(batch) <= size
        assert len({window_s(clip.duration_s) for clip in batch}) == 1
    longest = [max(clip.duration_s for clip in batch) for batch in batches]
    assert longest == sorted(longest, reverse=True)
    shuffled = list(clips)
    rng.shuffle(shuffled)
    assert plan(shuffled, size) == batches


@pytest.mark.parametrize("bins", [80, 128])
@pytest.mark.parametrize("seconds", [0.1, 3.3, 4.5, 7.0])
def test_features_are_those_of_the_padded_sound(bins, seconds):
    from faster_whisper.feature_extractor import FeatureExtractor

    extract = FeatureExtractor(feature_size=bins)
    sound = np.random.default_rng(4).normal(scale=0.1, size=round(seconds * 16000)).astype(np.float32)
    padded = np.pad(sound[:72000], (0, max(0, 72000 - len(sound))))
    found = log_mel(extract, sound, 4.5)
    assert found.shape == (bins, 450)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, extract(padded)[:, :450], atol=1e-5)
    np.testing.assert_allclose(log_mel(extract, np.zeros(100, np.float32), 4.5), -1.5, atol=1e-5)


def test_synthetic_speech_is_loud_always_the_same_and_swells_four_times_a_second():
    sound = synthetic_speech()
    assert sound.shape == (32000,)
    assert np.abs(sound).max() == pytest.approx(0.4)
    np.testing.assert_array_equal(sound, synthetic_speech())
    loudness = np.sqrt(np.mean(sound.reshape(-1, 1000) ** 2, axis=1))  # per sixteenth of a second
    assert [round(float(part), 4) for part in loudness[::4]] < [round(float(part), 4) for part in loudness[2::4]]
    assert loudness[::4].max() < loudness[1::4].min()


@pytest.mark.parametrize(("end", "appended"), [(100, 150), (1350, 150), (1450, 50), (1500, 0)])
def test_the_quiet_end_starts_where_the_window_ends_and_ends_at_30_s(end, appended):
    quiet = np.arange(1500, dtype=np.float32)[:, np.newaxis] * np.ones(4, np.float32)
    states = np.full((3, end, 4), -1.0, np.float32)
    found = with_quiet_end(states, quiet)
    assert found.shape == (3, end + appended, 4)
    assert (found[:, :end] == -1).all()
    np.testing.assert_array_equal(found[:, end:, 0], np.tile(np.arange(end, end + appended), (3, 1)))
