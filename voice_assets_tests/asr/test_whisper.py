import random
from dataclasses import replace

import numpy as np
import pytest

from voice_assets.asr import weights, whisper
from voice_assets.asr import windows as windows
from voice_assets.asr.similarity import similarity
from voice_assets.asr.whisper import AudioHypotheses, Clip, Transcriber
from voice_assets.audio import recordings
from voice_assets.defs import transcription
from voice_assets.runtime import project
from voice_assets_tests.asr import tiny_whisper


@pytest.mark.parametrize(
    ("cores", "expected"),
    [(1, (1, 1)), (2, (2, 1)), (3, (3, 1)), (4, (4, 1)), (6, (3, 2)), (8, (4, 2)), (9, (3, 3)), (64, (4, 16))],
)
def test_lanes_use_the_cores(cores, expected):
    assert whisper.streams(cores) == expected


class _Device:
    """Holds ``room`` items at once and says what CTranslate2 says when there are more."""

    def __init__(self, room):
        self.room, self.held, self.refused = room, [], []

    def decode(self, items):
        if len(items) > self.room:
            self.refused.append(len(items))
            raise RuntimeError(
                "cuBLAS failed with status CUBLAS_STATUS_ALLOC_FAILED"
                if self.refused[1:]
                else "CUDA failed with error out of memory"
            )
        self.held.append(len(items))
        return [item.upper() for item in items]


def test_what_does_not_fit_together_is_decoded_in_halves_in_order():
    device, told = _Device(3), []
    assert whisper.oom_backoff(device.decode, list("abcdefghij"), lambda *numbers: told.append(numbers)) == list("ABCDEFGHIJ")
    assert device.held == [3, 3, 3, 1]
    assert told == [(10, 5), (5, 3)]
    assert whisper.oom_backoff(_Device(4).decode, list("abcd"), lambda *_: pytest.fail("halved")) == list("ABCD")


def test_one_clip_that_does_not_fit_is_an_error_and_so_is_any_other_trouble():
    with pytest.raises(whisper.TranscriberError, match="one clip alone"):
        whisper.oom_backoff(_Device(0).decode, ["a", "b"], lambda *_: None)

    def broken(items):
        raise RuntimeError(f"cuBLAS failed on {len(items)}")

    with pytest.raises(RuntimeError, match="cuBLAS failed on 2"):
        whisper.oom_backoff(broken, ["a", "b"], lambda *_: pytest.fail("halved"))


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
        found.append(Clip(name, path, recordings.probe(path).duration_s, text))
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
    assert {transcript.decoding_pass for transcript in heard.values()} <= {"fast", "wide", "full"}


@pytest.mark.slow
def test_neither_order_nor_company_changes_what_is_heard(transcriber, heard, clips):
    some = random.Random(5).sample(clips, 10)
    again = list(transcriber.transcribe(some))
    assert len(again) == 10
    assert {transcript.clip_id: transcript for transcript in again} == {clip.clip_id: heard[clip.clip_id] for clip in some}


@pytest.mark.slow
def test_lanes_hand_over_what_is_done_and_begin_nothing_after_an_error(transcriber, monkeypatch):
    assert sorted(transcriber.side_by_side(lambda number: number * 2, range(20))) == list(range(0, 40, 2))
    begun = []

    def work(number):
        begun.append(number)
        if number == 1:
            raise ValueError("one")
        return number

    with pytest.raises(ValueError, match="one"):
        list(transcriber.side_by_side(work, iter(range(100))))
    assert max(begun) < 10
    alone = []
    monkeypatch.setattr(transcriber, "_streams", 1)
    with pytest.raises(ValueError, match="one"):
        alone.extend(transcriber.side_by_side(work, iter(range(100))))
    assert alone == [0]
    assert begun[-1] == 1


