"""The columns of every table that passes between assets: names, types and meaning. Computes nothing.

Types: ``str`` (never null; empty when there is no value), ``int``, ``float`` (NaN only where the meaning says so),
``bool``. ``orchestration.tables`` makes ``dagster-pandas`` types from these columns.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
    "loss_kl": Column(float, "mean KL loss of the training steps, unweighted"),
    "loss_dur": Column(float, "mean duration loss of the training steps"),
    "loss_disc": Column(float, "mean discriminator loss of the training steps"),
    "validated": Column(bool, "whether the held-out clips were tried after this epoch (`training.validate_every`)"),
    "validation_loss": Column(float, "generator loss on the held-out clips; NaN without validation"),
    "validation_mel": Column(float, "mel L1 on the held-out clips; NaN without validation"),
    "validation_kl": Column(float, "KL loss on the held-out clips; NaN without validation"),
    "validation_dur": Column(float, "duration loss on the held-out clips; NaN without validation"),
    "seconds": Column(float, "duration of the epoch, with validation"),
    "memory_mb": Column(float, "the most memory that the training process had so far, in MB"),
    "gpu_memory_mb": Column(float, "the most memory that tensors took on the first GPU so far, in MB; 0 without a GPU"),
}

STEPS = {
    "epoch": Column(int, "as in EPOCHS"),
    "step": Column(int, "the batch in the epoch, from 1"),
    "global_step": Column(int, "Lightning's count after the batch: one per step of an optimizer, two optimizers"),
    "loss": Column(float, "generator loss, the sum of its parts"),
    "loss_mel": Column(float, "mel L1, unweighted"),
    "loss_kl": Column(float, "KL loss, unweighted"),
    "loss_dur": Column(float, "duration loss"),
    "loss_fm": Column(float, "feature matching loss"),
    "loss_gen": Column(float, "adversarial loss of the generator"),
    "loss_disc": Column(float, "discriminator loss"),
    "learning_rate": Column(float, "of the generator"),
    "seconds": Column(float, "time since the start of the epoch"),
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
    "seed": Column(int, "seed of the voice's noise"),
    "first_word_wrong": Column(bool, "the hypothesis begins with another word: the voice may swallow the start"),
    "last_word_wrong": Column(bool, "the hypothesis ends with another word: the voice may swallow the end"),
    "mos_2": Column(float, "predicted mean opinion score by the second model, 1 to 5 (DistillMOS)"),
    "likeness": Column(
        float, "cosine of this voice and the speaker of the recordings, 0 to 1; 0 without voice (audio.speaker)"
    ),
    "phonemes": Column(int, "phonemes of the sentence that are letters"),
    "speech_s": Column(float, "seconds of speech (asr.speech)"),
    "rate": Column(float, "phonemes per second of speech; 0 without speech"),
    "rate_ratio": Column(float, "rate / the rate of the recordings"),
    "leading_silence_s": Column(float, "as in clip_stats"),
    "trailing_silence_s": Column(float, "as in clip_stats"),
    "longest_pause_s": Column(float, "the longest silence inside the speech"),
    "longest_silence_s": Column(float, "the longest of the three silences"),
    "flat_ratio": Column(float, "share of samples at the top of the wave: clipping, whatever the level (audio.signals)"),
}

RANKING = {
    "rank": Column(int, "from 1, the winner first; a candidate that fails a rule of its samples stands after all that pass"),
    "epoch_key": Column(str, "the candidate, such as `v0-e0120`"),
    "passes": Column(bool, "every rule of the candidate's samples passed"),
    "score": Column(float, "mean over the sentences, 0 to 1 (tournament.scores)"),
    "score_low": Column(float, "lower end of the score's 95 % confidence interval, by the bootstrap over sentences"),
    "score_high": Column(float, "upper end of the same interval"),
    "behind": Column(float, "the score of rank 1 minus this candidate's score; 0 for rank 1"),
    "behind_low": Column(float, "lower end of the difference's interval; the intervals of all pairs hold together with 95 %"),
    "behind_high": Column(float, "upper end of the same interval"),
    "cer": Column(float, "mean CER of the recogniser's hypotheses of the sentences"),
    "cer_excess": Column(float, "`cer` minus the recogniser's own CER on held-out recordings"),
    "mos": Column(float, "mean predicted MOS, 1 to 5, of the first model"),
    "mos_2": Column(float, "mean predicted MOS, 1 to 5, of the second model"),
    "likeness": Column(float, "mean likeness of the samples, as in SAMPLES"),
    "rate_ratio": Column(float, "mean speaking rate / the data set's speaking rate"),
    "ends_right": Column(float, "share of first and last words that the recogniser heard, 0 to 1"),
    "validation_mel": Column(float, "validation mel loss of the epoch, decides nothing; NaN where it is not known"),
    "votes": Column(int, "votes of the blind comparison on this candidate's samples"),
    "preferred": Column(float, "votes for this candidate, a vote for neither is a half; 0 without votes"),
    "vote_share": Column(float, "expected share of votes against an average candidate, 0 to 1; NaN without votes"),
    "tied_with": Column(str, "candidates that cannot be told apart from this one, separated by spaces"),
    "reasons": Column(str, "why the candidate has this rank, in words, separated by `; `"),
}

PAIRS = {
    "first": Column(str, "epoch key of the candidate with the better rank"),
    "second": Column(str, "epoch key of the other candidate"),
    "difference": Column(float, "the first's score minus the second's"),
    "low": Column(float, "lower end of the interval; the intervals of all pairs hold together with 95 %"),
    "high": Column(float, "upper end of the same interval"),
    "votes": Column(int, "votes on this pair"),
    "preferred": Column(float, "votes for the first, a vote for neither is a half"),
    "odds": Column(float, "log odds that people prefer the first, from the votes on all pairs; NaN without votes"),
    "odds_low": Column(float, "lower end of the log odds' interval, for all voted pairs together; NaN without votes"),
    "odds_high": Column(float, "upper end of the same interval; NaN without votes"),
    "told_apart": Column(str, "what tells the two apart: `scores`, `votes`, `scores votes`, or empty for a tie"),
    "words": Column(str, "the same in words"),
}
RECORDINGS = {
    "clip_id": Column(str, "as in clips"),
    "audio_sha256": Column(str, "as in clips"),
    "duration_s": Column(float, "length of the clip"),
    **{
        name: SAMPLES[name]
        for name in ("text", "hypothesis", "similarity", "cer", "mos", "mos_2", "phonemes", "speech_s", "rate")
    },
    "likeness": Column(float, "cosine of this voice and the speaker of the other recordings; NaN for the only one with voice"),
}
"""Held-out clips of the data set, scored as SAMPLES are: what a perfect voice would get."""

SCORES = {
    "sentences": Column(int, "different sentences that were spoken"),
    "samples": Column(int, "rows of SAMPLES: sentences x repeats"),
    "recordings": Column(int, "rows of RECORDINGS: held-out clips of the data set"),
    "cer": Column(float, "mean character error rate of the samples"),
    "own_cer": Column(float, "the recogniser's own: mean character error rate of the recordings"),
    "cer_excess": Column(float, "cer - own_cer; negative when the voice is easier to understand than the recordings"),
    "similarity": Column(float, "mean similarity of the samples"),
    "mos": Column(float, "mean DNSMOS of the samples"),
    "own_mos": Column(float, "mean DNSMOS of the recordings"),
    "mos_2": Column(float, "mean DistillMOS of the samples"),
    "own_mos_2": Column(float, "mean DistillMOS of the recordings"),
    "likeness": Column(float, "mean likeness of the samples and the speaker of the recordings"),
    "own_likeness": Column(float, "mean likeness of each recording and the speaker of the others; NaN for a single recording"),
    "rate": Column(float, "phonemes of all samples per second of speech; 0 without speech"),
    "own_rate": Column(float, "phonemes of all recordings per second of speech"),
    "rate_ratio": Column(float, "rate / own_rate"),
    "longest_silence_s": Column(float, "the longest silence of all samples"),
    "flat_ratio": Column(float, "the highest flat_ratio of all samples"),
    "first_words_right": Column(float, "share of samples whose first word is right"),
    "last_words_right": Column(float, "share of samples whose last word is right"),
    "ends_right": Column(float, "share of samples whose first and last words are right"),
    "quietest_db": Column(float, "the lowest level of all samples, dBFS"),
}
"""The scores of one epoch: one row. `own_` marks figures of the data set's recordings."""

