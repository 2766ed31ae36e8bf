"""What can be known about a run before it starts: what would stop it hours later, and what to do.

``doctor`` shows all of it, ``run`` stops where an asset that it would make cannot be made, and ``base_validation`` records it
for runs from the Dagster UI. Every fact takes moments: no audio is read, and no model is loaded.

Not here: faults of the voice file (``voices``), and what `base_validation` judges by rules: the data set itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import dagster as dg

from voice_assets.asr import weights
from voice_assets.asr.device_choice import choose
from voice_assets.asr.languages import language_problem
from voice_assets.asr.recogniser import RecogniserError
from voice_assets.dataset.rows import MetadataError, read_rows
from voice_assets.piper.checkpoint_fit import start_problem
from voice_assets.piper.sentences import SentencesError, sentences_for
from voice_assets.piper.splits import SplitError, hash_fraction, split_all
from voice_assets.runtime import project
from voice_assets.voices import Voice


@dataclass(frozen=True)
class EarlyFact:
    """One thing that an asset needs.

    Attributes:
        asset: the first asset that cannot be made without it.
        subject: the key of the voice file.
        found: the value, or what is wrong with it.
        advice: what to do; empty when nothing is wrong.
    """

    asset: str
    subject: str
    found: str
    advice: str = ""

    @property
    def fine(self) -> bool:
        """Whether nothing is wrong."""
        return not self.advice


def early_facts(voice: Voice) -> Iterator[EarlyFact]:
    """Every `EarlyFact` of ``voice``, in the order of the stages."""
    models = {"whisper.model": ("whisper_shard", voice.whisper.model)}
    if voice.asr_sample.clips:
        models = {"asr_sample.model": ("asr_sample", voice.asr_sample.model), **models}
    for key, (asset, model) in models.items():
        yield _model(voice, asset, key, model)
    first = next(iter(models.values()))[0]
    yield _language(voice, first, [model for _, model in models.values()])
    yield _compute_type(voice, first)
    yield _split(voice)
    if voice.training.accelerator == "gpu":
        yield _accelerator(voice)
    if voice.training.checkpoint is not None:
        yield _checkpoint(voice)
    if voice.training.start_from is not None:
        yield _published_voice(voice)
    yield _sentences(voice)


def record(context: dg.AssetExecutionContext, voice: Voice) -> dict[str, dg.MetadataValue]:
    """Log what would stop a later asset as warnings, and return the metadata entry that says so; nothing without any."""
    wrong = [fact for fact in early_facts(voice) if not fact.fine]
    lines = [f"{fact.asset} cannot be made: {fact.subject}: {fact.found}. What to do: {fact.advice}" for fact in wrong]
    for line in lines:
        context.log.warning(line)
    return {"before_you_start": dg.MetadataValue.md("\n".join(f"- {line}" for line in lines))} if lines else {}


def _model(voice: Voice, asset: str, key: str, model: str) -> EarlyFact:
    try:
        return EarlyFact(asset, key, f"{model} ({weights.resolve(model, project.cache_dir() / 'whisper')})")
    except weights.WeightsError as error:
        there = ", ".join(weight.name for weight in weights.installed()) or "none"
        return EarlyFact(
            asset, key, str(error), f"put the weights there, or change `{key}` in {voice.file}; installed: {there}"
        )


def _language(voice: Voice, asset: str, models: list[str]) -> EarlyFact:
    problems = [problem for model in models if (problem := language_problem(voice.language, model))]
    if not problems:
        return EarlyFact(asset, "language", f"{voice.language}, which Whisper knows")
    return EarlyFact(asset, "language", problems[0], f"change `language`, or the model, in {voice.file}")


def _compute_type(voice: Voice, asset: str) -> EarlyFact:
    try:
        choice = choose(voice.whisper.device, voice.whisper.compute_type)
    except RecogniserError as error:
        return EarlyFact(
            asset, "whisper.compute_type", str(error), f"change `whisper.device` or `whisper.compute_type` in {voice.file}"
        )
    return EarlyFact(asset, "whisper.compute_type", f"{choice.compute_type} on {choice.device}")


def _split(voice: Voice) -> EarlyFact:
    """Whether both sides of the split have clips. The split is by names, so the metadata is enough."""
    chosen, key = voice.training, "training.validation_ratio"
    try:
        names = sorted(
            {row.clip_id for row in read_rows(voice.dataset / "metadata_2col.csv") if not row.structure},
            key=lambda one: hash_fraction(f"limit:{one}"),
        )
        if not names:
            found = (
                f"{chosen.validation_ratio}; not tried, because no row of the metadata can be used; base_validation says why"
            )
            return EarlyFact("training_set", key, found)
        sides = split_all(names[: chosen.max_clips], chosen.validation_ratio)
    except (MetadataError, OSError) as error:
        return EarlyFact("training_set", key, f"{chosen.validation_ratio}; not tried, because there is no data set: {error}")
    except SplitError as error:
        return EarlyFact("training_set", key, str(error), f"change `{key}` in {voice.file}")
    return EarlyFact(
        "training_set", key, f"{chosen.validation_ratio}: {sides.count('validation')} of {len(sides)} clips are held out"
    )


def _accelerator(voice: Voice) -> EarlyFact:
    import torch

    key, there = "training.accelerator", torch.cuda.device_count()
    if torch.backends.mps.is_available() or there >= voice.training.devices:
        return EarlyFact("mini_training", key, f"gpu, {voice.training.devices} of {there}")
    found = f"gpu, and training.devices is {voice.training.devices}; PyTorch finds {there} GPUs here"
    return EarlyFact(
        "mini_training", key, found, f"write `accelerator: auto` or fewer devices in {voice.file}, or use a machine with GPUs"
    )


def _checkpoint(voice: Voice) -> EarlyFact:
    chosen = voice.training
    problem = start_problem(chosen, voice.dataset / "config.json", voice.sample_rate)
    if not problem:
        return EarlyFact("mini_training", "training.checkpoint", f"{chosen.checkpoint}: of the same phonemes, quality and rate")
    return EarlyFact(
        "mini_training", "training.checkpoint", problem, f"correct `training.checkpoint` in {voice.file}, or leave it out"
    )


def _published_voice(voice: Voice) -> EarlyFact:
    from voice_assets.piper.warm_start.published import start_from_problem

    chosen, key = voice.training, "training.start_from"
    problem = start_from_problem(chosen, voice.dataset / "config.json", voice.sample_rate)
    if not problem:
        return EarlyFact("starting_checkpoint", key, f"{chosen.start_from}: of the same phonemes, quality and rate")
    return EarlyFact("starting_checkpoint", key, problem, f"correct `{key}` in {voice.file}, or leave it out")


def _sentences(voice: Voice) -> EarlyFact:
    own = voice.samples.sentences
    try:
        built_in = [] if own else sentences_for(voice.language)
    except SentencesError as error:
        return EarlyFact(
            "voice_samples", "samples.sentences", str(error), f"write 5 to 10 sentences as `samples.sentences` in {voice.file}"
        )
    found = f"{len(own)} of the voice file" if own else f"{len(built_in)} built-in sentences for {voice.language}"
    return EarlyFact("voice_samples", "samples.sentences", found)
