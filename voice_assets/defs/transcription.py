"""Stage `transcription` (the plan's stages 2a and 3): a sample, then every clip, transcribed by Whisper."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from voice_assets.asr import transcript_server
from voice_assets.asr.requests import TranscribeRequest
from voice_assets.curation.decisions import decisions_version
from voice_assets.defs.display import preview, verdict_table
from voice_assets.defs.trend import trend_table, validations
from voice_assets.orchestration import tables
from voice_assets.orchestration.asset import asset
from voice_assets.orchestration.checks import judge, suite_checks
from voice_assets.orchestration.dataset_files import have_clips
from voice_assets.orchestration.describe import describe
from voice_assets.orchestration.inputs import ResolvedInputs, resolve_inputs
from voice_assets.orchestration.leases import POOL, leased
from voice_assets.orchestration.partitions import shards
from voice_assets.orchestration.processes import run_worker
from voice_assets.orchestration.progress import follow, progress
from voice_assets.orchestration.records import LOG, WEIGHTS, Materialisation
from voice_assets.orchestration.results import (
    finished,
    keep_evidence,
    one_row,
    recorded,
    recorded_table,
    sound_clips,
    table_of,
)
from voice_assets.orchestration.revalidation import freshness
from voice_assets.runtime.project import artifacts_dir, cache_dir, transcripts_url
from voice_assets.runtime.storage import project_store
from voice_assets.voices import Voice

if TYPE_CHECKING:
    import pandas as pd

    from voice_assets.reports.whisper import ShardResult

# The code version of the assets. Raise it with every change of decoding (asr.whisper.VERSION) or scoring. 2: scores of words,
# hallucinations and categories, cached hypotheses; 3: windows with a quiet end, more Russian spellings, categories of the whole
# data set; 4: numbers, small words, texts that are spoken twice, noise, the fallback for clips over 30 s.
CODE = 4
DECODING = ("device", "compute_type", "beam_size", "batch_size", "low_similarity", "retry_below", "vad_filter")


def transcription_assets(voice: Voice) -> list[dg.AssetsDefinition]:
    """``asr_sample``, ``asr_sample_report`` (unless the voice leaves them out), ``whisper_shard``, ``whisper_validation``."""
    sample = [_asr_sample(voice), _asr_sample_report(voice)] if voice.asr_sample.clips else []
    return [*sample, _whisper_shard(voice), _whisper_validation(voice)]


def transcription_checks(voice: Voice) -> list[dg.AssetChecksDefinition]:
    """The rules of the assets above."""
    sample = [suite_checks(voice, "asr_sample_report")] if voice.asr_sample.clips else []
    return [*sample, suite_checks(voice, "whisper_shard", shards(voice)), suite_checks(voice, "whisper_validation")]


def transcript_cache(voice: str) -> str:
    """The transcript cache: ``$VOICE_TRANSCRIPTS``, the URL of a database for all voices, or a file for this voice.

    Raises:
        TranscriptCacheError: the URL holds a password, or is of another kind of database.
    """
    if url := transcripts_url():
        transcript_server.require_usable(url)
    return url or str(artifacts_dir(voice) / "whisper" / "transcripts.sqlite")


def transcribe(
    context: dg.AssetExecutionContext, voice: Voice, clips: "pd.DataFrame", model: str
) -> tuple["pd.DataFrame", dict[str, Any]]:
    """Let a worker transcribe ``clips`` on a leased device. Returns TRANSCRIPTS, and the log and the weights as metadata.

    Only audio without a cached hypothesis for these options is decoded. A run after a killed run decodes only the rest.
    """
    import pandas as pd

    have_clips(voice, clips)
    folder = artifacts_dir(voice.name) / "whisper" / context.asset_key.path[-1] / context.partition_key / context.run_id
    table, result, log = folder / "clips.parquet", folder / "transcripts.parquet", folder / "validator_whisper.log"
    folder.mkdir(parents=True, exist_ok=True)
    clips.to_parquet(table, index=False)
    chosen = voice.whisper
    with progress(context, "clips", chosen.progress_every) as on_progress, leased(context, voice) as lease:
        forward, weights = follow(on_progress), list[str]()

        def on_event(event: dict[str, Any]) -> None:
            forward(event)
            if event["event"] == "started":
                weights.append(event["weights"])
            if event["event"] == "note":
                context.log.info(event["message"])

        request = TranscribeRequest(
            dataset=voice.dataset,
            clips=table,
            out=result,
            cache=transcript_cache(voice.name),
            log=log,
            language=voice.language,
            whisper=chosen.model_copy(update={"model": model, "device": lease.device(chosen.device)}),
            weights_cache=cache_dir() / "whisper",
            cpu_threads=lease.slot.cpu_threads,
        )
        run_worker("transcribe", request, folder / "worker.log", on_event, lease.environment, [lease.file_number])
    return pd.read_parquet(result), {LOG: recorded(project_store().add(log)), WEIGHTS: weights[0]}


def _scores(transcripts: "pd.DataFrame", low_similarity: float) -> dict[str, Any]:
    """The main figures of ``transcripts``."""
    from voice_assets.asr.low_clips import is_low

    return {
        "clips": len(transcripts),
        "mean_similarity": float(transcripts["similarity"].mean()) if len(transcripts) else 0.0,
        "mean_cer": float(transcripts["cer"].mean()) if len(transcripts) else 0.0,
        "low_similarity": int(is_low(transcripts, low_similarity).sum()),
        "later_passes_kept": int((transcripts["decoding_pass"] != "fast").sum()),
        "lowest": preview(transcripts.sort_values("similarity"), ["clip_id", "similarity", "reference", "hypothesis"]),
    }


def _judged(voice: Voice, transcripts: "pd.DataFrame") -> "pd.DataFrame":
    """TRANSCRIPTS as the reports and their rules read them: with categories among these clips, and the columns KEPT."""
    from voice_assets.asr.categories import with_categories
    from voice_assets.curation.decisions import read_record, with_kept

    return with_kept(with_categories(transcripts, voice.language), read_record(voice.dataset))


def _figures(
    voice: Voice, transcripts: "pd.DataFrame", by_category: "pd.DataFrame", verdicts: list[dict[str, Any]]
) -> dict[str, Any]:
    """The figures of a report: scores, clips under the limit that a person kept, rules, categories."""
    from voice_assets.asr.low_clips import kept_low
    from voice_assets.asr.validation import keepers

    kept = kept_low(transcripts, voice.whisper.low_similarity)
    return {
        **_scores(transcripts, voice.whisper.low_similarity),
        "kept_low": len(kept),
        "kept_by": keepers(kept),
        "rules": verdict_table(verdicts),
        "categories": preview(by_category, list(by_category.columns)),
    }


def _asr_sample(voice: Voice) -> dg.AssetsDefinition:
    chosen = {
        "language": voice.language,
        **voice.asr_sample.model_dump(include={"clips", "model", "seed"}),
        **voice.whisper.model_dump(include=set(DECODING)),
    }

    @asset(
        **describe(
            voice,
            "asr_sample",
            group="transcription",
            code=CODE,
            reads=["clips"],
            gated_by=["base_validation", "quality_report"],
            settings=chosen,
            kinds=["whisper", "pandas"],
        ),
        partitions_def=shards(voice),
        dagster_type=tables.TRANSCRIPTS,
        io_manager_key="tables",
        pool=POOL,
        description="Transcripts of a seeded sample of this shard's clips: a quick check before all clips are transcribed.",
    )
    def asr_sample(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        from voice_assets.dataset.shards import parse_shard_key, share_of
        from voice_assets.quality.sampling import seeded_ids

        inputs = resolve_inputs(context)
        clips = sound_clips(inputs)
        index, count = parse_shard_key(context.partition_key)
        drawn = seeded_ids(clips["clip_id"], share_of(voice.asr_sample.clips, index, count), voice.asr_sample.seed)
        sample = clips[clips["clip_id"].isin(drawn)]
        transcripts, records = transcribe(context, voice, sample, voice.asr_sample.model)
        figures = {**_scores(transcripts, voice.whisper.low_similarity), "drawn": len(sample), **records}
        return finished(inputs.pins, tables.content_version(transcripts), figures, value=transcripts, settings=chosen)

    return asr_sample


def _asr_sample_report(voice: Voice) -> dg.AssetsDefinition:
    @asset(
        **describe(
            voice,
            "asr_sample_report",
            group="transcription",
            code=CODE + 1,  # 1 more than asr_sample: kept clips do not count as low
            reads=["asr_sample"],
            settings={"low_similarity": voice.whisper.low_similarity, "decisions": decisions_version(voice.dataset)},
            kinds=["report", "greatexpectations"],
        ),
        description="`asr_sample.tsv`: reference, hypothesis and similarity of every clip of the sample. Its rules "
        "decide whether all clips are transcribed.",
    )
    def asr_sample_report(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        from voice_assets.asr import categories, validation
        from voice_assets.reports import asr_sample as report

        inputs = resolve_inputs(context)
        transcripts = _judged(voice, table_of(inputs, "asr_sample"))
        drawn = sum(source.metadata["drawn"] for source in inputs.all("asr_sample"))
        by_category = categories.by_category(transcripts, voice.whisper.low_similarity)
        facts = validation.sample_facts(drawn, transcripts, by_category, voice.whisper.low_similarity)
        evidence = {"transcripts": transcripts, "facts": one_row(facts)}
        paths, version = keep_evidence(context, evidence)
        verdicts = judge(context, voice, "asr_sample_report", evidence, version)
        folder = report.write(
            voice.reports_dir,
            voice.title,
            transcripts,
            facts,
            by_category,
            verdicts,
            language=voice.language,
            low_similarity=voice.whisper.low_similarity,
        )
        figures = _figures(voice, transcripts, by_category, verdicts)
        return finished(inputs.pins, version, figures, evidence=paths, report=project_store(voice).add(folder))

    return asr_sample_report


def _whisper_shard(voice: Voice) -> dg.AssetsDefinition:
    gates = ["base_validation", "quality_report", *(["asr_sample_report"] if voice.asr_sample.clips else [])]
    chosen = {"language": voice.language, **voice.whisper.model_dump(include={"model", *DECODING})}

    @asset(
        **describe(
            voice,
            "whisper_shard",
            group="transcription",
            code=CODE,
            reads=["clips"],
            gated_by=gates,
            settings=chosen,
            kinds=["whisper", "pandas", "greatexpectations"],
        ),
        partitions_def=shards(voice),
        dagster_type=tables.TRANSCRIPTS,
        io_manager_key="tables",
        pool=POOL,
        description="Every clip of this shard: hypothesis, similarity and CER against the reference, decoding pass.",
    )
    def whisper_shard(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        from voice_assets.asr import categories, validation

        inputs = resolve_inputs(context)
        clips = sound_clips(inputs)
        transcripts, records = transcribe(context, voice, clips, voice.whisper.model)
        together = categories.with_categories(transcripts, voice.language)
        by_category = categories.by_category(together, voice.whisper.low_similarity)
        facts = one_row(validation.shard_facts(clips["clip_id"], transcripts))
        paths, _ = keep_evidence(context, {"facts": facts})
        return finished(
            inputs.pins,
            tables.content_version(transcripts),
            {
                **_scores(transcripts, voice.whisper.low_similarity),
                "categories": preview(by_category, list(by_category.columns)),
                **records,
            },
            settings=chosen,
            evidence=paths,
            value=transcripts,
            judged_as="transcripts",
        )

    return whisper_shard


def _shard_results(inputs: ResolvedInputs) -> "list[ShardResult]":
    """The transcripts of every shard for the report, each with its log and its run."""
    from voice_assets.reports.whisper import ShardResult

    return [
        ShardResult(source.partition or "", recorded_table(source), _log_of(source), run_id=source.run_id)
        for source in inputs.all("whisper_shard")
    ]


def _log_of(source: Materialisation) -> Path | None:
    """The log of a shard, for its report; None when the log was deleted."""
    store, log = project_store(), source.artifact(LOG)
    return store.local(log.uri) if store.exists(log) else None


def _whisper_validation(voice: Voice) -> dg.AssetsDefinition:
    chosen = {"low_similarity": voice.whisper.low_similarity, "decisions": decisions_version(voice.dataset)}

    @asset(
        **describe(
            voice,
            "whisper_validation",
            group="transcription",
            code=CODE + 2,  # 2 more than whisper_shard: the facts name shards without transcripts; kept clips are not low
            reads=["whisper_shard", "clips"],
            settings=chosen,
            kinds=["report", "html", "greatexpectations"],
        ),
        freshness_policy=freshness(voice),
        description="The report `validation_whisper_sharded_<ts>/`: `SUMMARY.txt`, `runner.log`, a folder per shard, "
        "every low clip with a player.",
    )
    def whisper_validation(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        from voice_assets.asr import categories, validation
        from voice_assets.reports import trend
        from voice_assets.reports import whisper as report

        inputs = resolve_inputs(context)
        transcripts = _judged(voice, table_of(inputs, "whisper_shard"))
        clips = sound_clips(inputs)
        by_category = categories.by_category(transcripts, voice.whisper.low_similarity)
        facts = validation.validation_facts(
            clips["clip_id"], transcripts, by_category, voice.whisper.low_similarity, voice.shards
        )
        evidence = {"transcripts": transcripts, "facts": one_row(facts)}
        paths, version = keep_evidence(context, evidence)
        verdicts = judge(context, voice, "whisper_validation", evidence, version)
        past, results = validations(context.instance, context.asset_key), _shard_results(inputs)
        low = voice.whisper.low_similarity
        folder = report.write(
            *(voice.reports_dir, voice.title, voice.dataset, results, low, facts, by_category, verdicts),
            language=voice.language,
            history=past,
            place=voice.dataset_place,
        )
        figures = _figures(voice, transcripts, by_category, verdicts)
        figures["trend"] = trend_table(trend.newest(past, trend.present(facts, len(transcripts))))
        written = project_store(voice).add(folder)
        return finished(inputs.pins, version, figures, evidence=paths, report=written, settings=chosen)

    return whisper_validation
