"""Stage `transcription` (the plan's stages 2a and 3): a quick sample, then every clip, heard by Whisper."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from voice_assets.defs import tables
from voice_assets.defs.checks import judge, suite_checks
from voice_assets.defs.describe import describe
from voice_assets.defs.gates import admit
from voice_assets.defs.partitions import shards
from voice_assets.defs.processes import run_worker
from voice_assets.defs.progress import progress
from voice_assets.defs.results import finished, keep_evidence, one_row, own_table, preview, sound_clips, table_of, verdict_table
from voice_assets.project import artifacts_dir, cache_dir
from voice_assets.voices import Voice

if TYPE_CHECKING:
    import pandas as pd

POOL = "whisper"
DECODING = ("device", "compute_type", "beam_size", "batch_size", "low_similarity")


def transcription_assets(voice: Voice) -> list[dg.AssetsDefinition]:
    """``asr_sample``, ``asr_sample_report`` (unless the voice leaves them out), ``whisper_shard``, ``whisper_validation``."""
    sample = [_asr_sample(voice), _asr_sample_report(voice)] if voice.asr_sample.clips else []
    return [*sample, _whisper_shard(voice), _whisper_validation(voice)]


def transcription_checks(voice: Voice) -> list[dg.AssetChecksDefinition]:
    """The rules of the assets above."""
    sample = [suite_checks(voice, "asr_sample_report")] if voice.asr_sample.clips else []
    return [*sample, suite_checks(voice, "whisper_shard", shards(voice)), suite_checks(voice, "whisper_validation")]


def transcribe(
    context: dg.AssetExecutionContext, voice: Voice, clips: "pd.DataFrame", model: str
) -> tuple["pd.DataFrame", Path]:
    """Have a worker transcribe ``clips``. Returns TRANSCRIPTS and the worker's log. A run that was killed goes on."""
    folder = artifacts_dir(voice.name) / "whisper" / context.asset_key.path[-1] / context.partition_key
    table, result, log = (
        folder / "clips.parquet",
        folder / "transcripts.parquet",
        folder / context.run_id / "validator_whisper.log",
    )
    tables.write(clips, table)
    result.unlink(missing_ok=True)
    chosen = voice.whisper
    options: Mapping[str, Any] = {
        "--dataset": voice.dataset,
        "--clips": table,
        "--out": result,
        "--model": model,
        "--language": voice.language,
        "--device": chosen.device,
        "--compute-type": chosen.compute_type,
        "--beam-size": chosen.beam_size,
        "--batch-size": chosen.batch_size,
        "--low-similarity": chosen.low_similarity,
        "--progress-every": chosen.batch_size,
        "--weights-cache": cache_dir() / "whisper",
        "--log": log,
    }
    with progress(context, "clips", chosen.progress_every) as tell:

        def listen(event: dict[str, Any]) -> None:
            if event["event"] == "progress":
                tell(event["done"], event["total"], mean_similarity=event["mean_similarity"], low=event["low"])
            elif event["event"] == "note":
                context.log.info(event["message"])

        arguments = [part for name, value in options.items() for part in (name, value)]
        run_worker("transcribe", arguments, log.with_name("worker.log"), listen)
    return tables.read(result), log


def _scores(transcripts: "pd.DataFrame", low_similarity: float) -> dict[str, Any]:
    """The figures people look at first."""
    return {
        "clips": len(transcripts),
        "mean_similarity": float(transcripts["similarity"].mean()) if len(transcripts) else 0.0,
        "mean_cer": float(transcripts["cer"].mean()) if len(transcripts) else 0.0,
        "low_similarity": int((transcripts["similarity"] < low_similarity).sum()),
        "second_looks_kept": int((transcripts["decoding"] == "full").sum()),
        "lowest": preview(transcripts.sort_values("similarity"), ["clip_id", "similarity", "reference", "hypothesis"]),
    }


