"""Which pass is missing when some passes are stored, and what a stored pass may decide."""

from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest

from voice_assets.asr import speech, transcript_cache
from voice_assets.asr.cache_keys import CacheKeys
from voice_assets.asr.cached_transcriber import CachedTranscriber
from voice_assets.asr.policy import HALVES, DecodingPolicy
from voice_assets.audio import recordings
from voice_assets_tests.asr.scripted_recogniser import CAREFUL, QUICK, RATE, ScriptedRecogniser
from voice_assets_tests.remembered import bytes_read

POLICY = DecodingPolicy("ru", retry_below=0.9, low_similarity=0.8)
REFERENCE = "Добрый день, оставьте сообщение."
WRONG = "совсем другое"


@pytest.fixture
def transcribe(tmp_path):
    """Transcribe rows of (clip id, audio, text) with one cache; returns (kept pass by clip id, clip ids read, recogniser).

    ``run.records`` has the rows of the last call.
    """
    tone = (8000 * np.sin(np.arange(RATE) / 5)).astype(np.int16)

    def run(
        *rows, texts=MappingProxyType({QUICK: WRONG, CAREFUL: REFERENCE}), policy=POLICY, check=lambda row: None, sound=tone
    ):
        recogniser, read = ScriptedRecogniser(texts), []
        table = []
        for name, sha, text in rows:
            recordings.write_wav(tmp_path / "wavs" / f"{name}.wav", sound, RATE)
            table.append({"clip_id": name, "path": f"wavs/{name}.wav", "audio_sha256": sha, "duration_s": 1.0, "text": text})
        with transcript_cache.opened(tmp_path / "transcripts.sqlite", recogniser.name) as cache:

            def audio(row):
                check(row)
                read.append(row["clip_id"])
                return (tmp_path / row["path"]).read_bytes()

            transcriber = CachedTranscriber(tmp_path, recogniser, policy, cache, audio, lambda note: None)
            records = run.records = [record for portion, _ in transcriber.transcribe(table) for record in portion]
        return {record["clip_id"]: record["decoding_pass"] for record in records}, sorted(read), recogniser

    return run


def test_what_is_stored_is_not_decoded_again_and_no_model_is_loaded(transcribe):
    rows = [("a", "00", REFERENCE), ("b", "01", WRONG)]
    first, read, recogniser = transcribe(*rows)
    assert (first, read, recogniser.loaded) == ({"a": CAREFUL, "b": QUICK}, ["a", "b"], 1)
    again, read, recogniser = transcribe(*rows)
    assert (again, read, recogniser.loaded) == (first, [], 0)


def test_one_audio_of_two_clips_is_decoded_once_and_each_row_is_checked(transcribe):
    kept, read, recogniser = transcribe(("a", "00", REFERENCE), ("twin", "00", REFERENCE), ("b", "01", WRONG))
    assert kept == {"a": CAREFUL, "twin": CAREFUL, "b": QUICK}
    assert read == ["a", "b", "twin"]
    assert recogniser.decoded == [(QUICK, 2), (CAREFUL, 1)]


def test_a_row_does_not_depend_on_what_another_clip_with_its_audio_asked_for(transcribe):
    assert transcribe(("a", "00", WRONG))[0] == {"a": QUICK}
    edited = ("a", "00", REFERENCE)  # editing a text decodes nothing, so the hypothesis of the quick pass is kept
    assert transcribe(edited)[:2] == ({"a": QUICK}, [])
    both = transcribe(edited, ("b", "00", REFERENCE))
    assert both[:2] == ({"a": QUICK, "b": CAREFUL}, ["b"])
    assert both[2].decoded == [(CAREFUL, 1)]
    assert transcribe(edited, ("b", "00", REFERENCE))[:2] == (both[0], [])


def test_other_thresholds_ask_for_the_pass_that_is_missing_and_only_once(transcribe):
    nearly = REFERENCE.replace("сообщение", "сообщенье")
    row, strict = ("a", "00", REFERENCE), DecodingPolicy("ru", retry_below=1.0, low_similarity=1.0)
    texts = {QUICK: nearly, CAREFUL: REFERENCE}
    assert transcribe(row, texts=texts)[0] == {"a": QUICK}
    kept, _, recogniser = transcribe(row, texts=texts, policy=strict)
    assert (kept, recogniser.decoded) == ({"a": CAREFUL}, [(CAREFUL, 1)])
    assert transcribe(row, texts=texts, policy=strict)[1] == []
    assert transcribe(row, texts=texts)[:2] == ({"a": QUICK}, [])


def test_audio_that_is_not_the_validated_one_stops_the_run_and_what_was_done_stays(transcribe):
    class ChangedError(ValueError):
        pass

    def check(row):
        if row["clip_id"] == "c":
            raise ChangedError("c changed")

    rows = [(name, f"0{name}", WRONG) for name in "abcd"]
    with pytest.raises(ChangedError, match="c changed"):
        transcribe(*rows, check=check)
    assert transcribe(*rows)[1] == ["c", "d"]


