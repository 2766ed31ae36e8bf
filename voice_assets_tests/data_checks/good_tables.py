"""Tables and parameters that pass every suite. A test changes one value of them."""

from typing import Any

import numpy as np
import pandas as pd

from voice_assets.piper.convergence import evidence, training_facts
from voice_assets.rules.runner import RuleResult, run
from voice_assets.rules.suites import BoundSuite, bind, load_suite

PARAMETERS: dict[str, dict[str, Any]] = {
    "base_validation": {
        "sample_rate": 22050,
        "min_duration_s": 0.2,
        "max_duration_s": 15.0,
        "min_text_chars": 3,
        "max_text_chars": 400,
        "min_script_share": 0.5,
    },
    "quality_report": {"max_text_length_p95": 300, "max_duplicate_ratio": 0.05, "max_edge_spike": 3.0},
    "whisper_shard": {},
    "asr_sample_report": {
        "asr_min_mean_similarity": 0.85,
        "low_similarity": 0.8,
        "asr_max_low_ratio": 0.1,
        "max_category_gap": 0.15,
    },
    "whisper_validation": {
        "min_mean_similarity": 0.9,
        "low_similarity": 0.8,
        "max_low_ratio": 0.02,
        "max_category_gap": 0.15,
    },
    "mini_training": {},
    "training": {"level_epochs": 20, "max_gap": 0.5},
    "onnx_voice": {"max_onnx_difference": 1e-3},
    "voice_samples": {
        "min_level_db": -40.0,
        "max_cer": 0.2,
        "min_mos": 3.0,
        "min_mos_2": 3.0,
        "min_likeness": 0.7,
        "slowest": 0.7,
        "fastest": 1.4,
        "max_silence_s": 1.0,
        "max_flat_ratio": 0.005,
        "min_ends_right": 0.8,
    },
    "best_epoch": {},
    "voice_package": {},
    "release": {},
}
"""The plan's thresholds, by the names the suites use."""

CLIPS = 100


def bound(suite: str) -> BoundSuite:
    """A suite with the plan's thresholds."""
    return bind(load_suite(suite), PARAMETERS[suite])


def judge(suite: str, tables: dict[str, pd.DataFrame]) -> dict[str, RuleResult]:
    """Every rule's result, by name."""
    return {result.rule: result for result in run(bound(suite), tables)}


def failed(results: dict[str, RuleResult]) -> list[str]:
    """The names of the rules that did not pass."""
    return [name for name, result in results.items() if not result.passed]


def clips() -> pd.DataFrame:
    """Clips without a fault, with the columns of CLIPS that rules read."""
    constant = {"text": "Привет.", "structure": "", "text_length": 30, "script_share": 1.0, "unprintable": 0}
    flags = {"digits": False, "latin": False, "plus": False, "unknown_phonemes": "", "letter_phonemes": 20}
    spoken = {"misread": "", "signs": "", "missing_yo": "", "findings": ""}
    audio = {"format": "WAV", "subtype": "PCM_16", "channels": 1, "sample_rate": 22050, "duration_s": 3.0}
    names = [f"c{number}.wav" for number in range(CLIPS)]
    return pd.DataFrame({"clip_id": names, "row": range(1, CLIPS + 1)}).assign(**constant, **flags, **spoken, **audio)


def stats() -> pd.DataFrame:
    """Statistics of clips of 1 to 10.9 s, evenly spread, each with its own text and recording."""
    table = pd.DataFrame({"clip_id": [f"c{number}.wav" for number in range(CLIPS)], "text_length": 50})
    return table.assign(
        duration_s=np.arange(CLIPS) / 10 + 1.05,
        normalised_text=[f"слово {number}" for number in range(CLIPS)],
        samples_sha256=[f"{number:064x}" for number in range(CLIPS)],
    )


def transcripts() -> pd.DataFrame:
    """Transcripts whose hypotheses nearly equal the texts."""
    names = [f"c{number}.wav" for number in range(CLIPS)]
    return pd.DataFrame({"clip_id": names, "similarity": 0.97, "cer": 0.03, "kept": ""})


