"""Who speaks: real speech of one speaker, other sounds, silence, and recordings that say nothing."""

from pathlib import Path

import numpy as np
import pytest

from voice_assets.audio import recordings, speaker
from voice_assets_tests import finished_voice

pytestmark = pytest.mark.slow
RATE = 22050


@pytest.fixture(scope="module")
def voices(ivrvoice: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[speaker.Embedding | None]]:
    """Four recordings of each of two people: the Russian prompts, and the finished English voice."""
    english = tmp_path_factory.mktemp("english")
    finished_voice.record(english)
    clips = {
        "russian": sorted((ivrvoice / "wavs").glob("vm-*.wav"), key=lambda file: file.stat().st_size)[-4:],
        "english": sorted((english / "wavs").glob("*.wav")),
    }
    return {name: [speaker.embedding(recordings.decode(file, RATE), RATE) for file in found] for name, found in clips.items()}


@pytest.mark.parametrize(("own", "other"), [("russian", "english"), ("english", "russian")])
def test_a_speaker_is_like_himself_and_unlike_others(
    own: str, other: str, voices: dict[str, list[speaker.Embedding | None]]
) -> None:
    for index, one in enumerate(voices[own]):
        rest = speaker.centroid(voices[own][:index] + voices[own][index + 1 :])
        assert speaker.likeness(one, rest) > 0.8
        assert speaker.likeness(one, speaker.centroid(voices[other])) < 0.65


def test_the_rate_does_not_matter(ivrvoice: Path) -> None:
    file = max((ivrvoice / "wavs").glob("vm-*.wav"), key=lambda one: one.stat().st_size)
    one, other = (speaker.embedding(recordings.decode(file, rate), rate) for rate in (16000, 44100))
    assert other is not None
    assert speaker.likeness(one, other) > 0.98


def test_silence_has_no_speaker() -> None:
    assert speaker.embedding(np.zeros(RATE, np.int16), RATE) is None
    assert speaker.embedding(np.zeros(0, np.int16), RATE) is None
    assert speaker.likeness(None, np.ones(speaker.SIZE, np.float32) / 16) == 0


@pytest.mark.parametrize("samples", [np.ones(10, np.int16), np.full(RATE, 32767, np.int16)])
def test_a_sound_that_is_hardly_one_has_an_answer(samples: np.ndarray) -> None:
    found = speaker.embedding(samples, RATE)
    assert found is None or found.shape == (speaker.SIZE,)


def test_recordings_without_voice_tell_no_speaker() -> None:
    with pytest.raises(speaker.SpeakerError, match="no voice is heard in any of 2 recordings"):
        speaker.centroid([None, None])


def test_a_recording_without_voice_does_not_count() -> None:
    one = np.eye(speaker.SIZE, dtype=np.float32)[0]
    assert np.array_equal(speaker.centroid([None, one, None]), one)
