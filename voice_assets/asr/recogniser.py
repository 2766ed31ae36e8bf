"""The protocol that every speech recogniser follows. The cache, the policy and the scores know only this protocol.

``asr.whisper`` is one recogniser. Not here: which pass a clip needs (``asr.policy``), reading audio and the order of work
(``asr.transcriber``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np


Fingerprint = Mapping[str, object]
"""Everything besides the audio that decides a hypothesis: model, device, language, options. The values fit into JSON."""


class RecogniserError(ValueError):
    """A model, device or option that cannot be used. The message names the value and the possible values."""


@dataclass(frozen=True)
class Utterance:
    """A clip to decode. A known ``reference`` decides whether a further decoding pass is due; no recogniser reads it."""

    clip_id: str
    path: Path
    duration_s: float
    reference: str | None = None


@dataclass(frozen=True)
class Sound:
    """The audio of an utterance: float32 ``[samples]`` within -1 to 1, mono, at the recogniser's sample rate."""

    duration_s: float
    samples: "np.ndarray"


class Recogniser(Protocol):
    """Turns sounds into hypotheses. Construction is cheap: a run that decodes nothing loads no model."""

    @property
    def name(self) -> str:
        """The versions of the recogniser and its libraries. Each stored hypothesis carries this name."""

    @property
    def sample_rate(self) -> int:
        """The rate of the samples that `decode` takes, in Hz."""

    @property
    def streams(self) -> int:
        """How many batches can be decoded at the same time, each in its own thread."""

    @property
    def fingerprints(self) -> Mapping[str, Fingerprint]:
        """The fingerprint of each decoding pass that the recogniser has, the cheapest pass first."""

    @property
    def notes(self) -> Sequence[str]:
        """Notes for people on what the recogniser changed in the request. The list grows while batches are decoded."""

    def passes(self, duration_s: float) -> tuple[str, ...]:
        """The decoding passes that a clip of this length can have, the cheapest first. At least one."""

    def batches(self, utterances: Sequence[Utterance]) -> list[tuple[Utterance, ...]]:
        """The utterances in batches, in the order of decoding. The order of ``utterances`` does not matter."""

    def load(self) -> None:
        """Load the model. A second call does nothing.

        Raises:
            RecogniserError: the model cannot be loaded, or does not know the language.
        """

    def decode(self, decoding_pass: str, sounds: Sequence[Sound]) -> list[str]:
        """The hypotheses of one pass for the sounds of one batch, or of a part of it. Called after `load`, from any thread.

        Raises:
            RecogniserError: a single sound does not fit into the device's memory.
        """
