import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice_assets import project
from voice_assets.engines import audio, weights, whisper
from voice_assets.engines.whisper import Clip, Transcriber, better, doubtful, plan, window_s
from voice_assets.speech.similarity import similarity
from voice_assets_tests.engines import tiny_whisper

CLIPS = st.lists(st.tuples(st.uuids().map(str), st.floats(0, 80)), max_size=60, unique_by=lambda one: one[0]).map(
    lambda pairs: [Clip(name, Path(f"{name}.wav"), duration) for name, duration in pairs]
)


@pytest.mark.parametrize(
    ("duration_s", "window"), [(0.2, 5), (4.0, 5), (4.01, 6), (5.0, 6), (14.99, 16), (29.0, 30), (29.5, 30), (30.0, 30)]
)
def test_the_window_leaves_a_second_and_is_5_to_30(duration_s, window):
    assert window_s(duration_s) == window


@given(CLIPS, st.integers(1, 17), st.randoms())
def test_the_plan_has_every_clip_once_and_no_batch_mixes_windows(clips, size, rng):
    batches = plan(clips, size)
    assert sorted(clip.clip_id for batch in batches for clip in batch) == sorted(clip.clip_id for clip in clips)
    for batch in batches:
        assert len(batch) == 1 or max(clip.duration_s for clip in batch) <= 30
        assert len(batch) <= size
        assert len({window_s(clip.duration_s) for clip in batch}) == 1
    shuffled = list(clips)
    rng.shuffle(shuffled)
    assert plan(shuffled, size) == batches


@pytest.mark.parametrize(
    ("reference", "hypothesis", "expected"),
    [
        ("нажмите один", "Нажмите 1.", False),
        ("нажмите один", "", True),
        ("нажмите один", "...", True),
        ("да", "Да, да.", True),
        ("абвгд", "абвгж", False),  # 0.8 is not low
        ("абвгде", "зийклм", True),
        (None, "что угодно", False),
        (None, "", True),
        (None, "а а а а а", True),
    ],
)
def test_when_a_second_look_is_due(reference, hypothesis, expected):
    assert doubtful(reference, hypothesis, "ru", 0.8) is expected


@pytest.mark.parametrize(
    ("reference", "full", "fast", "expected"),
    [
        ("да", "Да.", "Да, да.", True),
        ("да", "Да, да.", "Да.", False),
        ("да", "Да!", "Да.", False),
        (None, "слово", "", True),
        (None, "", "а а а а", False),
    ],
)
def test_the_better_hypothesis_is_kept(reference, full, fast, expected):
    assert better(reference, full, fast, "ru") is expected


@pytest.mark.parametrize("device", ["tpu", ""])
def test_an_unknown_device_is_an_error(device):
    with pytest.raises(whisper.TranscriberError, match="auto, cpu, cuda"):
        whisper.choose_device(device)


def test_float16_becomes_int8_only_where_the_device_was_left_to_us():
    assert whisper.choose_compute_type("int8", "cpu", "cpu") == ("int8", "")
    chosen, note = whisper.choose_compute_type("float16", "cpu", "auto")
    assert chosen == "int8"
    assert "float16 became int8" in note
    with pytest.raises(whisper.TranscriberError, match=r"'float16' is not supported on cpu; supported: .*int8"):
        whisper.choose_compute_type("float16", "cpu", "cpu")
    with pytest.raises(whisper.TranscriberError, match="'int3'"):
        whisper.choose_compute_type("int3", "cpu", "auto")


def test_audio_that_cannot_be_decoded_names_the_clip(tmp_path):
    broken = tmp_path / "a.wav"
    broken.write_bytes(b"RIFF and nothing else")
    with pytest.raises(whisper.ClipAudioError, match=r"clip 'a'.*a\.wav"):
        whisper.read_clip(Clip("a", broken, 1.0))


@pytest.fixture(scope="module")
def base():
    return weights.resolve("base", project.cache_dir() / "whisper")


@pytest.fixture(scope="module")
def transcriber(base):
    return Transcriber(base, device="cpu", compute_type="int8", language="ru", batch_size=8)


