"""The rules for every recogniser, tested on Whisper with real weights and on the scripted recogniser."""

import json

import numpy as np
import pytest

from voice_assets.asr import weights
from voice_assets.asr.recogniser import Recogniser, Sound, Utterance
from voice_assets.asr.whisper import WhisperRecogniser
from voice_assets.runtime import project
from voice_assets.voices import Whisper
from voice_assets_tests.asr.scripted_recogniser import CAREFUL, QUICK, ScriptedRecogniser


def whisper() -> Recogniser:
    folder = weights.resolve("base", project.cache_dir() / "whisper")
    return WhisperRecogniser(folder, Whisper(model="base", device="cpu", compute_type="int8", batch_size=4), "ru", 0)


def scripted() -> Recogniser:
    return ScriptedRecogniser({QUICK: "да", CAREFUL: "нет"})


@pytest.fixture(params=[pytest.param(whisper, marks=pytest.mark.slow), scripted], ids=["whisper", "scripted"])
def recogniser(request) -> Recogniser:
    return request.param()


def test_fingerprints_and_passes_are_known_before_a_model_is_loaded(recogniser):
    fingerprints = recogniser.fingerprints
    assert len({json.dumps(one, sort_keys=True) for one in fingerprints.values()}) == len(fingerprints) > 0
    short, long = recogniser.passes(2.0), recogniser.passes(100.0)
    assert [one for one in fingerprints if one in {*short, *long}] == list(fingerprints)
    for offered in (short, long):  # the order of the fingerprints is the order of decoding
        assert [one for one in fingerprints if one in offered] == list(offered) != []
    assert recogniser.name
    assert recogniser.streams >= 1
    assert list(recogniser.notes) == []


def test_the_batches_hold_every_utterance_once_and_do_not_depend_on_the_order(recogniser, tmp_path):
    utterances = [Utterance(f"clip-{number}", tmp_path / f"{number}.wav", 1.0 + number % 7) for number in range(23)]
    batches = recogniser.batches(utterances)
    assert sorted(one.clip_id for batch in batches for one in batch) == sorted(one.clip_id for one in utterances)
    assert recogniser.batches(utterances[::-1]) == batches
    assert recogniser.batches([]) == []


def test_every_pass_gives_one_text_for_each_sound(recogniser):
    recogniser.load()
    recogniser.load()
    sounds = [Sound(1.0, np.zeros(recogniser.sample_rate, np.float32)) for _ in range(3)]
    for decoding_pass in recogniser.fingerprints:
        texts = recogniser.decode(decoding_pass, sounds)
        assert len(texts) == 3
        assert all(isinstance(text, str) for text in texts)
