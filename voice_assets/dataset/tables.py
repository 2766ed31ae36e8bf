"""The columns of every table that passes between assets: names, types and meaning. Computes nothing.

Types: ``str`` (never null; empty when there is no value), ``int``, ``float`` (NaN only where the meaning says so),
``bool``. ``orchestration.tables`` makes ``dagster-pandas`` types from these columns.
"""

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Column:
    """One column: its type (``str``, ``int``, ``float`` or ``bool``) and its meaning, with the unit."""

    type: type
    meaning: str


CLIPS = {
    "clip_id": Column(str, "the first column of the metadata as written; for a wav that no row names, the file's name"),
    "row": Column(int, "line of metadata_2col.csv, from 1; 0 for a wav that no row names"),
    "path": Column(str, "the audio file, relative to the data set; empty when there is no file or reading it is not allowed"),
    "text": Column(str, "the reference text, as written"),
    "structure": Column(str, "the fault of the row itself, a code of dataset.rows.STRUCTURE; empty without a fault"),
    "text_length": Column(int, "characters of the text"),
    "script_share": Column(float, "share of the text's letters in the script of the language; 1 for a text without letters"),
    "unprintable": Column(int, "invisible characters: controls, NUL, surrogates, private use"),
    "digits": Column(bool, "the text has digits: espeak reads digits in one grammatical case only"),
    "latin": Column(bool, "the text has Latin letters in a language that is not written with them"),
    "plus": Column(bool, "the text has `+`: espeak reads `+` aloud as the word plus"),
    "missing_yo": Column(str, "Russian words of the text that have `ё` where the text has `е`, separated by spaces"),
    "unknown_phonemes": Column(str, "phonemes of the text without an id in the voice's config.json, separated by spaces"),
    "letter_phonemes": Column(
        int, "letters that espeak speaks for the text, stress marks not counted; 0 for a text not judged"
    ),
    "misread": Column(str, "what espeak says, and what it says for the composed text; empty when it says the same"),
    "signs": Column(str, "signs that espeak reads aloud and what it says, `& ænd`, two spaces between; not `+`"),
    "audio_sha256": Column(str, "SHA-256 of the file's bytes; empty when there is no file"),
    "format": Column(str, "container as libsndfile names it, `WAV` or `WAVEX`; empty when the file cannot be read"),
    "subtype": Column(str, "encoding as libsndfile names it, `PCM_16`"),
    "channels": Column(int, "channels; 0 when the file cannot be read"),
    "sample_rate": Column(int, "samples per second; 0 when the file cannot be read"),
    "frames": Column(int, "samples per channel"),
    "duration_s": Column(float, "frames / sample_rate; 0 when the file cannot be read"),
    "findings": Column(str, "every fault of this clip in words, separated by `; `; empty without a fault"),
}

CLIP_STATS = {
    "clip_id": Column(str, "as in clips"),
    "path": Column(str, "as in clips"),
    "text": Column(str, "as in clips"),
    "normalised_text": Column(str, "the text as similarity compares it (text.normalisation.normalise)"),
    "text_length": Column(int, "characters of the text"),
    "duration_s": Column(float, "length of the clip"),
    "samples_sha256": Column(str, "SHA-256 of the samples: equal for two copies of one recording"),
    "peak_db": Column(float, "highest sample, dBFS; -120 for digital silence"),
    "rms_db": Column(float, "root mean square, dBFS; -120 for digital silence"),
    "clipped_ratio": Column(float, "share of samples at full scale"),
    "dc_offset": Column(float, "mean sample, full scale = 1"),
    "leading_silence_s": Column(float, "time before the first 10 ms frame over -40 dB of the loudest"),
    "trailing_silence_s": Column(float, "time after the last such frame"),
    "first_speech_s": Column(float, "time before the first 32 ms that Piper's training takes for speech; -1 when nothing is"),
    "kept_s": Column(float, "length after Piper's trimming of silence (audio.trimming); a lower bound from 1 s on"),
    "speech_ratio": Column(float, "share of such frames among all"),
    "chars_per_s": Column(float, "letters and digits of the text per second between the two silences"),
}

