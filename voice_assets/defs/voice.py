"""Stage `voice`: a checkpoint as ONNX, and samples of the voice. One partition per trained epoch."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from voice_assets.asr.requests import SpeakRequest
from voice_assets.defs.came_from import came_from
from voice_assets.defs.display import preview, verdict_table
from voice_assets.defs.trained_with import quality_of
from voice_assets.defs.transcription import DECODING
from voice_assets.orchestration.asset import asset
from voice_assets.orchestration.checks import judge, suite_checks
from voice_assets.orchestration.dataset_files import bring_clips
from voice_assets.orchestration.describe import describe
from voice_assets.orchestration.gates import Gate
from voice_assets.orchestration.inputs import gate_of, resolve_inputs
from voice_assets.orchestration.leases import POOL, leased
from voice_assets.orchestration.lineage import training_set_of
from voice_assets.orchestration.partitions import epochs
from voice_assets.orchestration.processes import run_worker
from voice_assets.orchestration.progress import follow, progress
from voice_assets.orchestration.records import Materialisation
from voice_assets.orchestration.results import (
    finished,
    keep_evidence,
    one_row,
    opened,
    recorded,
    recorded_table,
    review_link,
)
from voice_assets.piper.requests import ExportRequest
from voice_assets.runtime.files import replacing, sha256
from voice_assets.runtime.leases import Lease
from voice_assets.runtime.project import artifacts_dir, cache_dir
from voice_assets.runtime.storage import project_store
from voice_assets.voices import Voice

if TYPE_CHECKING:
    import pandas as pd


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


def _export_request(voice: Voice, gate: Gate, checkpoint: Materialisation, folder: Path) -> ExportRequest:
    """The export worker's request. The quality is that of the training, whatever the voice file says today."""
    quality = quality_of(voice, gate, checkpoint)
    return ExportRequest(
        checkpoint=opened(checkpoint, "checkpoint"),
        config=opened(checkpoint, "config"),
        out=folder,
        name=voice.package_name_of(quality),
        language=voice.language,
        region=voice.region,
        quality=quality,
        dataset_name=voice.name,
        trust_checkpoint=False,  # our own checkpoints hold tensors and plain data only
    )


def _onnx_voice(voice: Voice) -> dg.AssetsDefinition:
    @asset(
        **describe(
            voice,
            "onnx_voice",
            group="voice",
            reads=["checkpoint"],
            code=2,  # 2: named by the training's quality; tokens.txt that sherpa-onnx reads
            settings={"name": voice.package_name, "language": voice.language, "region": voice.region},
            kinds=["onnx", "pytorch", "greatexpectations"],
        ),
        partitions_def=epochs(voice.name),
        description=f"The checkpoint as `{voice.package_name}.onnx` with its `.onnx.json`. The audio is compared with PyTorch.",
    )
    def onnx_voice(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        inputs, gate = resolve_inputs(context), gate_of(context)
        folder = epoch_dir(voice, context)
        request = _export_request(voice, gate, inputs.one("checkpoint"), folder)
        run_worker(
            "export", request, folder / "export.log", lambda event: context.log.info(json.dumps(event, ensure_ascii=False))
        )
        project_store().add(folder / "export.log")  # a release archives it, on whichever machine
        facts = json.loads((folder / "export.json").read_text(encoding="utf-8"))
        names = (f"{request.name}.onnx", f"{request.name}.onnx.json", "tokens.txt")
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
            **came_from(gate, list(inputs.sources.values())),
        }
        return finished(inputs.pins, data_version, figures, evidence=paths)

    return onnx_voice


