"""Whisper with real weights on real speech: the hypotheses, and what does not change them."""

import random
import weakref
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from voice_assets.asr import weights, whisper, windows
from voice_assets.asr.cache_keys import CacheKeys
from voice_assets.asr.policy import HALVES, DecodingPolicy
from voice_assets.asr.recogniser import RecogniserError, Sound, Utterance
from voice_assets.asr.similarity import similarity
from voice_assets.asr.suspicions import spoken_twice
from voice_assets.asr.transcriber import Transcriber
from voice_assets.asr.whisper import FAST, FULL, LONG, WIDE, WhisperRecogniser
from voice_assets.audio import recordings
from voice_assets.defs import transcription
from voice_assets.runtime import project
from voice_assets.voices import Whisper
from voice_assets_tests.asr import tiny_whisper
from voice_assets_tests.asr.small_device import SmallDevice

POLICY = DecodingPolicy("ru", retry_below=0.93, low_similarity=0.8)


def recogniser_of(folder, language="ru", cpu_threads=0, **options):
    return WhisperRecogniser(folder, Whisper(device="cpu", compute_type="int8", **options), language, cpu_threads)


def transcribe(recogniser, clips):
    return Transcriber(recogniser).transcribe(clips, POLICY)


@pytest.fixture(scope="module")
def base():
    return weights.resolve("base", project.cache_dir() / "whisper")


@pytest.fixture(scope="module")
def recogniser(base):
    return recogniser_of(base, batch_size=8)


@pytest.fixture(scope="module")
def clips(ivrvoice):
    """24 clips of all lengths, with their references."""
    rows = [line.split("|") for line in (ivrvoice / "metadata_2col.csv").read_text(encoding="utf-8").splitlines()]
    found = []
    for name, text in rows[::11][:24]:
        path = next(path for path in (ivrvoice / "wavs" / name, ivrvoice / "wavs" / f"{name}.wav") if path.is_file())
        found.append(Utterance(name, path, recordings.probe(path).duration_s, text))
    return found


@pytest.fixture(scope="module")
def transcripts(recogniser, clips):
    return {transcript.clip_id: transcript for transcript in transcribe(recogniser, clips)}


@pytest.mark.slow
def test_real_speech_is_understood(transcripts, clips):
    assert set(transcripts) == {clip.clip_id for clip in clips}
    scores = [similarity(clip.reference, transcripts[clip.clip_id].hypothesis, "ru") for clip in clips]
    assert np.mean(scores) > 0.93
    assert min(scores) >= 0.7
    assert {transcript.decoding_pass for transcript in transcripts.values()} <= {FAST, WIDE, FULL}


@pytest.mark.slow
def test_neither_order_nor_other_clips_change_a_hypothesis(recogniser, transcripts, clips):
    some = random.Random(5).sample(clips, 10)
    again = list(transcribe(recogniser, some))
    assert len(again) == 10
    assert {transcript.clip_id: transcript for transcript in again} == {
        clip.clip_id: transcripts[clip.clip_id] for clip in some
    }


@pytest.mark.slow
def test_a_swapped_text_stays_low_after_all_passes(recogniser, clips):
    one = max(clips[:8], key=lambda clip: clip.duration_s)
    swapped = Utterance("swapped", one.path, one.duration_s, "совсем другие слова о погоде в горах")
    (transcript,) = transcribe(recogniser, [swapped])
    assert similarity(swapped.reference, transcript.hypothesis, "ru") < 0.8
    assert similarity(one.reference, transcript.hypothesis, "ru") > 0.8


@pytest.mark.slow
def test_out_of_memory_makes_smaller_batches_with_the_same_hypotheses(base, transcripts, clips, monkeypatch):
    small = recogniser_of(base, batch_size=8, cpu_threads=1)
    decode, device = small._decode_together, SmallDevice(3)
    monkeypatch.setattr(
        small, "_decode_together", lambda sounds, *how: device.decode(["-"] * len(sounds)) and decode(sounds, *how)
    )
    alike = [replace(clips[0], clip_id=f"{clips[0].clip_id}-{number}") for number in range(16)]
    found = {one.clip_id: one.hypothesis for one in transcribe(small, alike)}
    assert found == dict.fromkeys((clip.clip_id for clip in alike), transcripts[clips[0].clip_id].hypothesis)
    assert max(device.held) == 2
    assert len(device.too_many) < 4  # the second batch is not tried at the size that failed
    assert small.batch_size == 2
    assert "out of memory" in small.notes[0]


