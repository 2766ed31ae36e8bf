"""A recogniser without a model that returns prepared hypotheses: the second implementation of the protocol."""

from collections.abc import Callable, Mapping, Sequence

from voice_assets.asr.recogniser import Sound, Utterance

QUICK, CAREFUL = "quick", "careful"
RATE = 8000


class ScriptedRecogniser:
    """Returns ``texts[decoding pass]`` for every sound, or the result of ``answer``. ``decoded`` lists the calls.

    Its passes differ from Whisper's in name, number and sample rate, so that code which knows Whisper fails on it.
    """

    sample_rate = RATE

    def __init__(
        self,
        texts: Mapping[str, str],
        streams: int = 1,
        batch_size: int = 2,
        answer: Callable[[str, Sound], str] | None = None,
        longest_quick_s: float = 30.0,
        name: str = "scripted 1",
    ):
        self.texts, self.streams, self.batch_size, self.name = texts, streams, batch_size, name
        self.answer = answer or (lambda decoding_pass, sound: self.texts[decoding_pass])
        self.longest_quick_s = longest_quick_s
        self.notes: list[str] = []
        self.loaded = 0
        self.decoded: list[tuple[str, int]] = []

    @property
    def fingerprints(self) -> Mapping[str, Mapping[str, object]]:
        return {name: {"model": "scripted", "language": "ru", "pass_number": number} for number, name in enumerate(self.texts)}

    def passes(self, duration_s: float) -> tuple[str, ...]:
        offered = tuple(self.texts)
        return offered if duration_s <= self.longest_quick_s else offered[-1:]

    def batches(self, utterances: Sequence[Utterance]) -> list[tuple[Utterance, ...]]:
        ordered = sorted(utterances, key=lambda one: one.clip_id)
        return [tuple(ordered[start : start + self.batch_size]) for start in range(0, len(ordered), self.batch_size)]

    def load(self) -> None:
        self.loaded += 1

    def decode(self, decoding_pass: str, sounds: Sequence[Sound]) -> list[str]:
        assert self.loaded
        self.decoded.append((decoding_pass, len(sounds)))
        return [self.answer(decoding_pass, sound) for sound in sounds]