def _voice_samples(voice: Voice) -> dg.AssetsDefinition:
    settings = {
        **voice.samples.model_dump(include={"sentences", "seed", "repeats", "recordings"}),
        "language": voice.language,
        **voice.whisper.model_dump(include={"model", *DECODING}),
    }

    @asset(
        **describe(
            voice,
            "voice_samples",
            group="voice",
            reads=["onnx_voice"],
            code=2,  # 2: scores beside those of held-out recordings
            settings=settings,
            kinds=["onnx", "whisper", "wav"],
        ),
        partitions_def=epochs(voice.name),
        pool=POOL,
        description="5 to 10 sentences spoken by this epoch, transcribed by Whisper and scored beside held-out recordings: "
        "CER, predicted MOS, likeness to the speaker, rate, silence, first and last words.",
    )
    def voice_samples(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        import pandas as pd

        inputs = resolve_inputs(context)
        source, folder = inputs.one("onnx_voice"), epoch_dir(voice, context)
        held_out = _held_out(voice, gate_of(context), source, folder)
        with progress(context, "steps") as on_progress, leased(context, voice) as lease:
            _speak(voice, source, held_out, folder, lease, on_progress)
        evidence = {name: pd.read_parquet(folder / f"{name}.parquet") for name in ("samples", "scores", "recordings")}
        paths, version = keep_evidence(context, evidence)
        figures = {
            **review_link(voice, context.partition_key),
            **_figures(voice, evidence["samples"], evidence["scores"]),
            "folder": recorded(project_store().add(folder)),
            "sample_sha256": {name: sha256(folder / name) for name in evidence["samples"]["sample"]},
            "rules": verdict_table(judge(context, voice, "voice_samples", evidence, version)),
        }
        return finished(inputs.pins, version, figures, evidence=paths)

    return voice_samples


def _held_out(voice: Voice, gate: Gate, source: Materialisation, folder: Path) -> Path:
    """The held-out clips of the data that ``source`` was trained on, as a table that the worker reads.

    Raises:
        dagster.Failure: none of them is as it was when the voice was trained.
    """
    from voice_assets.asr.recording_scores import held_out_clips

    clips = held_out_clips(recorded_table(training_set_of(gate, source)), voice.samples.recordings)
    bring_clips(voice, clips)
    there = [
        _unchanged(voice.dataset / path, digest) for path, digest in zip(clips["path"], clips["audio_sha256"], strict=True)
    ]
    clips = clips[there]
    if clips.empty:
        message = f"no held-out recording is still as it was when {source.partition} was trained; train again"
        raise dg.Failure(f"{voice.dataset_place}: {message}", allow_retries=False)
    with replacing(folder / "held_out.parquet") as temporary:
        clips.to_parquet(temporary, index=False)
    return folder / "held_out.parquet"


def _unchanged(audio: Path, digest: str) -> bool:
    return audio.is_file() and sha256(audio) == digest


def _figures(voice: Voice, samples: "pd.DataFrame", scores: "pd.DataFrame") -> dict[str, Any]:
    """The figures of the samples for people."""
    from voice_assets.asr.speech_scores import with_findings

    shown = with_findings(samples, voice.samples)
    row = scores.iloc[0].to_dict()
    return {
        "samples": len(samples),
        "mean_cer": float(row["cer"]),
        "mean_similarity": float(row["similarity"]),
        "mean_mos": float(row["mos"]),
        "mean_mos_2": float(row["mos_2"]),
        "likeness": float(row["likeness"]),
        "quietest_db": float(row["quietest_db"]),
        "scores": preview(scores, list(scores.columns)),
        "transcribed_back": preview(shown, ["text", "hypothesis", "cer", "mos", "mos_2", "likeness", "findings"]),
    }


def _speak(voice: Voice, source: Materialisation, held_out: Path, folder: Path, lease: Lease, on_progress: Any) -> None:
    """Let a worker speak the sentences, write the samples into ``folder`` and score them beside the recordings."""
    from voice_assets.piper.sentences import sentences_for

    chosen = voice.whisper
    request = SpeakRequest(
        onnx=opened(source, "model"),
        config=opened(source, "config"),
        sentences=voice.samples.sentences or sentences_for(voice.language),
        seed=voice.samples.seed,
        repeats=voice.samples.repeats,
        dataset=voice.dataset,
        held_out=held_out,
        recordings_cache=cache_dir() / "recordings",
        out=folder,
        language=voice.language,
        whisper=chosen.model_copy(update={"device": lease.device(chosen.device)}),
        weights_cache=cache_dir() / "whisper",
        cpu_threads=lease.slot.cpu_threads,
    )
    run_worker("speak", request, folder / "speak.log", follow(on_progress), lease.environment, [lease.file_number])