def _asr_sample(voice: Voice) -> dg.AssetsDefinition:
    chosen = {
        **voice.asr_sample.model_dump(include={"clips", "model", "seed"}),
        **voice.whisper.model_dump(include=set(DECODING)),
    }

    @dg.asset(
        **describe(
            voice,
            "asr_sample",
            group="transcription",
            reads=["clips"],
            gated_by=["base_validation", "quality_report"],
            settings=chosen,
            kinds=["whisper", "pandas"],
        ),
        partitions_def=shards(voice),
        dagster_type=tables.TRANSCRIPTS,
        io_manager_key="tables",
        pool=POOL,
        description="A seeded sample of this shard's clips, transcribed: a quick look before every clip is.",
    )
    def asr_sample(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        from voice_assets.speech.sampling import seeded_ids
        from voice_assets.speech.sharding import parse_shard_key, share_of

        admission = admit(context)
        clips = sound_clips(admission)
        index, count = parse_shard_key(context.partition_key)
        drawn = seeded_ids(clips["clip_id"], share_of(voice.asr_sample.clips, index, count), voice.asr_sample.seed)
        sample = clips[clips["clip_id"].isin(drawn)]
        transcripts, log = transcribe(context, voice, sample, voice.asr_sample.model)
        figures = {
            **_scores(transcripts, voice.whisper.low_similarity),
            "drawn": len(sample),
            "log": dg.MetadataValue.path(log),
        }
        return finished(admission.pins, tables.content_version(transcripts), figures, value=transcripts)

    return asr_sample


def _asr_sample_report(voice: Voice) -> dg.AssetsDefinition:
    @dg.asset(
        **describe(
            voice,
            "asr_sample_report",
            group="transcription",
            reads=["asr_sample"],
            settings={"low_similarity": voice.whisper.low_similarity},
            kinds=["report", "greatexpectations"],
        ),
        description="`asr_sample.tsv`: reference, hypothesis and similarity of the sample; the decision before the full run.",
    )
    def asr_sample_report(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        from voice_assets.reports import asr_sample as report
        from voice_assets.speech import categories, validation

        admission = admit(context)
        transcripts = table_of(admission, "asr_sample")
        drawn = sum(source.metadata["drawn"] for source in admission.all("asr_sample"))
        by_category = categories.by_category(transcripts, voice.language, voice.whisper.low_similarity)
        facts = validation.sample_facts(drawn, transcripts, by_category, voice.whisper.low_similarity)
        evidence = {"transcripts": transcripts, "facts": one_row(facts)}
        verdicts = judge(voice, "asr_sample_report", evidence)
        folder = report.write(voice.reports_dir, voice.title, transcripts, facts, by_category, verdicts)
        paths, version = keep_evidence(context, evidence)
        figures = {**_scores(transcripts, voice.whisper.low_similarity), "rules": verdict_table(verdicts)}
        figures["categories"] = preview(by_category, list(by_category.columns))
        return finished(admission.pins, version, figures, evidence=paths, report=folder)

    return asr_sample_report


def _whisper_shard(voice: Voice) -> dg.AssetsDefinition:
    gates = ["base_validation", "quality_report", *(["asr_sample_report"] if voice.asr_sample.clips else [])]

    @dg.asset(
        **describe(
            voice,
            "whisper_shard",
            group="transcription",
            reads=["clips"],
            gated_by=gates,
            settings={"language": voice.language, **voice.whisper.model_dump(include={"model", *DECODING})},
            kinds=["whisper", "pandas", "greatexpectations"],
        ),
        partitions_def=shards(voice),
        dagster_type=tables.TRANSCRIPTS,
        io_manager_key="tables",
        pool=POOL,
        description="Every clip of this shard: what Whisper heard, similarity and CER against the reference, and which pass.",
    )
    def whisper_shard(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        from voice_assets.speech import validation

        admission = admit(context)
        clips = sound_clips(admission)
        transcripts, log = transcribe(context, voice, clips, voice.whisper.model)
        facts = one_row(validation.shard_facts(clips["clip_id"], transcripts))
        paths, _ = keep_evidence(context, {"facts": facts})
        return finished(
            admission.pins,
            tables.content_version(transcripts),
            {**_scores(transcripts, voice.whisper.low_similarity), "log": dg.MetadataValue.path(log)},
            evidence={**paths, "transcripts": str(own_table(context))},
            value=transcripts,
        )

    return whisper_shard


def _whisper_validation(voice: Voice) -> dg.AssetsDefinition:
    @dg.asset(
        **describe(
            voice,
            "whisper_validation",
            group="transcription",
            reads=["whisper_shard", "clips"],
            settings={"low_similarity": voice.whisper.low_similarity},
            kinds=["report", "html", "greatexpectations"],
        ),
        description="`validation_whisper_sharded_<ts>/`: `SUMMARY.txt`, `runner.log`, a folder per shard, every low clip with "
        "a player.",
    )
    def whisper_validation(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        from voice_assets.reports import whisper as report
        from voice_assets.speech import categories, validation

        admission = admit(context)
        transcripts, clips = table_of(admission, "whisper_shard"), sound_clips(admission)
        by_category = categories.by_category(transcripts, voice.language, voice.whisper.low_similarity)
        done = [source.partition for source in admission.all("whisper_shard")]
        facts = validation.facts(
            clips["clip_id"], transcripts, by_category, voice.whisper.low_similarity, voice.shards, len(done)
        )
        evidence = {"transcripts": transcripts, "facts": one_row(facts)}
        verdicts = judge(voice, "whisper_validation", evidence)
        results = [
            report.ShardResult(
                key=source.partition or "",
                transcripts=tables.read(source.metadata["table"]),
                log=Path(source.metadata["log"]),
                run_id=source.run_id,
            )
            for source in admission.all("whisper_shard")
        ]
        folder = report.write(
            voice.reports_dir, voice.title, voice.dataset, results, voice.whisper.low_similarity, facts, by_category, verdicts
        )
        paths, version = keep_evidence(context, evidence)
        figures = {**_scores(transcripts, voice.whisper.low_similarity), "rules": verdict_table(verdicts)}
        figures["categories"] = preview(by_category, list(by_category.columns))
        return finished(admission.pins, version, figures, evidence=paths, report=folder)

    return whisper_validation
