"""Stage `training`, on demand: the loss of every clip under one epoch, and the clips that the model cannot learn."""

from pathlib import Path

import dagster as dg

from voice_assets.defs.display import preview
from voice_assets.defs.training_files import training_dir
from voice_assets.defs.voice import epoch_dir
from voice_assets.orchestration.asset import asset
from voice_assets.orchestration.dataset_files import have_clips
from voice_assets.orchestration.describe import describe
from voice_assets.orchestration.inputs import gate_of, resolve_inputs
from voice_assets.orchestration.leases import leased_for_training
from voice_assets.orchestration.lineage import training_set_of
from voice_assets.orchestration.marks import ON_DEMAND
from voice_assets.orchestration.partitions import epochs
from voice_assets.orchestration.processes import run_worker
from voice_assets.orchestration.progress import follow, progress
from voice_assets.orchestration.records import TABLE, Materialisation
from voice_assets.orchestration.results import finished, keep_evidence, opened, recorded_table
from voice_assets.piper.requests import ClipLossRequest
from voice_assets.runtime.storage import project_store
from voice_assets.voices import Voice


def clip_loss_assets(voice: Voice) -> list[dg.AssetsDefinition]:
    """``clip_losses``."""
    return [_clip_losses(voice)]


def _clip_losses(voice: Voice) -> dg.AssetsDefinition:
    settings = voice.quality.model_dump(include={"suspect_top"})

    @asset(
        **describe(
            voice,
            "clip_losses",
            group="training",
            reads=["checkpoint"],
            settings=settings,
            kinds=["pytorch", "pandas"],
            metadata={ON_DEMAND: True},
        ),
        partitions_def=epochs(voice.name),
        pool="training",
        description="The mel, KL and duration loss of every clip under this epoch. Clips that the model cannot learn are "
        "suspects: another speaker, noise, a wrong text. Made only for an epoch that somebody names.",
    )
    def clip_losses(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        import pandas as pd

        from voice_assets.quality.training_suspects import UnusableLossesError, rank
        from voice_assets.reports.clip_losses import write

        inputs, gate = resolve_inputs(context), gate_of(context)
        checkpoint = inputs.one("checkpoint")
        clips = training_set_of(gate, checkpoint)
        have_clips(voice, recorded_table(clips))
        with progress(context, "clips") as tell, leased_for_training(context, voice, count=1) as lease:
            request = _request(voice, checkpoint, clips, epoch_dir(voice, context) / "clip_losses.parquet")
            log = request.out.with_suffix(".log")
            run_worker("clip_losses", request, log, follow(tell), lease.environment, lease.file_numbers)
        losses = pd.read_parquet(request.out)
        try:
            suspects = rank(losses, voice.quality.suspect_top)
        except UnusableLossesError as error:
            raise dg.Failure(f"{request.out}: {error}", allow_retries=False) from error
        places = voice.dataset, voice.dataset_place
        written = write(voice.reports_dir, voice.title, context.partition_key, losses, suspects, *places)
        evidence, version = keep_evidence(context, {"losses": losses, "suspects": suspects})
        figures = {
            "clips": len(losses),
            "suspects": len(suspects),
            "listed": preview(suspects, ["clip_id", "suspicion", "reasons", "text"]),
        }
        return finished(inputs.pins, version, figures, evidence=evidence, report=project_store(voice).add(written))

    return clip_losses


def _request(voice: Voice, checkpoint: Materialisation, clips: Materialisation, out: Path) -> ClipLossRequest:
    """The worker's request: the clips are those that the checkpoint was trained on."""
    return ClipLossRequest(
        checkpoint=opened(checkpoint, "checkpoint"),
        trust_checkpoint=False,  # our own checkpoints hold tensors and plain data only
        dataset=voice.dataset,
        training_set=opened(clips, TABLE),
        config=opened(checkpoint, "config"),
        cache=training_dir(voice) / "cache",
        out=out,
        accelerator=voice.training.accelerator,
    )
