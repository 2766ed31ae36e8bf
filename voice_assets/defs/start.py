"""Stage `training`: the checkpoint that a training starts from, made from a published voice (`training.start_from`)."""

import hashlib
import json
from functools import partial
from pathlib import Path
from typing import Any

import dagster as dg

from voice_assets.orchestration.asset import asset
from voice_assets.orchestration.dataset_files import have_clips, have_head
from voice_assets.orchestration.describe import describe
from voice_assets.orchestration.inputs import ResolvedInputs, resolve_inputs
from voice_assets.orchestration.processes import run_worker
from voice_assets.orchestration.progress import progress
from voice_assets.orchestration.records import SOURCE, TABLE
from voice_assets.orchestration.results import finished, opened, recorded, recorded_table
from voice_assets.piper.warm_start.requests import StartRequest
from voice_assets.runtime import project
from voice_assets.runtime.files import sha256
from voice_assets.runtime.project import artifacts_dir, cache_dir
from voice_assets.runtime.storage import project_store
from voice_assets.voices import Voice


def start_assets(voice: Voice) -> list[dg.AssetsDefinition]:
    """``starting_checkpoint``; nothing for a voice that starts from no published voice."""
    return [] if voice.training.start_from is None else [_starting_checkpoint(voice, voice.training.start_from)]


def _starting_checkpoint(voice: Voice, source: Path) -> dg.AssetsDefinition:
    chosen = voice.training
    settings = {"source": project.portable(source), **chosen.model_dump(include={"start", "quality", "seed"})}

    @asset(
        **describe(
            voice,
            "starting_checkpoint",
            group="training",
            reads=["training_set"],
            gated_by=["whisper_validation"],
            settings=settings,
            kinds=["pytorch", "onnx"],
        ),
        pool="training",
        description=f"What training starts from: the generator of the published voice {source.name}, rebuilt and compared with "
        "onnxruntime; a posterior encoder that learned from this voice's own speech; a decoder tuned to the clips.",
    )
    def starting_checkpoint(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        from voice_assets.piper.warm_start.published import start_from_problem

        inputs = resolve_inputs(context)
        have_head(voice)
        if problem := start_from_problem(chosen, voice.dataset / "config.json", voice.sample_rate):
            raise dg.Failure(f"{voice.file}: training.start_from: {problem}", allow_retries=False)
        request = _request(voice, source, inputs, settings)
        have_clips(voice, recorded_table(inputs.one("training_set")))
        with progress(context, "steps", every=50) as tell:
            listen = partial(_listen, context, tell)
            run_worker("start", request, request.out / "start.log", listen, {"OMP_WAIT_POLICY": "PASSIVE"})
        facts = json.loads((request.out / "start.json").read_text(encoding="utf-8"))
        start = project_store().add(request.out / "start.ckpt", facts["sha256"])
        figures = {
            "start": recorded(start),
            "facts": recorded(project_store().add(request.out / "start.json")),
            SOURCE: dg.MetadataValue.json(facts["source"]),
            "stages": dg.MetadataValue.json(facts["stages"]),
            "tensors": dg.MetadataValue.json(facts["tensors"]),
        }
        return finished(inputs.pins, start.sha256, figures, settings=settings)

    return starting_checkpoint


def _request(voice: Voice, source: Path, inputs: ResolvedInputs, settings: dict[str, Any]) -> StartRequest:
    """The worker's request. Its folder belongs to these settings and clips, so a killed run goes on in it."""
    training_set = inputs.one("training_set")
    facts = json.dumps([settings, sha256(source), training_set.data_version], sort_keys=True, default=str)
    name = hashlib.sha256(facts.encode()).hexdigest()[:16]
    return StartRequest(
        source=source,
        dataset=voice.dataset,
        training_set=opened(training_set, TABLE),
        config=voice.dataset / "config.json",
        out=artifacts_dir(voice.name) / "starting_checkpoint" / name,
        cache=cache_dir() / "warm_start",
        quality=voice.training.quality,
        sample_rate=voice.sample_rate,
        seed=voice.training.seed,
        start=voice.training.start,
    )


def _listen(context: dg.AssetExecutionContext, tell: Any, event: dict[str, Any]) -> None:
    """Pass the worker's progress on, and log its stages and notes."""
    kind = event["event"]
    if kind == "progress":
        details = {name: event.get(name) for name in ("rate_per_s", "remaining_s", "stage", "loss")}
        tell(event["done"], event["total"], **details)
    elif kind == "stage":
        figures = ", ".join(f"{name} {value}" for name, value in event.items() if name not in ("event", "name"))
        context.log.info(f"stage {event['name']}: {figures}")
    elif kind == "note":
        context.log.info(event["message"])
