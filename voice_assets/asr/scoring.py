"""Every score of one clip, computed in one place: the columns of TRANSCRIPTS that follow from texts and length."""

from voice_assets.asr.categories import categories
from voice_assets.asr.hallucination import hallucination
from voice_assets.asr.similarity import error_rate, ratio, repeats
from voice_assets.text.comparison import pair
from voice_assets.text.words import first_word_wrong, last_word_wrong, other_words, word_error_rate


def score(reference: str, hypothesis: str, duration_s: float, language: str, silent: bool) -> dict[str, object]:
    """The score columns of TRANSCRIPTS (``dataset.tables``) for one clip.

    Args:
        reference: the text as written.
        hypothesis: what Whisper wrote.
        duration_s: length of the clip.
        language: Whisper's code.
        silent: whether the clip's audio holds no speech.

    Returns:
        ``similarity``, ``cer``, ``wer``, ``first_word_wrong``, ``last_word_wrong``, ``other_words``, ``repeated``,
        ``hallucination``, ``categories``. Never raises.
    """
    said, heard = pair(reference, hypothesis, language)
    return {
        "similarity": ratio(said, heard),
        "cer": error_rate(said, heard),
        "wer": word_error_rate(said, heard),
        "first_word_wrong": first_word_wrong(said, heard),
        "last_word_wrong": last_word_wrong(said, heard),
        "other_words": other_words(said, heard),
        "repeated": repeats(heard, said),
        "hallucination": hallucination(said, heard, language, silent),
        "categories": " ".join(sorted(categories(reference, duration_s, language))),
    }
