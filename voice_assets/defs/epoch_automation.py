"""The sensor that exports and samples epochs while their training runs, for a voice whose file asks for that.

`training.samples_every` says which epochs. Not here: validating again (``defs.automation``).
"""

from collections.abc import Sequence
from typing import Any

import dagster as dg

from voice_assets.defs.automation import RETRIES, SECONDS_BETWEEN_TICKS
from voice_assets.orchestration.describe import asset_key
from voice_assets.orchestration.gates import AssetPartition, Gate
from voice_assets.orchestration.marks import CHECKPOINTS
from voice_assets.orchestration.partitions import epoch_key, epochs, parse_epoch_key
from voice_assets.orchestration.run_process import VOICE
from voice_assets.orchestration.runner import needed_task
from voice_assets.piper.retention import firsts
from voice_assets.voices import Voice

MADE = ("onnx_voice", "voice_samples")


def epoch_automation(voice: Voice) -> dg.Definitions:
    """The job and the sensor of a voice whose `training.samples_every` is not `off`."""
    if voice.training.samples_every == "off":
        return dg.Definitions()
    job = dg.define_asset_job(
        f"{voice.name}__sample_epoch",
        selection=dg.AssetSelection.assets(*(asset_key(voice, name) for name in MADE)),
        partitions_def=epochs(voice.name),
        tags={VOICE: voice.name},
        description=f"Export an epoch of {voice.title} as ONNX, let it speak, and score its samples.",
    )
    return dg.Definitions(jobs=[job], sensors=[_sensor(voice, job)])


def _sensor(voice: Voice, job: Any) -> dg.SensorDefinition:
    every = voice.training.samples_every

    @dg.sensor(
        name=f"{voice.name}__sample_epochs",
        job=job,
        minimum_interval_seconds=SECONDS_BETWEEN_TICKS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Makes ONNX and samples of {'every kept epoch' if every == 'kept' else f'every {every}th epoch'} of "
        f"{voice.title} as soon as its checkpoint is written and its gate is open.",
    )
    def sample_epochs(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        assert context.repository_def is not None
        gate = Gate(context.repository_def.asset_graph, context.instance)
        wanted = [epoch for epoch in wanted_epochs(gate, voice) if _is_due(gate, voice, epoch)]
        if not wanted:
            return dg.SkipReason("no epoch is due")
        return dg.SensorResult(
            [dg.RunRequest(run_key=_run_key(gate, voice, epoch), partition_key=epoch, tags=RETRIES) for epoch in wanted]
        )

    return sample_epochs


def wanted_epochs(gate: Gate, voice: Voice) -> list[str]:
    """The trained epochs that `training.samples_every` names and whose checkpoint is on disk, oldest first."""
    every, checkpoint = voice.training.samples_every, asset_key(voice, "checkpoint")
    known = sorted((epoch for epoch in gate.partitions_of(checkpoint) if epoch is not None), key=parse_epoch_key)
    there = [epoch for epoch in known if not gate.history.removed(checkpoint, epoch)]
    if isinstance(every, int):
        return [epoch for epoch in there if epoch in _every(known, every)]
    newest = max((parse_epoch_key(epoch)[0] for epoch in there), default=0)
    kept = [epoch for epoch in there if parse_epoch_key(epoch)[0] == newest]
    ended = gate.history.trainings(asset_key(voice, "training")).get(newest)
    stay = {} if ended is None else ended.metadata[CHECKPOINTS]
    newest_ones = kept[-voice.training.keep.last :]  # while training runs, they are kept for a while only
    return [epoch for epoch in kept if epoch not in newest_ones or epoch in stay]


def _run_key(gate: Gate, voice: Voice, epoch: str) -> str:
    """Names the weights and the settings: a run that failed is not repeated, and other settings are a new run."""
    weights = gate.history.latest(asset_key(voice, "checkpoint"), epoch)
    versions = [gate.graph.get(asset_key(voice, name)).code_version for name in MADE]
    return "/".join([epoch, weights.data_version[:12] if weights else "", *map(str, versions)])


def _every(known: Sequence[str], every: int) -> set[str]:
    """The first epoch of each training from ``every``, twice ``every`` and so on, as `training.keep.every` counts.

    ``known`` has the removed epochs too: otherwise the next epoch would be the first one after each removal.
    """
    trainings: dict[int, list[int]] = {}
    for version, epoch in map(parse_epoch_key, known):
        trainings.setdefault(version, []).append(epoch)
    return {epoch_key(version, epoch) for version, epochs in trainings.items() for epoch in firsts(epochs, every)}


def _is_due(gate: Gate, voice: Voice, epoch: str) -> bool:
    """Whether the export or the samples of an epoch are missing or out of date, and may be made."""
    first = AssetPartition(asset_key(voice, MADE[0]), epoch)
    missing = any(needed_task(gate, AssetPartition(asset_key(voice, name), epoch)) is not None for name in MADE)
    return missing and not gate.blockers(first)
