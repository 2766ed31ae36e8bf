"""The code location: one asset graph per voice file. ``build_definitions`` is the seam for tests.

Loading is lazy and light: nothing is read at import, and no heavy library at all (a test reads ``sys.modules``).
"""

import gc
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import dagster as dg

from voice_assets.defs.automation import notice_sensors, revalidation_automation
from voice_assets.defs.clip_losses import clip_loss_assets
from voice_assets.defs.dataset import dataset_assets
from voice_assets.defs.decisions import decision_assets
from voice_assets.defs.drift import drift_assets, drift_checks, drift_sensor
from voice_assets.defs.epoch_automation import epoch_automation
from voice_assets.defs.quality import quality_assets, quality_checks
from voice_assets.defs.release import release_assets, release_checks
from voice_assets.defs.releases import releases_assets, releases_checks
from voice_assets.defs.tournament import tournament_assets, tournament_checks
from voice_assets.defs.training import training_assets, training_checks
from voice_assets.defs.transcription import transcription_assets, transcription_checks
from voice_assets.defs.validation import validation_assets, validation_checks
from voice_assets.defs.voice import onnx_assets, onnx_checks
from voice_assets.orchestration.checks import unknown_rules
from voice_assets.orchestration.dead_runs import recording_executor
from voice_assets.orchestration.describe import BROKEN_GROUP
from voice_assets.orchestration.revalidation import require_valid
from voice_assets.orchestration.run_process import voices_of_own_run
from voice_assets.orchestration.tables import ParquetTables
from voice_assets.runtime import project
from voice_assets.runtime.notify import HookError
from voice_assets.voices import BrokenVoice, Voice, load_voices

STAGES = (
    dataset_assets,
    decision_assets,
    validation_assets,
    quality_assets,
    transcription_assets,
    drift_assets,
    training_assets,
    clip_loss_assets,
    onnx_assets,
    tournament_assets,
    release_assets,
    releases_assets,
)
RULES = (
    validation_checks,
    quality_checks,
    transcription_checks,
    training_checks,
    onnx_checks,
    tournament_checks,
    release_checks,
    releases_checks,
    drift_checks,
)
AUTOMATIONS = (revalidation_automation, epoch_automation)


def build_definitions(
    voices_dir: Path | None = None,
    *,
    only: Collection[str] | None = None,
    resource_overrides: Mapping[str, Any] | None = None,
    stages: Sequence[Callable[[Voice], Sequence[Any]]] = STAGES,
    rules: Sequence[Callable[[Voice], Sequence[dg.AssetChecksDefinition]]] = RULES,
    automations: Sequence[Callable[[Voice], dg.Definitions]] = AUTOMATIONS,
) -> dg.Definitions:
    """Definitions of every voice in ``voices_dir``. Tests change them through the arguments and patch nothing.

    A broken voice file becomes one asset of its name that carries the error. The other voices load.

    Args:
        voices_dir: the folder with the voice files; None takes ``voices/`` of the project.
        only: the names of the voices; None takes all. What concerns one voice costs the same, however many voices there are.
        resource_overrides: resources by name, in the place of ours.
        stages: functions that make the assets of a voice.
        rules: functions that make the checks of a voice.
        automations: functions that make the schedules and sensors of a voice.
    """
    _silence_preview_warnings()
    voices, broken = read_voices(voices_dir, only)
    assets: list[Any] = []
    checks: list[dg.AssetChecksDefinition] = []
    sensors_and_schedules: list[dg.Definitions] = []
    for voice in voices:
        try:
            mine = [asset for stage in stages for asset in stage(voice)], [check for suite in rules for check in suite(voice)]
            by_itself = [made(voice) for made in automations]
        except (ValueError, dg.DagsterError) as error:
            broken.append(BrokenVoice(voice.name, voice.file, f"{voice.file}: {error}"))
            continue
        assets += mine[0]
        checks += mine[1]
        sensors_and_schedules += by_itself
    try:
        sensors = notice_sensors()
    except HookError as error:
        sensors, broken = [], [*broken, BrokenVoice("project", project.root(), str(error))]
    made = dg.Definitions(
        assets=[*assets, *map(_broken, broken)],
        asset_checks=checks,
        resources={"tables": ParquetTables(), **(resource_overrides or {})},
        executor=recording_executor,  # in process: heavy work is in workers, and a process per step would only cost its start
        sensors=[drift_sensor(), *sensors],
    )
    return dg.Definitions.merge(made, *sensors_and_schedules)


def read_voices(voices_dir: Path | None = None, only: Collection[str] | None = None) -> tuple[list[Voice], list[BrokenVoice]]:
    """The voices that can be used and those that cannot: broken files, and files that name a rule or a time there is not.

    ``only``: the names of the voices to read; None reads all.
    """
    loaded, broken = load_voices(voices_dir or project.voices_dir(), only)
    wrong = {voice.name: [*_misspelt(voice), *_never(voice)] for voice in loaded}
    voices = [voice for voice in loaded if not wrong[voice.name]]
    return voices, [
        *broken,
        *(BrokenVoice(one.name, one.file, "\n".join(wrong[one.name])) for one in loaded if wrong[one.name]),
    ]


def _misspelt(voice: Voice) -> list[str]:
    return [f"{voice.file}: {name}: no such rule; `suite/rule`, as data_checks/ has them" for name in unknown_rules(voice)]


def _never(voice: Voice) -> list[str]:
    """Why the voice can never be validated by schedule."""
    try:
        if voice.revalidate is not None:
            require_valid(voice.revalidate)
    except ValueError as error:
        return [f"{voice.file}: {error}"]
    return []


def _broken(voice: BrokenVoice) -> dg.AssetSpec:
    return dg.AssetSpec(
        [voice.name, "voice_file"],
        group_name=BROKEN_GROUP,
        kinds={"yaml"},
        description=f"**This voice does not load.** Correct its file and reload the code location.\n\n```\n{voice.error}\n```",
        metadata={"file": dg.MetadataValue.path(voice.file), "error": voice.error},
    )


def _silence_preview_warnings() -> None:
    """Partitioned checks are a preview in Dagster; what is used of it is pinned and tested, so nobody needs the warning."""
    for category in (dg.PreviewWarning, dg.BetaWarning):
        warnings.filterwarnings("ignore", category=category)


@dg.definitions
def defs() -> dg.Definitions:
    """What ``workspace.yaml`` loads: every voice, or in the process of a run the voices of that run."""
    return _kept(voices_of_own_run())


@cache  # Dagster asks several times in the process of a run
def _kept(voices: frozenset[str] | None) -> dg.Definitions:
    """The definitions of these voices, or of all, as this process keeps them until it ends."""
    gc.disable()  # everything that is made here stays: looking for garbage among it took a quarter of the time
    try:
        made = build_definitions(only=voices)
        made.get_repository_def()  # now, and not after `gc.enable`; Dagster keeps it
        gc.freeze()  # nor is it looked at later
    finally:
        gc.enable()
    return made


def defs_of(voices: Collection[str]) -> dg.Definitions:
    """The part of `defs` that these voices are. A run loads no other voice (``orchestration.launch``)."""
    return build_definitions(only=voices)
