"""The value of each suite's ``$parameter``, from the voice file. Nothing else connects voices and rules."""

from typing import Any

from voice_assets.voices import Voice

MAX_ONNX_DIFFERENCE = 1e-3
"""The largest allowed difference between PyTorch's and ONNX's audio (full scale = 1). Measured: float32 rounding through
the vocoder gives 1e-5 to 1e-4, a wrongly exported operator 1e-1."""


def suite_parameters(voice: Voice, suite: str) -> dict[str, Any]:
    """The parameters of one suite, by their names in ``data_checks/<suite>.json``; empty for a suite without."""
    return _PARAMETERS[suite](voice) if suite in _PARAMETERS else {}


def _base_validation(voice: Voice) -> dict[str, Any]:
    return {"sample_rate": voice.sample_rate, **voice.limits.model_dump()}


def _quality_report(voice: Voice) -> dict[str, Any]:
    return voice.quality.model_dump(include={"max_text_length_p95", "max_duplicate_ratio", "max_edge_spike"})


def _asr_sample_report(voice: Voice) -> dict[str, Any]:
    return {
        "low_similarity": voice.whisper.low_similarity,
        "asr_min_mean_similarity": voice.asr_sample.min_mean_similarity,
        "asr_max_low_ratio": voice.asr_sample.max_low_ratio,
        "max_category_gap": voice.asr_sample.max_category_gap,
    }


def _whisper_validation(voice: Voice) -> dict[str, Any]:
    return voice.whisper.model_dump(include={"low_similarity", "min_mean_similarity", "max_low_ratio", "max_category_gap"})


def _training(voice: Voice) -> dict[str, Any]:
    return voice.training.model_dump(include={"level_epochs", "max_gap"})


def _onnx_voice(_voice: Voice) -> dict[str, Any]:
    return {"max_onnx_difference": MAX_ONNX_DIFFERENCE}


def _voice_samples(voice: Voice) -> dict[str, Any]:
    return voice.samples.model_dump(exclude={"sentences", "seed", "repeats", "recordings"})


_PARAMETERS = {
    "base_validation": _base_validation,
    "quality_report": _quality_report,
    "asr_sample_report": _asr_sample_report,
    "whisper_validation": _whisper_validation,
    "training": _training,
    "onnx_voice": _onnx_voice,
    "voice_samples": _voice_samples,
}