TRANSCRIPTS = {
    "clip_id": Column(str, "as in clips"),
    "path": Column(str, "as in clips"),
    "audio_sha256": Column(str, "SHA-256 of the audio that was decoded"),
    "duration_s": Column(float, "length of the clip"),
    "reference": Column(str, "the text as written"),
    "hypothesis": Column(str, "Whisper's hypothesis, as Whisper wrote it"),
    "similarity": Column(float, "of the normalised texts, 0 to 1 (asr.similarity.similarity)"),
    "cer": Column(float, "character error rate on the normalised texts; over 1 when much is inserted"),
    "wer": Column(float, "word error rate on the normalised texts; over 1 when much is inserted"),
    "first_word_wrong": Column(bool, "the hypothesis begins with another word: the clip may be cut badly at its start"),
    "last_word_wrong": Column(bool, "the hypothesis ends with another word: the clip may be cut badly at its end"),
    "other_words": Column(bool, "the hypothesis has quite different, missing or added words (text.words, text.small_words)"),
    "other_numbers": Column(bool, "no decoding pass heard the numbers of the text (text.number_values)"),
    "repeated": Column(
        bool, "the hypothesis loops or has the text more than once, or each half of the audio has the whole text"
    ),
    "hallucination": Column(str, "why the hypothesis counts as a hallucination (asr.hallucination); empty when it does not"),
    "categories": Column(str, "the clip's categories, keys of asr.categories.CATEGORIES, separated by spaces"),
    "decoding_pass": Column(str, "the decoding pass whose hypothesis was kept: `fast`, `wide` or `full` (asr.whisper)"),
}

KEPT = {
    "kept": Column(str, "the version of the data set in which a person kept the clip; empty for a clip that nobody kept"),
    "kept_by": Column(str, "the person who kept the clip; empty where nobody did, or where the record names nobody"),
}
"""The columns that the reports on TRANSCRIPTS and their rules have besides (``curation.decisions.with_kept``)."""

TRAINING_SET = {
    "clip_id": Column(str, "as in clips"),
    "path": Column(str, "as in clips"),
    "text": Column(str, "as in clips"),
    "audio_sha256": Column(str, "as in clips"),
    "duration_s": Column(float, "length of the clip"),
    "split": Column(str, "`train` or `validation`, by a hash of the clip's name"),
}

EPOCHS = {
    "epoch": Column(int, "from 0, as Lightning counts"),
    "loss": Column(float, "mean generator loss of the training steps (VITS: adversarial + feature + mel + duration + KL)"),
    "loss_mel": Column(float, "mean mel L1 of the training steps, unweighted"),
    "loss_disc": Column(float, "mean discriminator loss of the training steps"),
    "validation_loss": Column(float, "generator loss on the held-out clips"),
    "validation_mel": Column(float, "mel L1 on the held-out clips"),
    "seconds": Column(float, "duration of the epoch"),
}

CLIP_LOSSES = {
    "clip_id": Column(str, "as in clips"),
    "path": Column(str, "as in clips"),
    "text": Column(str, "as in clips"),
    "audio_sha256": Column(str, "as in clips"),
    "split": Column(str, "as in the training set"),
    "duration_s": Column(float, "length of the clip, as in the training set"),
    "frames": Column(int, "frames of its spectrogram after Piper's trimming of silence; a frame has 256 samples"),
    "phoneme_ids": Column(int, "phoneme ids of its text, Piper's padding between them included"),
    "mel": Column(float, "mean mel L1 of the whole clip spoken from its posterior mean, unweighted; the text plays no part"),
    "kl": Column(float, "mean KL loss over draws, with its text; NaN when the clip has fewer frames than phoneme ids"),
    "other_kl": Column(float, "mean KL loss with texts of other clips that are as long; NaN without such a text that fits"),
    "other_kl_spread": Column(float, "standard deviation of these KL losses; NaN with fewer than two of them"),
    "duration": Column(float, "duration loss per phoneme id; NaN where kl is"),
    "frames_per_id": Column(float, "frames / phoneme_ids: how slowly the text is spoken"),
    "longest_s": Column(float, "duration of the longest phoneme id in the alignment; NaN where kl is"),
}

SAMPLES = {
    "sample": Column(str, "file name of the spoken sentence"),
    "text": Column(str, "the sentence"),
    "duration_s": Column(float, "length of the audio"),
    "level_db": Column(float, "RMS level, dBFS; -120 for silence"),
    "hypothesis": Column(str, "Whisper's hypothesis"),
    "similarity": Column(float, "of the normalised texts, 0 to 1"),
    "cer": Column(float, "character error rate on the normalised texts"),
    "mos": Column(float, "predicted mean opinion score, 1 to 5 (DNSMOS P.835, overall)"),
}

_DTYPES = {str: "object", int: "int64", float: "float64", bool: "bool"}


def frame(rows: list[dict[str, object]], columns: dict[str, Column]) -> pd.DataFrame:
    """A DataFrame of ``rows`` with exactly ``columns``, in their order and types, even for no rows.

    Raises:
        KeyError: a row lacks a column.
        ValueError: a value does not fit its column's type.
    """
    data = {name: [row[name] for row in rows] for name in columns}
    return pd.DataFrame({name: pd.Series(data[name], dtype=_DTYPES[column.type]) for name, column in columns.items()})
