"""The scores of a voice's samples, put together from figures: a row per sentence, a row per epoch, and what is wrong in words.

Pure: no audio, no model. Not here: how a sample sounds (``asr.sound_scores``), the recordings that a voice is compared with
(``asr.recording_scores``), judging by rules (``data_checks/voice_samples.json``).
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from voice_assets.asr.similarity import normalised_cer, normalised_similarity
from voice_assets.asr.sound_scores import SoundScores
from voice_assets.audio import speaker
from voice_assets.dataset.tables import SCORES, frame
from voice_assets.text.comparison import pair
from voice_assets.text.words import first_word_wrong, last_word_wrong
from voice_assets.voice_training import Samples


def text_scores(text: str, hypothesis: str, language: str) -> dict[str, object]:
    """The columns ``similarity``, ``cer``, ``first_word_wrong`` and ``last_word_wrong``. ``language``: Whisper's code."""
    compared = pair(text, hypothesis, language)
    return {
        "similarity": normalised_similarity(*compared),
        "cer": normalised_cer(*compared),
        "first_word_wrong": first_word_wrong(*compared),
        "last_word_wrong": last_word_wrong(*compared),
    }


def speaking_rate(phonemes: float, speech_s: float) -> float:
    """Phonemes per second of speech; 0 without speech."""
    return phonemes / speech_s if speech_s > 0 else 0.0


def own_rate(recordings: pd.DataFrame) -> float:
    """The speaking rate of all RECORDINGS together, phonemes per second; 0 without speech."""
    return speaking_rate(float(recordings["phonemes"].sum()), float(recordings["speech_s"].sum()))


def sample_row(
    spoken: Mapping[str, Any], sound: SoundScores, hypothesis: str, language: str, voice: speaker.Embedding, own: float
) -> dict[str, object]:
    """One row of SAMPLES.

    Args:
        spoken: ``sample``, ``text``, ``seed`` and ``phonemes``.
        sound: how the sample sounds.
        hypothesis: what the recogniser wrote.
        language: Whisper's code.
        voice: the speaker of the recordings.
        own: the speaking rate of the recordings, phonemes per second.
    """
    rate = speaking_rate(float(spoken["phonemes"]), sound.speech_s)
    return {
        **spoken,
        **sound.columns(),
        "hypothesis": hypothesis,
        **text_scores(str(spoken["text"]), hypothesis, language),
        "likeness": speaker.likeness(sound.voice, voice),
        "rate": rate,
        "rate_ratio": rate / own if own > 0 else 0.0,
    }


def scores(samples: pd.DataFrame, recordings: pd.DataFrame) -> pd.DataFrame:
    """The SCORES of one epoch: one row.

    Args:
        samples: SAMPLES, one row at least.
        recordings: RECORDINGS, one row at least.
    """
    own, rate = own_rate(recordings), speaking_rate(float(samples["phonemes"].sum()), float(samples["speech_s"].sum()))
    means = {name: float(samples[name].mean()) for name in ("cer", "similarity", "mos", "mos_2", "likeness")}
    of_recordings = {f"own_{name}": float(recordings[name].mean()) for name in ("cer", "mos", "mos_2", "likeness")}
    first, last = ~samples["first_word_wrong"], ~samples["last_word_wrong"]
    row: dict[str, object] = {
        "sentences": int(samples["text"].nunique()),
        "samples": len(samples),
        "recordings": len(recordings),
        **means,
        **of_recordings,
        "cer_excess": means["cer"] - of_recordings["own_cer"],
        "rate": rate,
        "own_rate": own,
        "rate_ratio": rate / own if own > 0 else 0.0,
        **{name: float(samples[name].max()) for name in ("longest_silence_s", "flat_ratio")},
        "first_words_right": float(first.mean()),
        "last_words_right": float(last.mean()),
        "ends_right": float((first & last).mean()),
        "quietest_db": float(samples["level_db"].min()),
    }
    return frame([row], SCORES)


def findings(sample: Mapping[str, Any], limits: Samples) -> list[str]:
    """What is wrong with one row of SAMPLES, each finding in words with its figures; empty for a good sample.

    ``limits``: the section `samples` of the voice file. Its limits of means are used for the single sample here.
    """
    silences = {"before the speech": "leading_silence_s", "in the speech": "longest_pause_s", "after it": "trailing_silence_s"}
    slow, fast = sample["rate_ratio"] < limits.slowest, sample["rate_ratio"] > limits.fastest
    speech = sample["speech_s"] > 0
    found = [
        (sample["level_db"] < limits.min_level_db, f"hardly audible: {sample['level_db']:.1f} dBFS"),
        (not speech, "no speech is heard"),
        (sample["cer"] > limits.max_cer, f"not understood: CER {sample['cer']:.2f}, heard: {sample['hypothesis']!r}"),
        (sample["first_word_wrong"], "the first word is missing or wrong"),
        (sample["last_word_wrong"], "the last word is missing or wrong"),
        (sample["mos"] < limits.min_mos, f"sounds unnatural: predicted MOS {sample['mos']:.2f} (DNSMOS)"),
        (sample["mos_2"] < limits.min_mos_2, f"sounds unnatural: predicted MOS {sample['mos_2']:.2f} (DistillMOS)"),
        (sample["likeness"] < limits.min_likeness, f"sounds like another speaker: likeness {sample['likeness']:.2f}"),
        (speech and slow, f"slow: {sample['rate_ratio']:.2f} times the rate of the recordings"),
        (speech and fast, f"fast: {sample['rate_ratio']:.2f} times the rate of the recordings"),
        (sample["flat_ratio"] > limits.max_flat_ratio, f"clipped: {sample['flat_ratio']:.1%} of it at the top of the wave"),
        *(
            (sample[name] > limits.max_silence_s, f"{sample[name]:.1f} s of silence {where}")
            for where, name in silences.items()
        ),
    ]
    return [words for wrong, words in found if wrong]


def with_findings(samples: pd.DataFrame, limits: Samples) -> pd.DataFrame:
    """SAMPLES with the column ``findings``: what is wrong with each sample, separated by `; `; for tables that people read."""
    rows = [{str(name): value for name, value in row.items()} for row in samples.to_dict("records")]
    return samples.assign(findings=["; ".join(findings(row, limits)) for row in rows])