@pytest.mark.slow
def test_a_look_that_is_known_is_not_had_again(transcriber, clips):
    some = [min(clips, key=lambda clip: clip.duration_s)]
    next_pass = iter(["wide", None, "full"])
    (heard,) = transcriber.hear(some, lambda clip, known: next(next_pass), {some[0].clip_id: {"fast": "known"}})
    assert heard.texts == {"fast": "known", "full": heard.texts["full"]}
    assert similarity(some[0].reference, heard.texts["full"], "ru") > 0.5
    assert not heard.silent
    assert AudioHypotheses({}, -90.0).silent


@pytest.mark.slow
def test_a_swapped_text_stays_low_after_the_second_look(transcriber, clips):
    one = max(clips[:8], key=lambda clip: clip.duration_s)
    swapped = Clip("swapped", one.path, one.duration_s, "совсем другие слова о погоде в горах")
    (transcript,) = transcriber.transcribe([swapped])
    assert similarity(swapped.reference, transcript.hypothesis, "ru") < 0.8
    assert similarity(one.reference, transcript.hypothesis, "ru") > 0.8


@pytest.mark.slow
def test_a_batch_halved_for_want_of_memory_is_told_and_hears_the_same(base, heard, clips, monkeypatch):
    small = Transcriber(base, device="cpu", compute_type="int8", language="ru", batch_size=8, cpu_threads=1)
    decode = small._decode
    device = _Device(3)
    monkeypatch.setattr(small, "_decode", lambda sounds, *how: device.decode(["-"] * len(sounds)) and decode(sounds, *how))
    alike = [replace(clips[0], clip_id=f"{clips[0].clip_id}-{number}") for number in range(16)]
    found = {one.clip_id: one.hypothesis for one in small.transcribe(alike)}
    assert found == dict.fromkeys((clip.clip_id for clip in alike), heard[clips[0].clip_id].hypothesis)
    assert max(device.held) == 2
    assert len(device.refused) < 4  # the second batch is not tried at the size that failed
    assert small.batch_size == 2
    assert "out of memory" in small.notes[0]


@pytest.mark.slow
def test_words_over_silence_get_the_full_look_and_the_filter_leaves_none(base, tmp_path):
    path = recordings.write_wav(tmp_path / "silent.wav", np.zeros(48000, np.int16), 16000)
    deaf = Transcriber(base, device="cpu", compute_type="int8", language="ru", vad_filter=True)
    passes = []
    real = deaf._decode_pass
    deaf._decode_pass = lambda decoding_pass, some, sounds: (
        passes.append((decoding_pass, len(some))) or real(decoding_pass, some, sounds)
    )
    clip = Clip("silent", path, 3.0, "Продолжение следует.")
    (transcript,) = deaf.transcribe([clip])
    assert passes == [
        ("fast", 1),
        ("wide", 0),
        ("full", int(deaf.policy.next_pass(None, {"fast": transcript.hypothesis}, True) == "full")),
    ]
    assert real("full", [clip], [whisper.read_clip(clip)]) == [""]


@pytest.mark.slow
def test_a_clip_over_30_s_is_heard_to_its_end(transcriber, clips, tmp_path):
    parts = sorted(clips, key=lambda clip: clip.duration_s)[-6:]
    sounds, total = [], 0.0
    for clip in parts * 3:
        sounds += [recordings.decode(clip.path, 16000), np.zeros(8000, np.int16)]
        total += clip.duration_s + 0.5
        if total > 34:
            break
    path = recordings.write_wav(tmp_path / "long.wav", np.concatenate(sounds), 16000)
    (transcript,) = transcriber.transcribe([Clip("long", path, recordings.probe(path).duration_s)])
    assert transcript.decoding_pass == "full"
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


def test_a_change_of_what_is_decoded_raises_the_version():
    """Stored hypotheses and shards are kept under these numbers: who changes a constant below raises both, then this table."""
    decoded = (
        *(whisper.WIDER_S, whisper._TOKENS, whisper._TOKENS_PER_S, whisper._LONGEST_OUTPUT),
        *(windows.SHORTEST_WINDOW_S, windows.MARGIN_S, windows.STEP_S, windows.QUIET_S),
    )
    assert (whisper.VERSION, transcription.CODE, decoded) == (4, 3, (6.0, 10, 9, 448, 2.0, 0.5, 0.5, 3.0))
