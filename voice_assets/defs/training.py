"""Stage `training` (the plan's stage 4): the accepted clips, the first epochs, and the checkpoint of each epoch."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from voice_assets.curation.decisions import decisions_version
from voice_assets.defs.came_from import came_from
from voice_assets.defs.display import preview, verdict_table
from voice_assets.orchestration import tables
from voice_assets.orchestration.checks import judge, suite_checks
from voice_assets.orchestration.describe import asset_key, describe, group_name
from voice_assets.orchestration.gates import CHECKPOINTS, RUN_OF
from voice_assets.orchestration.history import History
from voice_assets.orchestration.inputs import ResolvedInputs, gate_of, resolve_inputs
from voice_assets.orchestration.partitions import epoch_key, epochs
from voice_assets.orchestration.processes import run_worker
from voice_assets.orchestration.progress import progress
from voice_assets.orchestration.records import TABLE, UPSTREAM, pins_json
from voice_assets.orchestration.results import finished, keep_evidence, one_row, opened, recorded, sound_clips, table_of
from voice_assets.piper.checkpoint_fit import start_problem
from voice_assets.piper.requests import TrainRequest
from voice_assets.piper.versions import version_dir
from voice_assets.runtime import locks, project
from voice_assets.runtime.files import sha256
from voice_assets.runtime.project import artifacts_dir
from voice_assets.runtime.storage import project_store
from voice_assets.voices import Voice

if TYPE_CHECKING:
    import pandas as pd

TRAINING_POOL = "training"
SETTINGS = {"quality", "epochs", "batch_size", "segment_size", "precision", "seed", "checkpoint", "trust_checkpoint"}


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
        "decisions": decisions_version(voice.dataset),
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
        description="The clips that training may use: clips that are not low, and clips that a person kept "
        "(`voice-assets fix`). The split into train and validation is fixed.",
    )
    def training_set(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        from voice_assets.curation.decisions import kept_ids, read_record
        from voice_assets.piper.training_set import accept

        inputs = resolve_inputs(context)
        clips, transcripts = sound_clips(inputs), table_of(inputs, "whisper_shard")
        kept = kept_ids(transcripts, read_record(voice.dataset))
        limit, chosen = voice.whisper.low_similarity, voice.training
        accepted = accept(clips, transcripts, limit, chosen.validation_ratio, chosen.max_clips, kept)
        low = transcripts[(transcripts["similarity"] < limit) & ~transcripts["clip_id"].isin(kept)]
        (config,) = {source.metadata["config_sha256"] for source in inputs.all("clips")}
        version = f"{tables.content_version(accepted)}-{config[:12]}"  # other phoneme ids give another voice
        figures = {
            "clips": len(accepted),
            "train": int((accepted["split"] == "train").sum()),
            "validation": int((accepted["split"] == "validation").sum()),
            "hours": float(accepted["duration_s"].sum() / 3600),
            "left_out_low_similarity": len(low),
            "kept_by_decision": len(kept),
            "left_out": preview(low, ["clip_id", "similarity", "reference", "hypothesis"]),
            "hash": version,
            "config_sha256": config,
        }
        return finished(inputs.pins, version, figures, value=accepted)

    return training_set


def _checkpoint(voice: Voice) -> dg.AssetSpec:
    return dg.AssetSpec(
        asset_key(voice, "checkpoint"),
        deps=[asset_key(voice, "mini_training")],
        partitions_def=epochs(voice.name),
        group_name=group_name(voice, "training"),
        kinds={"pytorch", "lightning"},
        owners=[voice.owner] if voice.owner else None,
        tags={"voice": voice.name},
        metadata={RUN_OF: "mini_training"},
        description="One Lightning checkpoint per epoch, `v<training>-e<epoch>`, recorded as soon as the file is on disk.",
    )


@contextmanager
def only_training(voice: Voice) -> Iterator[None]:
    """Lock the voice's training folder: two runs must not train into the folder at the same time.

    Raises:
        dagster.Failure: another run holds the lock.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(locks.exclusive(training_dir(voice) / "training.lock"))
        except locks.LockError as error:
            message = f"another run trains {voice.name}: {error}; wait for that run, or end it"
            raise dg.Failure(message, allow_retries=False) from error
        yield


