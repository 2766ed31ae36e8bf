"""Which decoding_pass is missing when some are stored already, and what a stored decoding pass may and may not decide."""

from types import MappingProxyType

import pytest

from voice_assets.asr import transcript_cache
from voice_assets.asr.cached_transcriber import CachedTranscriber, CacheKeys, missing
from voice_assets.asr.policy import FAST, FULL, WIDE, DecodingPolicy
from voice_assets.asr.whisper import AudioHypotheses

POLICY = DecodingPolicy("ru", retry_below=0.9, low_similarity=0.8)
SAID = "Добрый день, оставьте сообщение."
WRONG = "совсем другое"


@pytest.mark.parametrize(
    ("heard", "silent", "long", "decoding_pass"),
    [
        ({}, False, False, FAST),
        ({FAST: SAID}, False, False, None),
        ({FAST: WRONG}, False, False, WIDE),
        ({FAST: ""}, False, False, WIDE),
        ({FAST: WRONG, WIDE: SAID}, False, False, None),
        ({FAST: WRONG, WIDE: WRONG}, False, False, FULL),
        ({FAST: WRONG, WIDE: WRONG, FULL: WRONG}, False, False, None),
        ({FAST: SAID, FULL: WRONG}, False, False, None),
        ({FAST: WRONG, FULL: SAID}, False, False, WIDE),  # what silence or another beam had decoded does not stand in
        ({WIDE: SAID, FULL: SAID}, False, False, FAST),
        ({FAST: SAID}, True, False, FULL),
        ({FAST: ""}, True, False, None),
        ({FAST: SAID}, False, True, FULL),
        ({FULL: WRONG}, False, True, None),
    ],
)
def test_the_look_that_is_missing(heard, silent, long, decoding_pass):
    assert missing(POLICY, SAID, AudioHypotheses(heard, -90.0 if silent else -20.0), long) == decoding_pass


def keys(**options):
    settings = CacheKeys.of(**{"model": "m", "device": "cpu", "compute_type": "int8", "policy": POLICY, **options})
    found = {**settings.passes, "level": settings.level, "ended": settings.ended}
    return {name: setting.key for name, setting in found.items()}


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        ({}, {FAST, WIDE, FULL, "level", "ended"}),
        ({"vad_filter": True}, {FAST, WIDE, "level"}),
        ({"beam_size": 2}, {FAST, "level"}),
        ({"model": "n"}, {"level"}),
        ({"device": "cuda"}, {"level"}),
        ({"compute_type": "float32"}, {"level"}),
        ({"policy": DecodingPolicy("en", 0.9, 0.8)}, {"level"}),
        ({"policy": DecodingPolicy("ru", 0.9, 0.7)}, {FAST, WIDE, FULL, "level"}),
        ({"policy": DecodingPolicy("ru", 0.95, 0.8)}, {FAST, WIDE, FULL, "level"}),
    ],
)
def test_an_option_concerns_the_looks_it_changes(options, kept):
    before, after = keys(), keys(**options)
    assert {decoding_pass for decoding_pass in before if before[decoding_pass] == after[decoding_pass]} == kept
    assert len(set(before.values())) == 5


class Scripted:
    """A transcriber that hears what it was told to; of a model it has nothing. Keeps which clips it was given."""

    batch_size = 2

    def __init__(self, texts):
        self.texts, self.notes, self.given = texts, [], []

    def side_by_side(self, work, parts):
        return map(work, parts)

    def hear(self, batch, next_pass, known):
        self.given += [(clip.clip_id, clip.path) for clip in batch]
        found = [AudioHypotheses(dict(known[clip.clip_id]), -20.0) for clip in batch]
        for clip, heard in zip(batch, found, strict=True):
            while (decoding_pass := next_pass(clip, heard)) is not None:
                heard.texts[decoding_pass] = self.texts[decoding_pass]
        return found


@pytest.fixture
def listen(tmp_path):
    """A function that listens to rows of (clip id, audio, text) with one cache; returns (passes kept by clip, clips given)."""
    settings = CacheKeys.of("m", "cpu", "int8", POLICY)

    def run(*rows, texts=MappingProxyType({FAST: WRONG, WIDE: SAID})):
        scripted = Scripted(texts)
        table = [
            {"clip_id": name, "path": f"wavs/{name}.wav", "audio_sha256": sha, "duration_s": 2.0, "text": text}
            for name, sha, text in rows
        ]
        with transcript_cache.opened(tmp_path / "transcripts.sqlite", "test") as book:
            transcriber = CachedTranscriber(tmp_path, POLICY, settings, book, lambda: scripted, lambda _: None, lambda _: None)
            records = [record for portion, _ in transcriber.listen(table) for record in portion]
        return {record["clip_id"]: record["decoding_pass"] for record in records}, scripted.given

    return run


def test_the_engine_knows_a_clip_by_its_name_for_errors_name_it(listen, tmp_path):
    assert listen(("a", "00", SAID), ("twin", "00", SAID), ("b", "01", WRONG))[1] == [
        ("a", tmp_path / "wavs" / "a.wav"),
        ("b", tmp_path / "wavs" / "b.wav"),
    ]


def test_a_clip_is_the_same_whatever_another_name_of_its_audio_has_decoded(listen):
    assert listen(("a", "00", WRONG))[0] == {"a": FAST}
    edited = ("a", "00", SAID)  # an edited text decodes nothing, so it stays with the fast decoding pass
    assert listen(edited) == ({"a": FAST}, [])
    first = listen(edited, ("b", "00", SAID))
    assert first[0] == {"a": FAST, "b": WIDE}
    assert [name for name, _ in first[1]] == ["b"]
    assert listen(edited, ("b", "00", SAID)) == (first[0], [])
