"""Stage `voice`: a checkpoint as ONNX, and samples of the voice. One partition per trained epoch."""

import json
from pathlib import Path
from typing import Any

import dagster as dg

from voice_assets.asr.requests import SpeakRequest
from voice_assets.defs.came_from import came_from
from voice_assets.defs.display import preview, verdict_table
from voice_assets.defs.transcription import DECODING
from voice_assets.orchestration.checks import judge, suite_checks
from voice_assets.orchestration.describe import describe
from voice_assets.orchestration.inputs import gate_of, resolve_inputs
from voice_assets.orchestration.leases import POOL, leased
from voice_assets.orchestration.partitions import epochs
from voice_assets.orchestration.processes import run_worker
from voice_assets.orchestration.progress import follow, progress
from voice_assets.orchestration.records import Materialisation
from voice_assets.orchestration.results import finished, keep_evidence, one_row, opened, recorded, review_link
from voice_assets.piper.requests import ExportRequest
from voice_assets.runtime.files import sha256
from voice_assets.runtime.leases import Lease
from voice_assets.runtime.project import artifacts_dir, cache_dir
from voice_assets.runtime.storage import project_store
from voice_assets.voices import Voice


def onnx_assets(voice: Voice) -> list[dg.AssetsDefinition]:
    """``onnx_voice`` and ``voice_samples``."""
    return [_onnx_voice(voice), _voice_samples(voice)]


def onnx_checks(voice: Voice) -> list[dg.AssetChecksDefinition]:
    """The rules of the assets above."""
    return [suite_checks(voice, name, epochs(voice.name)) for name in ("onnx_voice", "voice_samples")]


def epoch_dir(voice: Voice, context: dg.AssetExecutionContext) -> Path:
    """The output folder of the running asset: one folder per run, so that nothing is overwritten."""
    name = context.asset_key.path[-1]
    return artifacts_dir(voice.name) / name / context.partition_key / context.run_id


def _export_request(voice: Voice, checkpoint: Materialisation, folder: Path) -> ExportRequest:
    """The export worker's request."""
    return ExportRequest(
        checkpoint=opened(checkpoint, "checkpoint"),
        config=opened(checkpoint, "config"),
        out=folder,
        name=voice.package_name,
        language=voice.language,
        region=voice.region,
        quality=voice.training.quality,
        dataset_name=voice.name,
        trust_checkpoint=False,  # our own checkpoints hold tensors and plain data only
    )


def _onnx_voice(voice: Voice) -> dg.AssetsDefinition:
    @dg.asset(
        **describe(
            voice,
            "onnx_voice",
            group="voice",
            reads=["checkpoint"],
            settings={"name": voice.package_name, "language": voice.language, "region": voice.region},
            kinds=["onnx", "pytorch", "greatexpectations"],
        ),
        partitions_def=epochs(voice.name),
        description=f"The checkpoint as `{voice.package_name}.onnx` with its `.onnx.json`. The audio is compared with PyTorch.",
    )
    def onnx_voice(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        inputs = resolve_inputs(context)
        folder = epoch_dir(voice, context)
        request = _export_request(voice, inputs.one("checkpoint"), folder)
        run_worker(
            "export", request, folder / "export.log", lambda event: context.log.info(json.dumps(event, ensure_ascii=False))
        )
        facts = json.loads((folder / "export.json").read_text(encoding="utf-8"))
        names = (f"{voice.package_name}.onnx", f"{voice.package_name}.onnx.json", "tokens.txt")
        model, config, tokens = (project_store().add(folder / name) for name in names)
        evidence = {"facts": one_row(facts)}
        paths, _ = keep_evidence(context, evidence)
        data_version = f"{model.sha256[:32]}-{config.sha256[:32]}"
        figures = {
            "model": recorded(model),
            "config": recorded(config),
            "tokens": recorded(tokens),
            "max_abs_difference": facts["max_abs_difference"],
            "rules": verdict_table(judge(context, voice, "onnx_voice", evidence, data_version)),
            **came_from(gate_of(context), list(inputs.sources.values())),
        }
        return finished(inputs.pins, data_version, figures, evidence=paths)

    return onnx_voice


def _voice_samples(voice: Voice) -> dg.AssetsDefinition:
    settings = {
        "sentences": voice.samples.sentences,
        "seed": voice.samples.seed,
        "language": voice.language,
        **voice.whisper.model_dump(include={"model", *DECODING}),
    }

    @dg.asset(
        **describe(
            voice,
            "voice_samples",
            group="voice",
            reads=["onnx_voice"],
            settings=settings,
            kinds=["onnx", "whisper", "wav"],
        ),
        partitions_def=epochs(voice.name),
        pool=POOL,
        description="5 to 10 sentences spoken by this epoch, transcribed by Whisper and scored: level, CER, predicted MOS.",
    )
    def voice_samples(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        import pandas as pd

        from voice_assets.piper.sentences import sentences_for

        inputs = resolve_inputs(context)
        source, folder = inputs.one("onnx_voice"), epoch_dir(voice, context)
        spoken = voice.samples.sentences or sentences_for(voice.language)
        with progress(context, "steps") as on_progress, leased(context, voice) as lease:
            config = opened(source, "config")
            _speak(voice, opened(source, "model"), config, spoken, folder, lease, on_progress)
        samples = pd.read_parquet(folder / "samples.parquet")
        evidence = {"samples": samples}
        paths, version = keep_evidence(context, evidence)
        figures = {
            **review_link(voice, context.partition_key),
            "samples": len(samples),
            "mean_cer": float(samples["cer"].mean()),
            "mean_similarity": float(samples["similarity"].mean()),
            "mean_mos": float(samples["mos"].mean()),
            "quietest_db": float(samples["level_db"].min()),
            "transcribed_back": preview(samples, ["text", "hypothesis", "cer", "mos", "duration_s"]),
            "folder": recorded(project_store().add(folder)),
            "sample_sha256": {name: sha256(folder / name) for name in samples["sample"]},
            "rules": verdict_table(judge(context, voice, "voice_samples", evidence, version)),
        }
        return finished(inputs.pins, version, figures, evidence=paths)

    return voice_samples


def _speak(voice: Voice, model: Path, config: Path, sentences: list[str], folder: Path, lease: Lease, on_progress: Any) -> None:
    """Let a worker speak ``sentences``, write the samples into ``folder`` and score them."""
    chosen = voice.whisper
    request = SpeakRequest(
        onnx=model,
        config=config,
        sentences=sentences,
        seed=voice.samples.seed,
        out=folder,
        language=voice.language,
        whisper=chosen.model_copy(update={"device": lease.device(chosen.device)}),
        weights_cache=cache_dir() / "whisper",
        cpu_threads=lease.slot.cpu_threads,
    )
    run_worker("speak", request, folder / "speak.log", follow(on_progress), lease.environment, [lease.file_number])
