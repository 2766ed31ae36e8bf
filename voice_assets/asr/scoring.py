"""Every score of one clip: the columns of TRANSCRIPTS that are computed from the texts, the length and the audio's kind."""

from dataclasses import dataclass

from voice_assets.asr.categories import categories
from voice_assets.asr.hallucination import Audio, hallucination
from voice_assets.asr.similarity import normalised_cer, normalised_similarity, repeats, stutters
from voice_assets.asr.suspicions import other_numbers, small_words, spoken_twice
from voice_assets.text.comparison import pair
from voice_assets.text.normalisation import normalise
from voice_assets.text.words import first_word_wrong, last_word_wrong, other_words, word_error_rate


@dataclass(frozen=True)
class Evidence:
    """What is known of a clip besides its kept hypothesis.

    Attributes:
        heard: the hypotheses of every decoding pass, the kept hypothesis among them.
        halves: the hypotheses of the two halves (``asr.suspicions``); empty when the halves were not decoded.
        silent: whether the audio is silent.
        speechless: whether the audio has no speech.
    """

    heard: tuple[str, ...] = ()
    halves: str = ""
    silent: bool = False
    speechless: bool = False

    @property
    def audio(self) -> Audio:
        """The kind of audio."""
        return "silence" if self.silent else "noise" if self.speechless else "speech"


def score(
    reference: str, hypothesis: str, duration_s: float, language: str, evidence: Evidence = Evidence()
) -> dict[str, object]:
    """The score columns of TRANSCRIPTS (``dataset.tables``) for one clip.

    Args:
        reference: the text as written.
        hypothesis: what the recogniser wrote; the kept hypothesis.
        duration_s: length of the clip.
        language: Whisper's code of the language.
        evidence: the other hypotheses, and the kind of audio.

    Returns:
        ``similarity``, ``cer``, ``wer``, ``first_word_wrong``, ``last_word_wrong``, ``other_words``, ``other_numbers``,
        ``repeated``, ``hallucination``, ``categories``. Never raises.
    """
    of_reference, of_hypothesis = compared = pair(reference, hypothesis, language)
    heard = evidence.heard or (hypothesis,)
    similarity = normalised_similarity(*compared)
    # In the closest readings, two rounds of a loop may have other words: "Mr." and "mister".
    usual = normalise(hypothesis, language), normalise(reference, language)
    twice = repeats(of_hypothesis, of_reference) or repeats(*usual) or spoken_twice(reference, evidence.halves, language)
    return {
        "similarity": similarity,
        "cer": normalised_cer(*compared),
        "wer": word_error_rate(*compared),
        "first_word_wrong": first_word_wrong(*compared),
        "last_word_wrong": last_word_wrong(*compared),
        "other_words": other_words(*compared) or small_words(reference, heard, language),
        "other_numbers": other_numbers(reference, heard, language),
        "repeated": twice or stutters(hypothesis, reference),
        "hallucination": hallucination(reference, hypothesis, similarity, language, evidence.audio),
        "categories": " ".join(sorted(categories(reference, duration_s, language))),
    }
