"""A large data set of real speech for `make bench-scale`, and its transcripts without a recogniser.

A clip is two clips of the demo after each other, with both texts. Each pair is used once, so audio and text of every clip
differ from all others.
"""

import shutil
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import soundfile

from voice_assets.asr import transcript_cache, weights
from voice_assets.asr.cache_keys import CacheKeys
from voice_assets.asr.policy import DecodingPolicy
from voice_assets.asr.recogniser import Utterance
from voice_assets.asr.whisper import WhisperRecogniser
from voice_assets.voices import Voice

LONGEST_S = 12.0
LEVEL_DB, SPEECH_SHARE = -20.0, 0.8
"""What the cache says of every clip: its level, and the part of its duration that is speech."""
BATCH = 1000


def write_set(out: Path, spoken: list[Utterance], clips: int) -> float:
    """Write a data set in Piper's format with ``clips`` clips of pairs of ``spoken``. Returns its hours.

    Raises:
        SystemExit: there are too few clips for so many pairs.
    """
    sound = {clip.clip_id: soundfile.read(clip.path, dtype="int16") for clip in spoken}
    (out / "wavs").mkdir(parents=True)
    shutil.copy(spoken[0].path.parents[1] / "config.json", out / "config.json")
    rows, seconds = [], 0.0
    for number, (first, second) in enumerate(islice(_pairs(spoken), clips)):
        both, rate = np.concatenate([sound[first.clip_id][0], sound[second.clip_id][0]]), sound[first.clip_id][1]
        soundfile.write(out / "wavs" / f"clip-{number:05d}.wav", both, rate, "PCM_16")
        rows.append(f"clip-{number:05d}|{first.reference} {second.reference}\n")
        seconds += len(both) / rate
    if len(rows) < clips:
        raise SystemExit(f"{len(spoken)} clips make {len(rows)} pairs under {LONGEST_S} s, not {clips}")
    (out / "metadata_2col.csv").write_text("".join(rows), encoding="utf-8")
    return seconds / 3600


def _pairs(clips: list[Utterance]) -> Iterator[tuple[Utterance, Utterance]]:
    """Every pair of two clips, the second clip after the first in a circle; short enough, and with different texts."""
    for distance in range(1, len(clips)):
        for place, first in enumerate(clips):
            second = clips[(place + distance) % len(clips)]
            if first.duration_s + second.duration_s < LONGEST_S:
                yield first, second


def fill_transcripts(voice: Voice, cache: str, weights_cache: Path, rows: list[dict]) -> float:
    """Store in the transcript cache that every decoding pass heard exactly the reference. Returns clips per second.

    Args:
        voice: the voice, whose Whisper settings decide the keys of the cache.
        cache: the file or the URL of the cache.
        weights_cache: where joined weights are kept.
        rows: a dict per clip with text, audio_sha256 and duration_s.
    """
    recogniser = WhisperRecogniser(
        weights.resolve(voice.whisper.model, weights_cache), voice.whisper, voice.language, cpu_threads=0
    )
    policy = DecodingPolicy(voice.language, voice.whisper.retry_below, voice.whisper.low_similarity)
    keys = CacheKeys.of(recogniser, policy)
    started = time.perf_counter()
    with transcript_cache.opened(cache, recogniser.name) as transcripts:
        for start in range(0, len(rows), BATCH):
            some = rows[start : start + BATCH]
            heard = {row["audio_sha256"]: row["text"] for row in some}
            transcripts.add(dict.fromkeys(keys.passes.values(), heard))
            transcripts.add({keys.level: dict.fromkeys(heard, f"{LEVEL_DB:.2f}")})
            transcripts.add({keys.speech: {row["audio_sha256"]: f"{row['duration_s'] * SPEECH_SHARE:.2f}" for row in some}})
    return len(rows) / (time.perf_counter() - started)