def samples() -> pd.DataFrame:
    """Five samples of a good voice."""
    constant = {
        "duration_s": 2.5,
        "level_db": -22.0,
        "cer": 0.05,
        "mos": 3.4,
        "mos_2": 4.2,
        "flat_ratio": 2e-5,
        "longest_silence_s": 0.3,
    }
    return pd.DataFrame({"sample": [f"s{number}.wav" for number in range(5)]}).assign(**constant)


def clients() -> pd.DataFrame:
    """Five programs that speak as well as the voice here."""
    constant = {"version": "1.0.0", "problem": "", "sentences": 5, "cer": 0.02, "cer_here": 0.02, "cer_excess": 0.0}
    names = [f"client{number}" for number in range(5)]
    return pd.DataFrame({"client": names}).assign(**constant, first_word=1.0, last_word=1.0)


def released() -> dict[str, pd.DataFrame]:
    """A release that nothing speaks against."""
    counts = ("package_problems", "licences_missing", "credits_missing", "version_conflicts", "not_archived", "clients_missing")
    texts = ("problems", "unnamed", "conflicts", "lacking")
    return {"facts": _facts(**dict.fromkeys(counts, 0), **dict.fromkeys(texts, "")), "clients": clients()}


def epochs() -> pd.DataFrame:
    """Two epochs whose losses fall."""
    return pd.DataFrame({"epoch": [0, 1], "loss": [60.0, 45.5], "validation_loss": [58.0, 47.0]})


def training() -> dict[str, pd.DataFrame]:
    """A training of 30 epochs whose losses are level."""
    curve = pd.DataFrame({"epoch": range(30), "loss": 36.0, "loss_mel": 0.42, "loss_disc": 2.5, "seconds": 60.0})
    curve = curve.assign(validation_loss=38.0, validation_mel=0.5)
    return evidence(curve, training_facts(curve, 30, "max_epochs", 20))


def _facts(**facts: Any) -> pd.DataFrame:
    return pd.DataFrame([facts])


def good(suite: str) -> dict[str, pd.DataFrame]:
    """The tables of one suite, in which every rule passes."""
    config = {"present": True, "valid": True, "sample_rate": 22050, "espeak_voice": "ru", "problems": ""}
    losses = {"epochs_planned": 2, "epochs_done": 2, "loss_drop_0_1": 14.5, "not_finite": 0}
    categories = {"worst_category_gap": 0.02, "worst_category": "numbers"}
    package = {"missing_files": 0, "checksum_mismatches": 0, "versions_mismatched": 0, "contradictions": 0, "speaks": 1}
    package["broken_links"] = 0
    tables = {
        "base_validation": {"clips": clips(), "config": _facts(**config)},
        "quality_report": {"stats": stats(), "facts": _facts(clips_missing=0, silent_clips=0)},
        "whisper_shard": {"transcripts": transcripts(), "facts": _facts(clips=CLIPS, clips_missing=0, clips_extra=0)},
        "asr_sample_report": {
            "transcripts": transcripts(),
            "facts": _facts(clips_missing=0, **categories),
        },
        "whisper_validation": {
            "transcripts": transcripts(),
            "facts": _facts(shards_missing=0, missing_shards="", clips_missing=0, clips_extra=0, **categories),
        },
        "mini_training": {"epochs": epochs(), "facts": _facts(**losses)},
        "training": training(),
        "onnx_voice": {"facts": _facts(loads=1, max_abs_difference=2e-5, config_problems=0)},
        "voice_samples": {
            "samples": samples(),
            "scores": _facts(sentences=5, likeness=0.9, rate_ratio=1.05, ends_right=1.0),
        },
        "best_epoch": {"facts": _facts(candidates=3, passing=2)},
        "voice_package": {"facts": _facts(**package)},
        "release": released(),
    }
    return tables[suite]
