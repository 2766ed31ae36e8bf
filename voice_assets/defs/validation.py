"""Stage `validation` (the plan's stage 1): every row and file of the data set, and PASS or FAIL for the data set."""

import dagster as dg

from voice_assets.dataset.config import ConfigFacts, read_config
from voice_assets.dataset.faults import Limits
from voice_assets.defs.display import preview, verdict_table
from voice_assets.orchestration import before_start, tables
from voice_assets.orchestration.asset import asset
from voice_assets.orchestration.checks import judge, suite_checks
from voice_assets.orchestration.dataset_files import have_head, reading
from voice_assets.orchestration.describe import asset_key, describe
from voice_assets.orchestration.inputs import ResolvedInputs, resolve_inputs
from voice_assets.orchestration.partitions import shards
from voice_assets.orchestration.progress import progress
from voice_assets.orchestration.records import Pin
from voice_assets.orchestration.results import finished, keep_evidence, one_row, recorded, table_of
from voice_assets.runtime.storage import project_store
from voice_assets.voices import Voice

CONFIG_FACTS = ("present", "valid", "sample_rate", "espeak_voice", "problems")


def validation_assets(voice: Voice) -> list[dg.AssetsDefinition]:
    """``clips`` and ``base_validation``."""
    return [_clips(voice), _base_validation(voice)]


def validation_checks(voice: Voice) -> list[dg.AssetChecksDefinition]:
    """The rules of ``base_validation``."""
    return [suite_checks(voice, "base_validation")]


def _clips(voice: Voice) -> dg.AssetsDefinition:
    limits = Limits.of(voice)

    @asset(
        **describe(
            voice,
            "clips",
            group="validation",
            reads=["raw_dataset"],
            code=2,
            settings=limits.model_dump(),
            kinds=["pandas", "wav"],
        ),
        partitions_def=shards(voice),
        dagster_type=tables.CLIPS,
        io_manager_key="tables",
        description="Every row of this shard and its audio file: path, text, hash, format, and every fault.",
    )
    def clips(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        from voice_assets.dataset.clips import read_shard
        from voice_assets.dataset.mirror import Mirror

        resolve_inputs(context)
        with reading(voice), progress(context, "clips") as on_progress:
            shard = read_shard(voice.dataset, context.partition_key, limits, on_progress, Mirror.of(voice))
        raw = _observe(context, voice, shard.version)
        read = shard.clips
        faulty = read[(read["structure"] != "") | (read["findings"] != "")]
        return finished(
            [raw],
            f"{tables.content_version(read, ignore=('row',))}-{shard.config_sha256[:12]}",
            {
                "clips": len(read),
                "hours": float(read["duration_s"].sum() / 3600),
                "clips_with_findings": len(faulty),
                "config_sha256": shard.config_sha256 or "none",
                "findings": preview(faulty, ["row", "clip_id", "findings"]),
                "preview": preview(read, ["clip_id", "duration_s", "sample_rate", "text"]),
            },
            value=read,
        )

    return clips


def _observe(context: dg.AssetExecutionContext, voice: Voice, version: str) -> Pin:
    """Record the version of the shard's data that this run read. So the newest observation is never older than the clips."""
    key = asset_key(voice, "raw_dataset")
    observation = dg.AssetObservation(key, partition=context.partition_key, tags={"dagster/data_version": version})
    context.log_event(observation)
    return Pin(key.to_user_string(), context.partition_key, 0, context.run_id, version)


def _same_config(voice: Voice, inputs: ResolvedInputs) -> ConfigFacts:
    """``config.json``, unchanged since the clips were read; dagster.Failure when it changed."""
    have_head(voice)
    config = read_config(voice.dataset, voice.sample_rate, voice.espeak_voice)
    if {config.sha256 or "none"} != {source.metadata["config_sha256"] for source in inputs.all("clips")}:
        raise dg.Failure(
            f"{voice.dataset_place}/config.json: changed since the clips were read; run again", allow_retries=False
        )
    return config


def _base_validation(voice: Voice) -> dg.AssetsDefinition:
    @asset(
        **describe(voice, "base_validation", group="validation", reads=["clips"], kinds=["report", "greatexpectations"]),
        description="PASS or FAIL of structure, text and audio format: `validation_<ts>.md`, and `.tsv` with every faulty row.",
    )
    def base_validation(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        from voice_assets.reports import base_validation as report

        inputs = resolve_inputs(context)
        clips = table_of(inputs, "clips")
        config = _same_config(voice, inputs)
        evidence = {"clips": clips, "config": one_row({name: getattr(config, name) for name in CONFIG_FACTS})}
        paths, version = keep_evidence(context, evidence)
        verdicts = judge(context, voice, "base_validation", evidence, version)
        written, problems = report.write(
            voice.reports_dir, voice.title, voice.dataset_place, clips, config, verdicts, Limits.of(voice)
        )
        store = project_store(voice)
        return finished(
            inputs.pins,
            version,
            {
                "clips": int((clips["structure"] == "").sum()),
                "hours": float(clips["duration_s"].sum() / 3600),
                "problem_rows": int(((clips["structure"] != "") | (clips["findings"] != "")).sum()),
                "rules": verdict_table(verdicts),
                "problems": recorded(store.add(problems)),
                **before_start.record(context, voice),
            },
            evidence=paths,
            report=store.add(written),
        )

    return base_validation
