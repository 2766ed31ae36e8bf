"""Stage `training` (the plan's stage 4): the accepted clips, the first epochs, and each checkpoint as it is written."""

import json
from pathlib import Path
from typing import Any

import dagster as dg

from voice_assets.defs import tables
from voice_assets.defs.checks import judge, suite_checks
from voice_assets.defs.describe import asset_key, describe
from voice_assets.defs.gates import RUN_OF, Admission, admit
from voice_assets.defs.history import UPSTREAM, History, pins_json
from voice_assets.defs.partitions import epoch_key, epochs
from voice_assets.defs.processes import run_worker
from voice_assets.defs.progress import progress
from voice_assets.defs.results import finished, keep_evidence, one_row, preview, table_of, verdict_table
from voice_assets.files import write_text
from voice_assets.project import artifacts_dir
from voice_assets.voices import Voice

POOL = "training"
SETTINGS = {"quality", "epochs", "batch_size", "segment_size", "precision", "seed", "checkpoint"}


def training_assets(voice: Voice) -> list[dg.AssetsDefinition | dg.AssetSpec]:
    """``training_set``, ``mini_training`` and ``checkpoint``."""
    return [_training_set(voice), _mini_training(voice), _checkpoint(voice)]


def training_checks(voice: Voice) -> list[dg.AssetChecksDefinition]:
    """The rules of ``mini_training``."""
    return [suite_checks(voice, "mini_training")]


def training_dir(voice: Voice) -> Path:
    """The folder that holds ``lightning_logs/``."""
    return artifacts_dir(voice.name) / "training"