def test_the_audio_is_read_once(transcribe):
    sound = (8000 * np.sin(np.arange(60 * RATE) / 5)).astype(np.int16)
    transcribe(("a", "00", REFERENCE))  # loads what reads
    read = bytes_read(lambda: transcribe(("b", "01", REFERENCE), sound=sound))
    assert sound.nbytes <= read < 1.5 * sound.nbytes


def test_audio_whose_seconds_of_speech_are_not_stored_is_read_once_and_nothing_is_decoded(transcribe, tmp_path):
    """A cache of an earlier version has hypotheses and levels only."""
    row, recogniser = ("a", "00", REFERENCE), ScriptedRecogniser({QUICK: "", CAREFUL: ""})
    keys = CacheKeys.of(recogniser, POLICY)
    with transcript_cache.opened(tmp_path / "transcripts.sqlite", recogniser.name) as cache:
        cache.add({keys.passes[QUICK]: {"00": REFERENCE}, keys.level: {"00": "-20.00"}})
    assert transcribe(row)[1:2] == (["a"],)
    kept, read, recogniser = transcribe(row)
    assert (kept, read, recogniser.decoded) == ({"a": QUICK}, [], [])
    assert transcribe.records[0]["hallucination"] == ""  # a tone has no speech, but the hypothesis fits the text


def test_a_text_that_is_spoken_twice_is_named_from_the_cache_too(transcribe, ivrvoice):
    samples = np.tile(recordings.decode(sorted((ivrvoice / "wavs").glob("*.wav"))[0], RATE), 3)  # slow speech for the text
    for decoded in (2, 0):
        _, _, recogniser = transcribe(("a", "00", "Добрый день"), texts={QUICK: "Добрый день"}, sound=samples)
        assert len(recogniser.decoded) == decoded
        assert (transcribe.records[0]["repeated"], transcribe.records[0]["similarity"]) == (True, 1.0)
    _, read, recogniser = transcribe(("a", "00", "Добрый вечер и хорошего дня всем"), texts={QUICK: "-"}, sound=samples)
    assert (read, recogniser.decoded) == ([], [])  # a clip that is finished is not decoded for another text
    assert not transcribe.records[0]["repeated"]


def test_another_detector_finds_the_speech_and_the_halves_again_and_every_other_pass_stays(transcribe, ivrvoice, monkeypatch):
    samples = np.tile(recordings.decode(sorted((ivrvoice / "wavs").glob("*.wav"))[0], RATE), 3)
    row, texts = ("a", "00", "Добрый день"), {QUICK: "Добрый день", CAREFUL: "Добрый день"}
    kept, _, recogniser = transcribe(row, texts=texts, sound=samples)
    assert recogniser.decoded == [(QUICK, 1), (QUICK, 2), (CAREFUL, 2)]  # the clip, then its halves in two passes
    monkeypatch.setattr(speech, "VERSION", speech.VERSION + 1)
    again, read, recogniser = transcribe(row, texts=texts, sound=samples)
    assert (again, read, recogniser.decoded) == (kept, ["a"], [(QUICK, 2), (CAREFUL, 2)])
    assert transcribe(row, texts=texts, sound=samples)[1] == []


def test_a_detector_that_hears_more_speech_asks_for_the_halves_of_a_finished_clip(transcribe, monkeypatch):
    row, texts = ("a", "00", REFERENCE), {QUICK: REFERENCE, CAREFUL: REFERENCE}
    assert transcribe(row, texts=texts)[2].decoded == [(QUICK, 1)]  # a tone has no speech
    monkeypatch.setattr(speech, "VERSION", speech.VERSION + 1)
    monkeypatch.setattr(speech, "_SPEECH", 0.0)  # all sound counts as speech
    long = np.zeros(10 * RATE, np.int16) + np.int16(900)
    assert transcribe(row, texts=texts, sound=long)[2].decoded == [(QUICK, 2), (CAREFUL, 2)]
    assert transcribe(row, texts=texts, sound=long)[1] == []


def test_words_over_noise_are_named_from_the_cache_too(transcribe):
    rows = ("a", "00", "Вот пример")
    for _ in range(2):
        transcribe(rows, texts={QUICK: WRONG, CAREFUL: WRONG})
        assert transcribe.records[0]["hallucination"] == "words over noise"


def test_the_keys_are_those_of_the_recogniser_and_the_thresholds():
    keys = CacheKeys.of(ScriptedRecogniser({QUICK: "", CAREFUL: ""}), POLICY)
    assert keys.names == (QUICK, CAREFUL, HALVES)
    everything = [*keys.passes.values(), *keys.halves.values(), keys.finished, keys.level, keys.speech]
    assert len({key.key for key in everything}) == 8
    stricter = CacheKeys.of(ScriptedRecogniser({QUICK: "", CAREFUL: ""}), DecodingPolicy("ru", 0.95, 0.8))
    assert replace(stricter, finished=keys.finished) == keys
    assert stricter.finished != keys.finished
