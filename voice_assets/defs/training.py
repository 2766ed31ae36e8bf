"""Stage `training` (the plan's stages 4 and 5): the accepted clips, the first epochs, and the whole training."""

from typing import TYPE_CHECKING, Any

import dagster as dg

from voice_assets.defs.checkpoints import checkpoint_asset
from voice_assets.defs.ended_training import FORECAST, EndedTraining
from voice_assets.defs.start import start_assets
from voice_assets.defs.training_run import TRAININGS, TrainingRun, only_training
from voice_assets.defs.training_set import training_set_asset
from voice_assets.orchestration.asset import asset
from voice_assets.orchestration.checks import suite_checks
from voice_assets.orchestration.describe import describe
from voice_assets.orchestration.inputs import resolve_inputs
from voice_assets.orchestration.marks import RECORDED_CANDIDATES
from voice_assets.orchestration.partitions import epoch_key
from voice_assets.orchestration.records import Materialisation
from voice_assets.orchestration.results import one_row
from voice_assets.piper.identity import BY_CONTENT, SETTINGS
from voice_assets.runtime import project
from voice_assets.voices import Voice

if TYPE_CHECKING:
    from voice_assets.piper.forecast import Costs
    from voice_assets.reports.training import Details

TRAINING_POOL = "training"


def training_assets(voice: Voice) -> list[dg.AssetsDefinition | dg.AssetSpec]:
    """``training_set``, ``starting_checkpoint`` where the voice starts from a published one, both trainings, ``checkpoint``."""
    return [
        training_set_asset(voice),
        *start_assets(voice),
        _mini_training(voice),
        _training(voice),
        checkpoint_asset(voice, TRAININGS),
    ]


def training_checks(voice: Voice) -> list[dg.AssetChecksDefinition]:
    """The rules of ``mini_training`` and of ``training``."""
    return [suite_checks(voice, name) for name in TRAININGS]


def _settings(voice: Voice) -> dict[str, Any]:
    """The settings that change the result of a training. A path inside the project is relative, so the project can be moved."""
    chosen = voice.training.model_dump(include={*SETTINGS, *BY_CONTENT} - {"validation_ratio", "max_clips"})
    for name in ("checkpoint", "start_from"):
        chosen[name] = project.portable(chosen[name]) if chosen[name] else None
    return chosen


def _start(voice: Voice) -> list[str]:
    """The assets that a training of ``voice`` starts from, besides its clips."""
    return ["starting_checkpoint"] if voice.training.start_from else []


def _mini_training(voice: Voice) -> dg.AssetsDefinition:
    settings = {**_settings(voice), "epochs": voice.training.epochs}

    @asset(
        **describe(
            voice,
            "mini_training",
            group="training",
            reads=["training_set", *_start(voice)],
            gated_by=["whisper_validation"],
            heard=["quality_report"],
            code=3,  # 3: one identity for both trainings; more losses
            settings=settings,
            kinds=["pytorch", "lightning", "greatexpectations"],
        ),
        pool=TRAINING_POOL,
        description="The first epochs with Piper, before days of GPU time: does training run to the end, does the loss fall? "
        "Its forecast says what the whole training will cost.",
    )
    def mini_training(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        from voice_assets.piper.curves import loss_facts
        from voice_assets.reports.training import Details

        inputs = resolve_inputs(context)
        run = TrainingRun(context, voice, inputs, voice.training.epochs)
        with only_training(context.instance, voice):
            version = run.open_version()
            records = run.train(version, stop_when_level=False)
        ended = EndedTraining(context, voice, version, records)
        curve = ended.epochs[ended.epochs["epoch"] < voice.training.epochs].reset_index(drop=True)
        evidence = {"epochs": curve, "facts": one_row(loss_facts(curve, voice.training.epochs))}
        costs = ended.forecast()
        figures = {"forecast": _table(costs), FORECAST: dg.MetadataValue.json(costs.record())}
        return ended.result("mini_training", inputs.pins, evidence, Details(foretold=costs, steps=ended.steps), figures)

    return mini_training


def _training(voice: Voice) -> dg.AssetsDefinition:
    chosen = voice.training
    settings = {
        **_settings(voice),
        **chosen.model_dump(include={"max_epochs", "stop_when_level", "level_epochs"}),
        "max_candidates": voice.tournament.max_candidates,
    }

    @asset(
        **describe(
            voice,
            "training",
            group="training",
            reads=["training_set", *_start(voice), "mini_training"],
            gated_by=["whisper_validation"],
            heard=["quality_report"],
            settings=settings,
            kinds=["pytorch", "lightning", "greatexpectations"],
        ),
        pool=TRAINING_POOL,
        description="The whole training: goes on from the last checkpoint of the mini-training, until the validation loss is "
        "level or the epochs are done. A run that was killed goes on; more epochs continue the same training.",
    )
    def training(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        from voice_assets.piper.convergence import evidence, training_facts

        inputs = resolve_inputs(context)
        mini = inputs.one("mini_training")
        version = int(mini.metadata["version"])
        with only_training(context.instance, voice):
            records = TrainingRun(context, voice, inputs, chosen.max_epochs).train(version, chosen.stop_when_level)
        ended = EndedTraining(context, voice, version, records)
        facts = training_facts(ended.epochs, chosen.max_epochs, ended.ended, chosen.level_epochs)
        figures = {RECORDED_CANDIDATES: dg.MetadataValue.json(_candidates(voice, ended)), "ended": ended.ended}
        details = _details(voice, ended, mini)
        return ended.result("training", inputs.pins, evidence(ended.epochs, facts), details, figures)

    return training


def _candidates(voice: Voice, ended: EndedTraining) -> list[str]:
    """The epoch keys that compete in the tournament."""
    from voice_assets.piper.candidates import choose

    chosen = choose(ended.kept, ended.validation_mel, voice.tournament.max_candidates)
    return [epoch_key(ended.version, epoch) for epoch in chosen]


def _details(voice: Voice, ended: EndedTraining, mini: Materialisation) -> "Details":
    """What the report of a whole training has besides its losses."""
    from voice_assets.piper import convergence
    from voice_assets.piper.forecast import Costs
    from voice_assets.reports.training import Details

    window = voice.training.level_epochs
    return Details(
        level=convergence.level(ended.epochs, window),
        gap=convergence.gap(ended.epochs, window),
        kept=ended.kept,
        removed=[one.epoch for one in ended.records if one.removed],
        foretold=Costs.from_record(mini.metadata[FORECAST]),
        measured=ended.costs(),
        steps=ended.steps,
    )


def _table(costs: "Costs") -> dg.MarkdownMetadataValue:
    """A forecast as a table."""
    from voice_assets.reports import forecast
    from voice_assets.reports.markdown import table

    return dg.MetadataValue.md("\n".join(table(forecast.rows(costs), forecast.HEADINGS)))
