"""The voice speaks: sound, z and durations belong together, and a killed process repeats one portion."""

from pathlib import Path

import numpy as np
import onnx
import pytest

from voice_assets.piper import onnx_voice
from voice_assets.piper.errors import CheckpointError
from voice_assets.piper.warm_start import own_speech
from voice_assets.piper.warm_start.own_speech import HOP, SHORTEST, Spoken, speak_all
from voice_assets.piper.warm_start.published import PublishedVoice
from voice_assets.piper.warm_start.rebuild import rebuild
from voice_assets.piper.warm_start.sentences import spoken_texts
from voice_assets_tests.piper.warm_start.tiny_voice import arguments

pytestmark = pytest.mark.slow


def sentences(voice: PublishedVoice, count: int) -> list[list[int]]:
    player = onnx_voice.load(voice.path, voice.path.with_name(f"{voice.path.name}.json"))
    return [ids for text in spoken_texts("en", count, 1) for ids in player.phoneme_ids(text)]


def speak(voice: PublishedVoice, asked: list[list[int]], folder: Path, seed: int = 1) -> list[Spoken]:
    return speak_all(voice.path, asked, folder, seed, lambda _: None)


def same(ours: list[Spoken], theirs: list[Spoken]) -> bool:
    def equal(one: Spoken, other: Spoken) -> bool:
        return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in ("ids", "z", "audio", "durations"))

    return len(ours) == len(theirs) and all(map(equal, ours, theirs))


@pytest.mark.slow
def test_sound_z_and_durations_belong_together(tiny: PublishedVoice, tmp_path: Path) -> None:
    """The rebuilt decoder makes the sound from z, and each phoneme has its frames."""
    import torch

    spoken = speak(tiny, sentences(tiny, 4), tmp_path)
    decoder = rebuild(tiny, arguments(), 1)[0].model_g.dec.eval()
    assert spoken
    for one in spoken:
        assert one.frames >= SHORTEST
        assert len(one.audio) == HOP * one.frames
        assert one.durations.sum() == one.frames
        assert len(one.durations) == len(one.ids)
        with torch.no_grad():
            again = decoder(torch.from_numpy(one.z).float()[None])[0, 0].numpy()
        assert np.abs(again - one.audio / 32767).max() < 0.02  # z was stored with half precision


@pytest.mark.slow
def test_portions_that_are_there_are_read(tiny: PublishedVoice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_speech, "PORTION", 3)
    asked = sentences(tiny, 8)
    whole = speak(tiny, asked, tmp_path / "whole")
    assert same(whole, speak(tiny, asked, tmp_path / "again"))
    (tmp_path / "again" / "speech_00003.pt").unlink()
    before = (tmp_path / "again" / "speech_00000.pt").stat().st_mtime_ns
    assert same(whole, speak(tiny, asked, tmp_path / "again"))
    assert (tmp_path / "again" / "speech_00000.pt").stat().st_mtime_ns == before
    assert not same(whole, speak(tiny, asked, tmp_path / "other", seed=2))


@pytest.mark.slow
def test_speed_and_noise_vary(tiny: PublishedVoice, tmp_path: Path) -> None:
    (ids, *_) = sentences(tiny, 1)
    lengths = {one.frames for one in speak(tiny, [ids] * 8, tmp_path)}
    assert len(lengths) > 4


def test_short_sentences_are_left_out(tiny: PublishedVoice, tmp_path: Path) -> None:
    done: list[int] = []
    assert speak_all(tiny.path, [[1, 0, 2]], tmp_path, 1, done.append) == []
    assert done == [1]


def test_a_graph_without_a_decoder(tiny_onnx: Path, tmp_path: Path) -> None:
    model = onnx.load(str(tiny_onnx))
    for node in model.graph.node:
        if node.op_type == "Ceil":
            node.op_type = "Floor"
    onnx.save(model, str(tmp_path / "voice.onnx"))
    with pytest.raises(CheckpointError, match="1 inputs of a decoder and 0 roundings of durations"):
        speak_all(tmp_path / "voice.onnx", [[1, 2]], tmp_path, 1, lambda _: None)