class _Recorder:
    """Handles the events of the training worker: logs epochs, records checkpoints as partitions, reports steps as progress."""

    def __init__(self, context: dg.AssetExecutionContext, voice: Voice, version: int, inputs: ResolvedInputs, on_progress: Any):
        self.context, self.voice, self.version, self.inputs, self.on_progress = context, voice, version, inputs, on_progress
        self.history = History(context.instance)
        self.came_from = came_from(gate_of(context), list(inputs.sources.values()))
        self.hashes: dict[str, str] = {}
        self.config_sha256 = ""

    def __call__(self, event: dict[str, Any]) -> None:
        kind = event["event"]
        if kind == "progress":
            self.on_progress(event["done"], event["total"], epoch=event["epoch"], loss=event["loss"])
        elif kind == "epoch":
            losses = {name: value for name, value in event.items() if name != "event"}
            self.context.log.info(f"epoch {event['epoch']}: " + ", ".join(f"{name} {value}" for name, value in losses.items()))
        elif kind == "checkpoint":
            self.checkpoint(event)
        elif kind == "note":
            self.context.log.info(event["message"])

    def checkpoint(self, event: dict[str, Any]) -> None:
        """Record one checkpoint as a partition, once: a resumed training reports its earlier checkpoints again."""
        key, partition = asset_key(self.voice, "checkpoint"), epoch_key(self.version, event["epoch"])
        config = Path(event["path"]).parent.parent / "config.json"
        self.hashes[partition] = event["sha256"]
        self.config_sha256 = sha256(config)
        known = self.history.latest(key, partition)
        if known is not None and known.data_version == event["sha256"]:
            return
        store = project_store()
        self.context.instance.add_dynamic_partitions(f"{self.voice.name}_epochs", [partition])
        self.context.log_event(
            dg.AssetMaterialization(
                key,
                partition=partition,
                metadata={
                    "checkpoint": recorded(store.add(Path(event["path"]), event["sha256"])),
                    "config": recorded(store.add(config, self.config_sha256)),
                    "epoch": event["epoch"],
                    "step": event["step"],
                    **self.came_from,
                    UPSTREAM: dg.MetadataValue.json(pins_json(self.inputs.pins)),
                },
                tags={"dagster/data_version": event["sha256"], "dagster/code_version": "1"},
            )
        )


def _worker_request(voice: Voice, training_set: Path, version: int) -> TrainRequest:
    """The training worker's request."""
    return TrainRequest(
        dataset=voice.dataset,
        training_set=training_set,
        config=voice.dataset / "config.json",
        work=training_dir(voice),
        version=version,
        cache=training_dir(voice) / "cache",
        voice_name=voice.name,
        espeak_voice=voice.espeak_voice,
        sample_rate=voice.sample_rate,
        training=voice.training,
        epochs=voice.training.epochs,
    )


def _expect_start(voice: Voice) -> None:
    """Raise dagster.Failure when training cannot start from the voice's checkpoint."""
    problem = start_problem(voice.training, voice.dataset / "config.json", voice.sample_rate)
    if problem:
        raise dg.Failure(f"{voice.file}: training.checkpoint: {problem}", allow_retries=False)


def _version(context: dg.AssetExecutionContext, voice: Voice, table: Path) -> int:
    """The number of the training to run; its folder has its identity."""
    import pandas as pd

    from voice_assets.piper.identity import identity_of, open_version

    identity = identity_of(voice.training, pd.read_parquet(table), voice.dataset / "config.json")
    made = History(context.instance).trainings(asset_key(voice, "mini_training"))
    ended = {version: int(found.metadata["epochs"]) for version, found in made.items()}
    return open_version(training_dir(voice), identity, ended, voice.training.epochs)


