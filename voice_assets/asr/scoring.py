"""Every score of one clip: the columns of TRANSCRIPTS that are computed from the texts and the length."""

from voice_assets.asr.categories import categories
from voice_assets.asr.hallucination import hallucination
from voice_assets.asr.similarity import normalised_cer, normalised_similarity, repeats
from voice_assets.text.comparison import pair
from voice_assets.text.words import first_word_wrong, last_word_wrong, other_words, word_error_rate


def score(reference: str, hypothesis: str, duration_s: float, language: str, silent: bool) -> dict[str, object]:
    """The score columns of TRANSCRIPTS (``dataset.tables``) for one clip.

    Args:
        reference: the text as written.
        hypothesis: what the recogniser wrote.
        duration_s: length of the clip.
        language: Whisper's code of the language.
        silent: whether the clip's audio holds no speech.

    Returns:
        ``similarity``, ``cer``, ``wer``, ``first_word_wrong``, ``last_word_wrong``, ``other_words``, ``repeated``,
        ``hallucination``, ``categories``. Never raises.
    """
    of_reference, of_hypothesis = compared = pair(reference, hypothesis, language)
    return {
        "similarity": normalised_similarity(*compared),
        "cer": normalised_cer(*compared),
        "wer": word_error_rate(*compared),
        "first_word_wrong": first_word_wrong(*compared),
        "last_word_wrong": last_word_wrong(*compared),
        "other_words": other_words(*compared),
        "repeated": repeats(of_hypothesis, of_reference),
        "hallucination": hallucination(of_reference, of_hypothesis, language, silent),
        "categories": " ".join(sorted(categories(reference, duration_s, language))),
    }
