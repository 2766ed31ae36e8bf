"""The keys of the rows in the transcript cache: hypotheses of each decoding pass, finished clips, levels, seconds of speech.

Not here: storing the rows (``asr.transcript_cache``).
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

from voice_assets.asr import speech
from voice_assets.asr.policy import HALVES, POLICY, DecodingPolicy
from voice_assets.asr.recogniser import Fingerprint, Recogniser


@dataclass(frozen=True)
class CacheKey:
    """Everything besides the audio that decides a stored text. ``options`` are plain values; one names the decoding pass."""

    options: tuple[tuple[str, object], ...]

    @classmethod
    def of(cls, **options: object) -> "CacheKey":
        """The key for these options; their order does not matter."""
        return cls(tuple(sorted(options.items())))

    @property
    def text(self) -> str:
        """The options as JSON."""
        return json.dumps(dict(self.options), sort_keys=True)

    @property
    def key(self) -> str:
        """SHA-256 of ``text``, in hexadecimal."""
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True)
class CacheKeys:
    """The keys of one recogniser and policy.

    Each decoding pass has its own key, so a new beam size keeps the hypotheses of the fast pass valid.

    Attributes:
        passes: by decoding pass, the key of its hypotheses. A row holds the hypothesis of one audio.
        halves: the keys of `HALVES`, by the passes that decoded the two halves (``asr.transcriber``). So a row stays valid
            until an option of these passes changes.
        finished: the key of finished clips; the policy's thresholds and number are part of the key. A row holds, for one audio
            and clip id, the names of the passes that the clip had.
        level: the key of levels. A row holds the RMS level of one audio in dBFS, at the recogniser's sample rate.
        speech: the key of the seconds of speech of one audio (``asr.speech``).
    """

    passes: Mapping[str, CacheKey]
    halves: Mapping[tuple[str, ...], CacheKey]
    finished: CacheKey
    level: CacheKey
    speech: CacheKey

    @classmethod
    def of(cls, recogniser: Recogniser, policy: DecodingPolicy) -> "CacheKeys":
        """The keys for hypotheses of ``recogniser`` under ``policy``."""
        fingerprints = recogniser.fingerprints
        passes = {name: CacheKey.of(decoding_pass=name, **fingerprint) for name, fingerprint in fingerprints.items()}
        together = {name: value for fingerprint in fingerprints.values() for name, value in fingerprint.items()}
        thresholds = {"retry_below": policy.retry_below, "low_similarity": policy.low_similarity, "policy": POLICY}
        finished = CacheKey.of(decoding_pass="ended", **together, **thresholds)
        level = CacheKey.of(decoding_pass="level", sample_rate=recogniser.sample_rate)
        seconds = CacheKey.of(decoding_pass="speech", sample_rate=recogniser.sample_rate, detector=speech.VERSION)
        return cls(passes, _halves(fingerprints), finished, level, seconds)

    @property
    def names(self) -> tuple[str, ...]:
        """Every pass of a clip, the cheapest first, `HALVES` last."""
        return (*self.passes, HALVES)


def _halves(fingerprints: Mapping[str, Fingerprint]) -> dict[tuple[str, ...], CacheKey]:
    """The keys of the halves: one pass, or a pass and a more expensive one, may have decoded them."""
    names = tuple(fingerprints)
    keys = {}
    for used in [*((name,) for name in names), *combinations(names, 2)]:
        options = {f"{name} {option}": value for name in used for option, value in fingerprints[name].items()}
        keys[used] = CacheKey.of(decoding_pass=HALVES, used=" ".join(used), detector=speech.VERSION, **options)
    return keys