def _expect_config(voice: Voice, validated: str) -> None:
    """Raise dagster.Failure when config.json is not the validated file. Its phoneme ids become part of the voice."""
    file = voice.dataset / "config.json"
    found = sha256(file) if file.is_file() else "none"
    if found != validated:
        raise dg.Failure(
            f"{file}: its SHA-256 is {found}, the validated file had {validated}; validate again", allow_retries=False
        )


def _train(context: dg.AssetExecutionContext, voice: Voice, inputs: ResolvedInputs) -> tuple[int, _Recorder]:
    """Let a worker train, or resume the training of a killed run. Returns the number of the training and its recorder."""
    source = inputs.one("training_set")
    table = opened(source, TABLE)  # the worker reads the recorded table
    _expect_config(voice, source.metadata["config_sha256"])
    _expect_start(voice)
    version = _version(context, voice, table)
    log = version_dir(training_dir(voice), version) / "train.log"
    with progress(context, "steps", every=20) as on_progress:
        recorder = _Recorder(context, voice, version, inputs, on_progress)
        asked = _worker_request(voice, table, version)
        run_worker("train", asked, log, recorder, {"OMP_WAIT_POLICY": "PASSIVE"})
    return version, recorder


def _settings(voice: Voice) -> dict[str, Any]:
    """The settings that change the result of a training. A path inside the project is relative, so the project can be moved."""
    chosen = voice.training.model_dump(include=SETTINGS)
    return chosen | {"checkpoint": project.portable(voice.training.checkpoint) if voice.training.checkpoint else None}


def _figures(curve: "pd.DataFrame", verdicts: list[dict[str, Any]], version: int) -> dict[str, Any]:
    """The figures of a training for people, from its epochs and its rules."""
    return {
        "version": version,
        "epochs": len(curve),
        "first_loss": float(curve["loss"].iloc[0]),
        "last_loss": float(curve["loss"].iloc[-1]),
        "rules": verdict_table(verdicts),
        "loss_curve": preview(curve, list(curve.columns)),
    }


def _mini_training(voice: Voice) -> dg.AssetsDefinition:
    settings = _settings(voice)

    @dg.asset(
        **describe(
            voice,
            "mini_training",
            group="training",
            reads=["training_set"],
            gated_by=["whisper_validation"],
            heard=["quality_report"],
            code=2,  # 2: it records the hash of its config, for the gate of its checkpoints
            settings=settings,
            kinds=["pytorch", "lightning", "greatexpectations"],
        ),
        pool=TRAINING_POOL,
        description="The first epochs with Piper, before days of GPU time: does training run to the end, does the loss fall?",
    )
    def mini_training(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        import pandas as pd

        from voice_assets.piper.curves import loss_facts
        from voice_assets.reports import training as report

        inputs = resolve_inputs(context)
        with only_training(voice):
            version, recorder = _train(context, voice, inputs)
        folder = version_dir(training_dir(voice), version)
        curve = pd.read_parquet(folder / "epochs.parquet")
        evidence = {"epochs": curve, "facts": one_row(loss_facts(curve, voice.training.epochs))}
        paths, _ = keep_evidence(context, evidence)
        data_version = f"v{version}-{context.run_id}"
        verdicts = judge(context, voice, "mini_training", evidence, data_version)
        written = report.write(voice.reports_dir, voice.title, curve, verdicts, version)
        figures = _figures(curve, verdicts, version) | {
            CHECKPOINTS: dg.MetadataValue.json(recorder.hashes),
            "config_sha256": recorder.config_sha256,
            "lightning_logs": project_store().uri(folder),
        }
        return finished(
            inputs.pins,
            data_version,
            figures,
            evidence=paths,
            report=project_store(voice.dataset).add(written),
        )

    return mini_training
