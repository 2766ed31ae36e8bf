"""Under which keys the transcript cache stores what a recogniser and a policy give. Storing is ``asr.transcript_cache``."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from voice_assets.asr.policy import DecodingPolicy
from voice_assets.asr.recogniser import Recogniser


@dataclass(frozen=True)
class CacheKey:
    """Everything beside the audio that decides one stored text; ``options`` are plain values and name the decoding pass."""

    options: tuple[tuple[str, object], ...]

    @classmethod
    def of(cls, **options: object) -> "CacheKey":
        """The key for these options, in any order."""
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
    """One key for each decoding pass, so that another beam leaves the hypotheses of the fast pass in force.

    Attributes:
        passes: the key of each pass: hypotheses by audio.
        finished: with the thresholds too: by audio and clip id, the names of the passes that a finished clip had.
        level: by audio, its RMS level in dBFS at the recogniser's sample rate.
    """

    passes: Mapping[str, CacheKey]
    finished: CacheKey
    level: CacheKey

    @classmethod
    def of(cls, recogniser: Recogniser, policy: DecodingPolicy) -> "CacheKeys":
        """The keys for hypotheses of ``recogniser`` under ``policy``."""
        fingerprints = recogniser.fingerprints
        passes = {name: CacheKey.of(decoding_pass=name, **fingerprint) for name, fingerprint in fingerprints.items()}
        together = {name: value for fingerprint in fingerprints.values() for name, value in fingerprint.items()}
        thresholds = {"retry_below": policy.retry_below, "low_similarity": policy.low_similarity}
        finished = CacheKey.of(decoding_pass="ended", **together, **thresholds)
        return cls(passes, finished, CacheKey.of(decoding_pass="level", sample_rate=recogniser.sample_rate))