def _training_set(voice: Voice) -> dg.AssetsDefinition:
    chosen = {
        **voice.training.model_dump(include={"validation_ratio", "max_clips"}),
        "low_similarity": voice.whisper.low_similarity,
    }

    @dg.asset(
        **describe(
            voice,
            "training_set",
            group="training",
            reads=["clips", "whisper_shard"],
            gated_by=["whisper_validation"],
            settings=chosen,
            kinds=["pandas"],
        ),
        dagster_type=tables.TRAINING_SET,
        io_manager_key="tables",
        description="The clips that training may use: heard by Whisper as they read, split for good into train and validation.",
    )
    def training_set(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        from voice_assets.speech.training_set import accept

        admission = admit(context)
        clips, transcripts = table_of(admission, "clips"), table_of(admission, "whisper_shard")
        accepted = accept(
            clips, transcripts, voice.whisper.low_similarity, voice.training.validation_ratio, voice.training.max_clips
        )
        low = transcripts[transcripts["similarity"] < voice.whisper.low_similarity]
        version = tables.content_version(accepted)
        figures = {
            "clips": len(accepted),
            "train": int((accepted["split"] == "train").sum()),
            "validation": int((accepted["split"] == "validation").sum()),
            "hours": float(accepted["duration_s"].sum() / 3600),
            "left_out_low_similarity": len(low),
            "left_out": preview(low, ["clip_id", "similarity", "reference", "hypothesis"]),
            "hash": version,
        }
        return finished(admission.pins, version, figures, value=accepted)

    return training_set


def _checkpoint(voice: Voice) -> dg.AssetSpec:
    return dg.AssetSpec(
        asset_key(voice, "checkpoint"),
        deps=[asset_key(voice, "mini_training")],
        partitions_def=epochs(voice.name),
        group_name="training",
        kinds={"pytorch", "lightning"},
        owners=[voice.owner] if voice.owner else None,
        tags={"voice": voice.name},
        metadata={RUN_OF: "mini_training"},
        description="One Lightning checkpoint per epoch, `v<training>-e<epoch>`: recorded the moment it is on disk.",
    )


def open_version(voice: Voice, request: dict[str, Any], history: History) -> int:
    """The number of the training to run: the newest one if it was asked for the same and never ended, else a new one."""
    folders = sorted(
        int(path.name.removeprefix("version_")) for path in (training_dir(voice) / "lightning_logs").glob("version_*")
    )
    if folders:
        newest = folders[-1]
        asked = training_dir(voice) / "lightning_logs" / f"version_{newest}" / "request.json"
        ended = history.of_training(asset_key(voice, "mini_training"), newest) is not None
        if not ended and asked.is_file() and json.loads(asked.read_text(encoding="utf-8")) == request:
            return newest
    version = folders[-1] + 1 if folders else 0
    write_text(training_dir(voice) / "lightning_logs" / f"version_{version}" / "request.json", json.dumps(request, indent=1))
    return version


class _Recorder:
    """Hears the training worker: epochs into a curve, checkpoints into partitions, steps into progress."""

    def __init__(self, context: dg.AssetExecutionContext, voice: Voice, version: int, admission: Admission, tell: Any):
        self.context, self.voice, self.version, self.admission, self.tell = context, voice, version, admission, tell
        self.history = History(context.instance)

    def __call__(self, event: dict[str, Any]) -> None:
        kind = event["event"]
        if kind == "progress":
            self.tell(event["done"], event["total"], epoch=event["epoch"], loss=event["loss"])
        elif kind == "epoch":
            losses = {name: value for name, value in event.items() if name != "event"}
            self.context.log.info(f"epoch {event['epoch']}: " + ", ".join(f"{name} {value}" for name, value in losses.items()))
        elif kind == "checkpoint":
            self.checkpoint(event)
        elif kind == "note":
            self.context.log.info(event["message"])

    def checkpoint(self, event: dict[str, Any]) -> None:
        """Record one checkpoint as a partition, once: a training that goes on tells its earlier ones again."""
        key, partition = asset_key(self.voice, "checkpoint"), epoch_key(self.version, event["epoch"])
        known = self.history.latest(key, partition)
        if known is not None and known.data_version == event["sha256"]:
            return
        self.context.instance.add_dynamic_partitions(f"{self.voice.name}_epochs", [partition])
        self.context.log_event(
            dg.AssetMaterialization(
                key,
                partition=partition,
                metadata={
                    "path": dg.MetadataValue.path(event["path"]),
                    "bytes": event["size"],
                    "sha256": event["sha256"],
                    "epoch": event["epoch"],
                    "step": event["step"],
                    UPSTREAM: dg.MetadataValue.json(pins_json(self.admission.pins)),
                },
                tags={"dagster/data_version": event["sha256"], "dagster/code_version": "1"},
            )
        )


def _arguments(voice: Voice, training_set: str, version: int) -> list[str | Path | int]:
    """The training worker's command line."""
    chosen = voice.training
    options: dict[str, Any] = {
        "--dataset": voice.dataset,
        "--training-set": training_set,
        "--config": voice.dataset / "config.json",
        "--work": training_dir(voice),
        "--version": version,
        "--epochs": chosen.epochs,
        "--batch-size": chosen.batch_size,
        "--segment-size": chosen.segment_size,
        "--quality": chosen.quality,
        "--espeak-voice": voice.espeak_voice,
        "--voice-name": voice.name,
        "--sample-rate": voice.sample_rate,
        "--accelerator": chosen.accelerator,
        "--devices": chosen.devices,
        "--precision": chosen.precision,
        "--num-workers": chosen.num_workers,
        "--seed": chosen.seed,
        "--cache": training_dir(voice) / "cache",
    }
    if chosen.checkpoint:
        options["--resume"] = chosen.checkpoint
    arguments = [part for name, value in options.items() for part in (name, value)]
    return [*arguments, "--trust-checkpoint"] if chosen.checkpoint else arguments


def _mini_training(voice: Voice) -> dg.AssetsDefinition:
    settings = voice.training.model_dump(include=SETTINGS)

    @dg.asset(
        **describe(
            voice,
            "mini_training",
            group="training",
            reads=["training_set"],
            gated_by=["whisper_validation"],
            settings=settings,
            kinds=["pytorch", "lightning", "greatexpectations"],
        ),
        pool=POOL,
        description="The first epochs with Piper: does training run to the end, does the loss fall? Before days of GPU.",
    )
    def mini_training(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        from voice_assets.reports import training as report
        from voice_assets.speech.curves import loss_facts

        admission = admit(context)
        source = admission.one("training_set")
        request = {"training_set": source.data_version, **json.loads(json.dumps(settings, default=str))}
        version = open_version(voice, request, History(context.instance))
        folder = training_dir(voice) / "lightning_logs" / f"version_{version}"
        with progress(context, "steps", every=20) as tell:
            recorder = _Recorder(context, voice, version, admission, tell)
            run_worker("train", _arguments(voice, source.metadata["table"], version), folder / "train.log", recorder)
        curve = tables.read(folder / "epochs.parquet")
        evidence = {"epochs": curve, "facts": one_row(loss_facts(curve, voice.training.epochs))}
        verdicts = judge(voice, "mini_training", evidence)
        written = report.write(voice.reports_dir, voice.title, curve, verdicts, version)
        paths, _ = keep_evidence(context, evidence)
        checkpoints = [epoch_key(version, int(epoch)) for epoch in curve["epoch"]]
        figures = {
            "version": version,
            "epochs": len(curve),
            "first_loss": float(curve["loss"].iloc[0]),
            "last_loss": float(curve["loss"].iloc[-1]),
            "rules": verdict_table(verdicts),
            "loss_curve": preview(curve, list(curve.columns)),
            "checkpoints": dg.MetadataValue.json(checkpoints),
            "lightning_logs": dg.MetadataValue.path(folder),
        }
        return finished(admission.pins, f"v{version}-{context.run_id}", figures, evidence=paths, report=written)

    return mini_training
