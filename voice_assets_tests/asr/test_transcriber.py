"""The passes of a policy on batches of utterances, with a scripted recogniser and real audio files."""

import threading

import numpy as np
import pytest

from voice_assets.asr.policy import HALVES, DecodingPolicy
from voice_assets.asr.recogniser import Utterance
from voice_assets.asr.transcriber import ClipAudioError, Transcriber, Transcript, read_samples
from voice_assets.audio import recordings
from voice_assets_tests.asr.scripted_recogniser import CAREFUL, QUICK, RATE, ScriptedRecogniser

POLICY = DecodingPolicy("ru", retry_below=0.93, low_similarity=0.8)
REFERENCE = "Добрый день, оставьте сообщение."
WRONG = "совсем другое"
MIDDLE = "middle"
PATIENCE_S = 60.0  # only stops a test that hangs


@pytest.fixture
def utterances(tmp_path):
    """Four utterances with a tone of 1 s each, named a to d."""
    tone = (8000 * np.sin(np.arange(RATE) / 5)).astype(np.int16)
    paths = [recordings.write_wav(tmp_path / f"{name}.wav", tone, RATE) for name in "abcd"]
    return [Utterance(path.stem, path, 1.0, REFERENCE) for path in paths]


def test_a_good_hypothesis_takes_one_pass(utterances):
    recogniser = ScriptedRecogniser({QUICK: REFERENCE, CAREFUL: WRONG})
    assert list(Transcriber(recogniser).transcribe(utterances, POLICY)) == [
        Transcript(name, REFERENCE, QUICK) for name in "abcd"
    ]
    assert recogniser.decoded == [(QUICK, 2), (QUICK, 2)]
    assert recogniser.loaded == 1


def test_a_low_hypothesis_asks_for_the_next_pass_and_the_better_one_is_kept(utterances):
    recogniser = ScriptedRecogniser({QUICK: WRONG, MIDDLE: WRONG, CAREFUL: REFERENCE})
    assert {one.decoding_pass for one in Transcriber(recogniser).transcribe(utterances[:2], POLICY)} == {CAREFUL}
    assert recogniser.decoded == [(QUICK, 2), (MIDDLE, 2), (CAREFUL, 2)]


def test_only_the_clips_of_a_batch_that_ask_for_a_pass_get_it(utterances):
    swapped = [utterances[0], Utterance("b", utterances[1].path, 1.0, WRONG)]
    recogniser = ScriptedRecogniser({QUICK: REFERENCE, CAREFUL: REFERENCE})
    assert [one.decoding_pass for one in Transcriber(recogniser).transcribe(swapped, POLICY)] == [QUICK, QUICK]
    assert recogniser.decoded == [(QUICK, 2), (CAREFUL, 1)]


def test_a_long_clip_has_the_last_pass_only(utterances):
    recogniser = ScriptedRecogniser({QUICK: WRONG, CAREFUL: REFERENCE}, longest_quick_s=0.5)
    assert list(Transcriber(recogniser).transcribe(utterances[:1], POLICY)) == [Transcript("a", REFERENCE, CAREFUL)]
    assert recogniser.decoded == [(CAREFUL, 1)]


def test_words_over_silence_are_checked_by_the_last_pass(tmp_path):
    path = recordings.write_wav(tmp_path / "a.wav", np.zeros(RATE, np.int16), RATE)
    recogniser = ScriptedRecogniser({QUICK: REFERENCE, MIDDLE: REFERENCE, CAREFUL: ""})
    assert list(Transcriber(recogniser).transcribe([Utterance("a", path, 1.0, REFERENCE)], POLICY)) == [
        Transcript("a", REFERENCE, QUICK)
    ]
    assert recogniser.decoded == [(QUICK, 1), (CAREFUL, 1)]


def test_known_hypotheses_are_not_decoded_again(utterances):
    recogniser = ScriptedRecogniser({QUICK: WRONG, CAREFUL: REFERENCE})
    passes = iter([CAREFUL, CAREFUL, None])
    batches = recogniser.batches(utterances[:1])
    ((_, (found,)),) = Transcriber(recogniser).decode(batches, lambda one, known: next(passes), {"a": {QUICK: "known"}})
    assert found.texts == {QUICK: "known", CAREFUL: REFERENCE}
    assert found.level_db is not None
    assert not found.silent


def test_the_halves_of_a_clip_are_decoded_together_on_their_own(ivrvoice, tmp_path):
    """Slow speech: real speech twice, with a text that is spoken once."""
    samples = recordings.decode(sorted((ivrvoice / "wavs").glob("*.wav"))[0], RATE)
    path = recordings.write_wav(tmp_path / "a.wav", np.concatenate([samples, samples]), RATE)
    clips = [Utterance("a", path, 2 * len(samples) / RATE, "Добрый день"), Utterance("b", path, 2 * len(samples) / RATE, WRONG)]
    recogniser = ScriptedRecogniser({QUICK: "Добрый\nдень", CAREFUL: WRONG})
    found = {}
    for batch, known in Transcriber(recogniser).decode(
        recogniser.batches(clips),
        lambda one, heard: POLICY.next_pass(tuple(recogniser.texts), one.reference, heard.texts, False, 9.0),
        {},
    ):
        found |= {one.clip_id: heard.texts.get(HALVES) for one, heard in zip(batch, known, strict=True)}
    # Both halves begin alike, so the next pass decodes the halves too.
    assert found == dict.fromkeys("ab", f"Добрый день\nДобрый день\n{WRONG}\n{WRONG}")
    assert recogniser.decoded == [(QUICK, 2), (CAREFUL, 1), (QUICK, 2), (CAREFUL, 2), (QUICK, 2), (CAREFUL, 2)]


def test_the_next_batch_is_read_while_a_batch_is_decoded(utterances):
    """The recogniser waits in the first batch until the last clip was read. Without reading ahead, it would wait for ever."""
    last_read = threading.Event()

    def read(utterance, sample_rate):
        samples = read_samples(utterance, sample_rate)
        if utterance.clip_id == "d":
            last_read.set()
        return samples

    recogniser = ScriptedRecogniser(
        {QUICK: "", CAREFUL: ""},
        answer=lambda decoding_pass, sound: REFERENCE if last_read.wait(PATIENCE_S) else "not read ahead",
    )
    assert {one.hypothesis for one in Transcriber(recogniser, read).transcribe(utterances, POLICY)} == {REFERENCE}


def test_audio_that_cannot_be_read_is_an_error_with_the_clip_and_earlier_batches_are_yielded(utterances):
    utterances[3].path.write_bytes(b"RIFF and nothing else")
    recogniser = ScriptedRecogniser({QUICK: REFERENCE, CAREFUL: REFERENCE})
    given = []
    with pytest.raises(ClipAudioError, match=r"clip 'd'.*d\.wav"):
        given.extend(Transcriber(recogniser).transcribe(utterances, POLICY))
    assert [one.clip_id for one in given] == ["a", "b"]


def test_samples_are_at_the_rate_of_the_recogniser(utterances):
    samples = read_samples(utterances[0], 16000)
    assert samples.dtype == np.float32
    assert len(samples) == pytest.approx(16000, abs=2)
    assert 0.2 < np.abs(samples).max() <= 1