@pytest.mark.slow
def test_the_full_pass_with_the_voice_activity_filter_writes_nothing_over_silence(base):
    filtered = recogniser_of(base, vad_filter=True)
    filtered.load()
    assert filtered.decode(FULL, [Sound(3.0, np.zeros(48000, np.float32))]) == [""]


@pytest.mark.slow
def test_a_clip_over_30_s_is_decoded_to_its_end(recogniser, clips, tmp_path):
    parts = sorted(clips, key=lambda clip: clip.duration_s)[-6:]
    sounds, total = [], 0.0
    for clip in parts * 3:
        sounds += [recordings.decode(clip.path, 16000), np.zeros(8000, np.int16)]
        total += clip.duration_s + 0.5
        if total > 34:
            break
    path = recordings.write_wav(tmp_path / "long.wav", np.concatenate(sounds), 16000)
    (transcript,) = transcribe(recogniser, [Utterance("long", path, recordings.probe(path).duration_s)])
    assert transcript.decoding_pass == FULL
    expected = " ".join(clip.reference for clip in (parts * 3)[: len(sounds) // 2])
    assert similarity(expected, transcript.hypothesis, "ru") > 0.8


@pytest.mark.slow
@pytest.mark.parametrize("streams", [1, 2])
def test_the_fallback_of_a_long_clip_does_not_depend_on_other_clips_and_memory_holds_few_models(
    base, clips, monkeypatch, streams
):
    recogniser = recogniser_of(base, cpu_threads=streams)
    assert recogniser.streams == streams
    monkeypatch.setattr(whisper, "_TEMPERATURES", (1.0,))  # every choice is random
    alive, held, new_model = weakref.WeakSet(), [], recogniser._new_model

    def loaded(workers):
        held.append(len(alive) + 1)
        model = new_model(workers)
        alive.add(model)
        return model

    monkeypatch.setattr(recogniser, "_new_model", loaded)
    recogniser.load()
    one, other = (Sound(clip.duration_s, recordings.decode(clip.path, 16000).astype(np.float32) / 32768) for clip in clips[:2])
    fast = recogniser.decode(FAST, [one])
    text = recogniser.decode(LONG, [one])
    assert recogniser.decode(LONG, [other, one])[1:] == text
    with ThreadPoolExecutor(streams) as pool:
        assert list(pool.map(lambda sound: recogniser.decode(LONG, [sound]), [one] * streams)) == [text] * streams
    assert held == [1, *[streams] * (3 + streams)]  # at each load: with one stream, no other model is in memory
    assert recogniser.decode(FAST, [one]) == fast


@pytest.mark.slow
def test_a_text_that_is_spoken_twice_is_found_though_whisper_writes_the_text_once(recogniser, clips, tmp_path):
    doubled = []
    for clip in [one for one in clips if one.duration_s < 5][:8]:
        samples = recordings.decode(clip.path, 16000)
        twice = np.concatenate([samples, np.zeros(4000, np.int16), samples])
        path = recordings.write_wav(tmp_path / f"{clip.clip_id}.wav", twice, 16000)
        doubled.append(replace(clip, path=path, duration_s=len(twice) / 16000))
    texts = {}
    for batch, found in Transcriber(recogniser).decode(
        recogniser.batches([*doubled, *(replace(one, clip_id=f"{one.clip_id}-once") for one in clips)]),
        lambda one, known: POLICY.next_pass(
            recogniser.passes(one.duration_s), one.reference, known.texts, known.silent, known.speech_s
        ),
        {},
    ):
        texts |= {one.clip_id: (one.reference, known.texts.get(HALVES, "")) for one, known in zip(batch, found, strict=True)}
    twice = {name for name, (reference, halves) in texts.items() if spoken_twice(reference, halves, "ru")}
    assert twice == {one.clip_id for one in doubled}


@pytest.mark.slow
def test_a_language_the_model_does_not_know_is_an_error(base):
    with pytest.raises(RecogniserError, match="'tlh'"):
        recogniser_of(base, language="tlh").load()


@pytest.mark.slow
def test_a_folder_that_is_no_model_is_an_error(tmp_path):
    for name in ("model.bin", "config.json", "tokenizer.json", "vocabulary.json"):
        (tmp_path / name).write_text("{}")
    with pytest.raises(RecogniserError, match="does not load"):
        recogniser_of(tmp_path).load()


@pytest.mark.slow
def test_a_model_with_128_mel_bins_runs_in_every_pass(base, clips, tmp_path):
    model = tiny_whisper.build(tmp_path, base)
    assert not (model / "preprocessor_config.json").exists()
    transcripts = list(transcribe(recogniser_of(model, batch_size=2), clips[:3]))
    assert sorted(one.clip_id for one in transcripts) == sorted(clip.clip_id for clip in clips[:3])


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        ({}, {FAST, WIDE, FULL, LONG}),
        ({"vad_filter": True}, {FAST, WIDE}),
        ({"beam_size": 2}, {FAST}),
        ({"compute_type": "float32"}, set()),
        ({"batch_size": 3}, {FAST, WIDE, FULL, LONG}),
        ({"retry_below": 0.5, "low_similarity": 0.4}, {FAST, WIDE, FULL, LONG}),
    ],
)
def test_an_option_is_in_the_fingerprints_of_the_passes_it_changes(tmp_path, options, kept):
    (tmp_path / "model.bin").write_bytes(b"weights")
    before = recogniser_of(tmp_path).fingerprints
    after = WhisperRecogniser(tmp_path, Whisper(**{"device": "cpu", "compute_type": "int8", **options}), "ru", 0).fingerprints
    assert {name for name in before if before[name] == after[name]} == kept


