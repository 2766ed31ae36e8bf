"""Stage `quality` (the plan's stage 2): signals of every clip, and the report for a person to read and listen to."""

import dagster as dg

from voice_assets.defs.display import preview, verdict_table
from voice_assets.orchestration import tables
from voice_assets.orchestration.asset import asset
from voice_assets.orchestration.checks import judge, suite_checks
from voice_assets.orchestration.dataset_files import have_clips
from voice_assets.orchestration.describe import describe
from voice_assets.orchestration.inputs import resolve_inputs
from voice_assets.orchestration.partitions import shards
from voice_assets.orchestration.progress import progress
from voice_assets.orchestration.results import finished, keep_evidence, one_row, review_link, sound_clips, table_of
from voice_assets.runtime.storage import project_store
from voice_assets.voices import Voice


def quality_assets(voice: Voice) -> list[dg.AssetsDefinition]:
    """``clip_stats`` and ``quality_report``."""
    return [_clip_stats(voice), _quality_report(voice)]


def quality_checks(voice: Voice) -> list[dg.AssetChecksDefinition]:
    """The rules of ``quality_report``."""
    return [suite_checks(voice, "quality_report")]


def _clip_stats(voice: Voice) -> dg.AssetsDefinition:
    @asset(
        **describe(
            voice,
            "clip_stats",
            group="quality",
            reads=["clips"],
            gated_by=["base_validation"],
            code=2,
            settings={"language": voice.language},
            kinds=["pandas", "numpy", "wav"],
        ),
        partitions_def=shards(voice),
        dagster_type=tables.CLIP_STATS,
        io_manager_key="tables",
        description="The signals of every clip of this shard: levels, clipping, silence at both ends, speaking rate.",
    )
    def clip_stats(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        from voice_assets.quality.clip_stats import measure_clips

        inputs = resolve_inputs(context)
        clips = sound_clips(inputs)
        have_clips(voice, clips)
        with progress(context, "clips") as on_progress:
            stats = measure_clips(voice.dataset, clips, voice.language, on_progress)
        return finished(
            inputs.pins,
            tables.content_version(stats),
            {
                "clips": len(stats),
                "hours": float(stats["duration_s"].sum() / 3600),
                "preview": preview(stats, ["clip_id", "duration_s", "rms_db", "speech_ratio", "chars_per_s"]),
            },
            value=stats,
        )

    return clip_stats


def _quality_report(voice: Voice) -> dg.AssetsDefinition:
    chosen = voice.quality.model_dump(include={"sample_count", "suspect_top", "seed"})
    segment_s = voice.training.segment_size / voice.sample_rate

    @asset(
        **describe(
            voice,
            "quality_report",
            group="quality",
            reads=["clip_stats", "clips"],
            gated_by=["base_validation"],
            code=2,
            settings={**chosen, "segment_s": segment_s},
            kinds=["report", "html", "greatexpectations"],
        ),
        description="The quality report `quality_<ts>/`: `quality_report.md` and `.html` with players, `samples.tsv` (clips to "
        "listen to), `suspects.tsv`, `stats.json`.",
    )
    def quality_report(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        from voice_assets.quality import sampling, summary, suspects
        from voice_assets.reports import quality as report

        inputs = resolve_inputs(context)
        stats = table_of(inputs, "clip_stats")
        facts = summary.facts(stats, len(sound_clips(inputs)), segment_s)
        ranked = suspects.rank(stats, voice.quality.suspect_top, segment_s)
        samples = sampling.sample(stats, voice.quality.sample_count, voice.quality.seed)
        evidence = {"stats": stats, "facts": one_row(facts)}
        paths, version = keep_evidence(context, evidence)
        verdicts = judge(context, voice, "quality_report", evidence, version)
        folder = report.write(voice.reports_dir, voice.title, stats, facts, ranked, samples, voice.dataset, verdicts)
        return finished(
            inputs.pins,
            version,
            {
                **review_link(voice),
                **facts,
                "rules": verdict_table(verdicts),
                "suspects": preview(ranked, ["clip_id", "suspicion", "reasons", "text"]),
            },
            evidence=paths,
            report=project_store(voice).add(folder),
        )

    return quality_report