HERE = "here"
"""The name under which HEARD has the voice itself, spoken by onnxruntime in this project."""
HEARD = {
    "client": Column(str, "the program that spoke, or HERE"),
    "sentence": Column(int, "number of the sentence, from 1"),
    "text": Column(str, "the sentence"),
    "same_sound": Column(
        bool, "the sound is the one that is spoken here, at any loudness; then the hypothesis is the same too"
    ),
    **{name: SAMPLES[name] for name in ("hypothesis", "cer", "first_word_wrong", "last_word_wrong")},
}
"""The sample sentences of a package, spoken without noise by every client and here."""

CLIENTS = {
    "client": Column(str, "the program that spoke"),
    "version": Column(str, "version of its distribution"),
    "problem": Column(str, "why not every sentence was spoken, with the end of the client's log; empty when all were"),
    "sentences": Column(int, "sentences that the client was asked to speak"),
    "cer": Column(float, "mean character error rate of the client's audio; 1 for a client with a problem"),
    "cer_here": Column(float, "mean character error rate of the same sentences spoken here"),
    "cer_excess": Column(float, "cer - cer_here; negative when the client is easier to understand"),
    "first_word": Column(float, "share of sentences whose first word is heard, or is not heard here either"),
    "last_word": Column(float, "share of sentences whose last word is heard, or is not heard here either"),
}
"""How a package speaks in other programs: one row a client."""

_DTYPES = {str: "object", int: "int64", float: "float64", bool: "bool"}


def frame(rows: list[dict[str, object]], columns: dict[str, Column]) -> "pd.DataFrame":
    """A DataFrame of ``rows`` with exactly ``columns``, in their order and types, even for no rows.

    Raises:
        KeyError: a row lacks a column.
        ValueError: a value does not fit its column's type.
    """
    import pandas as pd

    data = {name: [row[name] for row in rows] for name in columns}
    return pd.DataFrame({name: pd.Series(data[name], dtype=_DTYPES[column.type]) for name, column in columns.items()})