def test_every_pass_has_a_key_in_the_cache(tmp_path):
    (tmp_path / "model.bin").write_bytes(b"weights")
    keys = CacheKeys.of(recogniser_of(tmp_path), POLICY)
    assert keys.names == (FAST, WIDE, FULL, LONG, HALVES)
    assert {(FAST,), (FAST, WIDE), (FULL,), (FULL, LONG)} < keys.halves.keys()
    assert len({*keys.passes.values(), *keys.halves.values()}) == len(keys.passes) + len(keys.halves)


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        ({"batch_size": 3}, {(FAST,), (FAST, WIDE), (FULL,), (FULL, LONG)}),
        ({"vad_filter": True}, {(FAST,), (FAST, WIDE)}),
        ({"beam_size": 2}, {(FAST,)}),
        ({"compute_type": "float32"}, set()),
    ],
)
def test_halves_are_stored_by_the_options_of_the_passes_that_decoded_them(tmp_path, options, kept):
    (tmp_path / "model.bin").write_bytes(b"weights")
    before = CacheKeys.of(recogniser_of(tmp_path), POLICY).halves
    options = {"device": "cpu", "compute_type": "int8", **options}
    after = CacheKeys.of(WhisperRecogniser(tmp_path, Whisper(**options), "ru", 0), POLICY).halves
    assert {used for used in ((FAST,), (FAST, WIDE), (FULL,), (FULL, LONG)) if before[used] == after[used]} == kept


def test_weights_and_language_are_in_every_fingerprint(tmp_path):
    (tmp_path / "model.bin").write_bytes(b"weights")
    before = recogniser_of(tmp_path).fingerprints
    other = recogniser_of(tmp_path, language="uk").fingerprints
    (tmp_path / "model.bin").write_bytes(b"other weights")
    assert not [name for name in before if before[name] in (other[name], recogniser_of(tmp_path).fingerprints[name])]


def test_a_change_of_what_is_decoded_raises_the_version():
    """These numbers are part of the keys of stored hypotheses and shards. A change of a constant must raise both numbers."""
    decoded = (
        *(whisper.WIDER_S, whisper._TOKENS, whisper._TOKENS_PER_S, whisper._LONGEST_OUTPUT),
        *(windows.SHORTEST_WINDOW_S, windows.MARGIN_S, windows.STEP_S, windows.APPENDED_SILENCE_S),
    )
    assert (whisper.VERSION, transcription.CODE, decoded) == (4, 4, (6.0, 10, 9, 448, 2.0, 0.5, 0.5, 3.0))