@pytest.fixture(scope="module")
def clips(ivrvoice):
    """24 clips of all lengths, with their references."""
    rows = [line.split("|") for line in (ivrvoice / "metadata_2col.csv").read_text(encoding="utf-8").splitlines()]
    found = []
    for name, text in rows[::11][:24]:
        path = next(path for path in (ivrvoice / "wavs" / name, ivrvoice / "wavs" / f"{name}.wav") if path.is_file())
        found.append(Clip(name, path, audio.probe(path).duration_s, text))
    return found


@pytest.fixture(scope="module")
def heard(transcriber, clips):
    return {transcript.clip_id: transcript for transcript in transcriber.transcribe(clips)}


@pytest.mark.slow
def test_real_speech_is_understood(heard, clips):
    assert set(heard) == {clip.clip_id for clip in clips}
    scores = [similarity(clip.reference, heard[clip.clip_id].hypothesis, "ru") for clip in clips]
    assert np.mean(scores) > 0.93
    assert min(scores) >= 0.7
    assert {transcript.decoding for transcript in heard.values()} <= {"fast", "full"}


@pytest.mark.slow
def test_neither_order_nor_company_changes_what_is_heard(transcriber, heard, clips):
    some = random.Random(5).sample(clips, 10)
    batches = []
    again = list(transcriber.transcribe(some, on_batch=batches.append))
    assert {transcript.clip_id: transcript for transcript in again} == {clip.clip_id: heard[clip.clip_id] for clip in some}
    assert [transcript for batch in batches for transcript in batch] == again


@pytest.mark.slow
def test_a_swapped_text_stays_low_after_the_second_look(transcriber, clips):
    one = max(clips[:8], key=lambda clip: clip.duration_s)
    swapped = Clip("swapped", one.path, one.duration_s, "совсем другие слова о погоде в горах")
    (transcript,) = transcriber.transcribe([swapped])
    assert similarity(swapped.reference, transcript.hypothesis, "ru") < 0.8
    assert similarity(one.reference, transcript.hypothesis, "ru") > 0.8


@pytest.mark.slow
def test_a_clip_over_30_s_is_heard_to_its_end(transcriber, clips, tmp_path):
    parts = sorted(clips, key=lambda clip: clip.duration_s)[-6:]
    sounds, total = [], 0.0
    for clip in parts * 3:
        sounds += [audio.decode(clip.path, 16000), np.zeros(8000, np.int16)]
        total += clip.duration_s + 0.5
        if total > 34:
            break
    path = audio.write_wav(tmp_path / "long.wav", np.concatenate(sounds), 16000)
    (transcript,) = transcriber.transcribe([Clip("long", path, audio.probe(path).duration_s)])
    assert transcript.decoding == "full"
    expected = " ".join(clip.reference for clip in (parts * 3)[: len(sounds) // 2])
    assert similarity(expected, transcript.hypothesis, "ru") > 0.8


@pytest.mark.slow
def test_a_language_the_model_does_not_know_is_an_error(base):
    with pytest.raises(whisper.TranscriberError, match="'tlh'"):
        Transcriber(base, device="cpu", compute_type="int8", language="tlh")


@pytest.mark.slow
def test_a_folder_that_is_no_model_is_an_error(tmp_path):
    for name in ("model.bin", "config.json", "tokenizer.json", "vocabulary.json"):
        (tmp_path / name).write_text("{}")
    with pytest.raises(whisper.TranscriberError, match="does not load"):
        Transcriber(tmp_path, device="cpu", compute_type="int8", language="ru")


@pytest.mark.slow
def test_a_model_with_128_mel_bins_runs_in_both_passes(base, clips, tmp_path):
    model = tiny_whisper.build(tmp_path, base)
    assert not (model / "preprocessor_config.json").exists()
    tiny = Transcriber(model, device="cpu", compute_type="int8", language="ru", batch_size=2)
    heard = list(tiny.transcribe(clips[:3]))
    assert sorted(transcript.clip_id for transcript in heard) == sorted(clip.clip_id for clip in clips[:3])
