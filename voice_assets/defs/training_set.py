"""Stage `training`, first asset: the clips that training may use, and their split."""

import dagster as dg

from voice_assets.curation.decisions import decisions_version
from voice_assets.defs.display import preview
from voice_assets.orchestration import tables
from voice_assets.orchestration.asset import asset
from voice_assets.orchestration.describe import describe
from voice_assets.orchestration.inputs import resolve_inputs
from voice_assets.orchestration.results import finished, sound_clips, table_of
from voice_assets.voices import Voice


def training_set_asset(voice: Voice) -> dg.AssetsDefinition:
    """``training_set``."""
    chosen = {
        **voice.training.model_dump(include={"validation_ratio", "max_clips"}),
        "low_similarity": voice.whisper.low_similarity,
        "decisions": decisions_version(voice.dataset),
    }

    @asset(
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
