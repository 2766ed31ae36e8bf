"""What a folder's own ``config.json`` says of its recordings, when it is one of Piper's: language, rate, quality, speakers.

Not here: judging a data set's config (``dataset.config``).
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RATES = {16000: "low", 22050: "medium"}
"""The rates of Piper's voices, in Hz, and the usual quality of each."""


@dataclass(frozen=True)
class KnownFacts:
    """The facts in a config; empty or 0 where it gives none."""

    language: str = ""
    region: str = ""
    espeak_voice: str = ""
    sample_rate: int = 0
    quality: str = ""
    speakers: int = 1

    @property
    def said(self) -> str:
        """The facts in words; empty when there are none."""
        if not self.language:
            return ""
        place = f"{self.language}_{self.region}" if self.region else self.language
        rate = f"{self.sample_rate} Hz" if self.sample_rate else "no rate of a Piper voice (16000 or 22050 Hz)"
        return f"config.json: language {place}, espeak voice {self.espeak_voice}, {rate}"


def known_facts(folder: Path) -> KnownFacts:
    """The facts in ``config.json``; none where there is no such file, or it is not Piper's."""
    try:
        content = json.loads((folder / "config.json").read_bytes())
    except (OSError, ValueError, RecursionError):
        return KnownFacts()
    voice, code = _text(content, "espeak", "voice"), _text(content, "language", "code")
    found = re.fullmatch(r"([a-z]{2})(?:[_-]([A-Za-z]{2}))?(?:[_-].*)?", code or voice)
    speakers = _part(content, "num_speakers")
    speakers = speakers if isinstance(speakers, int) else 1
    if not voice or found is None:
        return KnownFacts(speakers=speakers)
    rate = _part(content, "audio", "sample_rate")
    rate = rate if isinstance(rate, int) and rate in RATES else 0
    quality = _text(content, "audio", "quality")
    usual = RATES.get(rate, "")
    return KnownFacts(
        language=found[1],
        region=(found[2] or "").upper(),
        espeak_voice=voice,
        sample_rate=rate,
        quality=quality if quality in ("x_low", "low", "medium", "high") else usual,
        speakers=speakers,
    )


def _part(content: Any, *keys: str) -> Any:
    for one in keys:
        content = content.get(one) if isinstance(content, dict) else None
    return content


def _text(content: Any, *keys: str) -> str:
    value = _part(content, *keys)
    return value if isinstance(value, str) else ""
