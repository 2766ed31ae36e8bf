"""Stage `voice`, last asset: the tournament of the epochs, which chooses the epoch to package."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from voice_assets.defs.display import preview, verdict_table
from voice_assets.defs.training_files import shared_files
from voice_assets.orchestration import tables
from voice_assets.orchestration.asset import asset
from voice_assets.orchestration.blind_votes import VOTES
from voice_assets.orchestration.checks import judge, suite_checks
from voice_assets.orchestration.describe import asset_key, describe, group_name
from voice_assets.orchestration.gates import Gate
from voice_assets.orchestration.inputs import gate_of, resolve_inputs
from voice_assets.orchestration.links import BLIND_KEY, review_url
from voice_assets.orchestration.marks import CANDIDATES, CHOICE, DECISIONS, WINNER
from voice_assets.orchestration.partitions import parse_epoch_key
from voice_assets.orchestration.records import Materialisation
from voice_assets.orchestration.results import LISTEN, finished, keep_evidence, one_row, opened, recorded
from voice_assets.runtime import project
from voice_assets.runtime.contents import there
from voice_assets.runtime.project import artifacts_dir
from voice_assets.runtime.storage import project_store
from voice_assets.tournament import votes
from voice_assets.voices import Voice

if TYPE_CHECKING:
    import pandas as pd

    from voice_assets.reports.tournament_layout import Contents
    from voice_assets.tournament.candidates import Candidate

NAME = "best_epoch"
TO_VOTE = "candidates"
"""The metadata entry of ``candidates.json``, which the page of the blind comparison reads."""


def tournament_assets(voice: Voice) -> list[dg.AssetsDefinition | dg.AssetSpec]:
    """``best_epoch``, and the votes that enter its ranking."""
    return [_blind_votes(voice), _best_epoch(voice)]


def tournament_checks(voice: Voice) -> list[dg.AssetChecksDefinition]:
    """The rules of ``best_epoch``."""
    return [suite_checks(voice, NAME)]


def _blind_votes(voice: Voice) -> dg.AssetSpec:
    return dg.AssetSpec(
        asset_key(voice, VOTES),
        group_name=group_name(voice, "voice"),
        kinds={"human"},
        tags={"voice": voice.name},
        metadata={DECISIONS: True},
        description="People heard two candidates without knowing which is which, and voted: "
        f"`voice-assets review {voice.name} --blind`. The votes enter the ranking of `best_epoch`.",
    )


def _best_epoch(voice: Voice) -> dg.AssetsDefinition:
    chosen = voice.tournament
    settings = {**chosen.model_dump(include={"bootstrap", "seed", "candidates"}), "votes": _votes_version(voice)}

    @asset(
        **describe(
            voice,
            NAME,
            group="voice",
            reads=["voice_samples", VOTES],  # votes are decisions: no gate asks them
            gated_by=["training"],
            settings=settings,
            kinds=["scipy", "human", "greatexpectations"],
            metadata={CANDIDATES: chosen.candidates, CHOICE: True},
        ),
        description="The tournament: the candidates' samples compared sentence by sentence, with confidence intervals and the "
        "votes of the blind comparison. Its winner is packaged; no loss decides.",
    )
    def best_epoch(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        from voice_assets.reports.tournament import write
        from voice_assets.tournament.candidates import TournamentError

        inputs, gate = resolve_inputs(context), gate_of(context)
        try:
            contents = _contents(voice, gate, inputs.all("voice_samples"))
            written = write(voice.reports_dir, contents)
        except (TournamentError, votes.VotesError) as error:
            raise dg.Failure(str(error), allow_retries=False) from error
        table, winner = contents.ranking.table, contents.ranking.winner
        evidence = {"ranking": table, "facts": one_row({"candidates": len(table), "passing": int(table["passes"].sum())})}
        paths, version = keep_evidence(context, evidence)
        figures = {
            WINNER: winner or "",
            "headline": contents.ranking.headline,
            "competed": len(table),
            "ranking": preview(table, list(table.columns)),
            "pairs": preview(contents.ranking.pairs, ["first", "second", "words"]),
            TO_VOTE: recorded(project_store().add(_record(voice, context.run_id, contents, inputs.all("voice_samples")))),
            **({} if table["passes"].sum() < 2 else {LISTEN: dg.MetadataValue.url(review_url(voice.name, BLIND_KEY))}),
            "rules": verdict_table(judge(context, voice, NAME, evidence, version)),
        }
        stored = project_store(voice).add(written)
        return finished(inputs.pins, version, figures, evidence=paths, report=stored, settings=settings)

    return best_epoch


def judged_by(voice: Voice, gate: Gate, epoch: str) -> Materialisation | None:
    """The newest tournament, when ``epoch`` competed in it."""
    tournament = gate.history.latest(asset_key(voice, NAME))
    if tournament is None or not tournament.run_id:  # what no run made has no ranking
        return None
    return None if _place(tournament, epoch).empty else tournament


def chosen_by(voice: Voice, gate: Gate, epoch: str) -> str:
    """What the newest tournament says about ``epoch``; empty when it did not compete."""
    tournament = judged_by(voice, gate, epoch)
    if tournament is None:
        return ""
    row, competed = _place(tournament, epoch).iloc[0], tournament.metadata["competed"]
    return f"Rank {int(row['rank'])} of {competed} in the tournament of run {tournament.run_id[:8]}: {row['reasons']}"


def _place(tournament: Materialisation, epoch: str) -> "pd.DataFrame":
    """The row of RANKING of ``epoch``; no row when it did not compete."""
    table = tables.read(project_store(), tournament.evidence["ranking"])
    return table[table["epoch_key"] == epoch]


def _votes_version(voice: Voice) -> str:
    """The version of the votes, so that new votes make the ranking out of date. A file that cannot be read has one, too.

    Where machines share a store, the votes are on one of them: the version would differ, and the ranking never be current.
    """
    if project.store_root() != str(project.root()):
        return ""
    try:
        return votes.version(votes.read(votes.votes_file(voice.name)))
    except votes.VotesError as error:  # the asset itself says so
        return str(error)


def votes_of(voice: Voice) -> list[votes.Vote]:
    """All votes, on whichever machine people voted. Raises as ``votes.read``."""
    file, store = votes.votes_file(voice.name), project_store()
    shared = store.apart and there(store.at(store.uri(file)))
    return votes.read(store.local(store.uri(file)) if shared else file)


def _contents(voice: Voice, gate: Gate, spoken: Sequence[Materialisation]) -> "Contents":
    """The ranking of the candidates, and everything that its report shows."""
    from voice_assets.reports.tournament_layout import Contents
    from voice_assets.tournament.ranking import rank

    curves = {name: _curve(voice, int(name[1:])) for name in {_version_name(one) for one in spoken}}
    candidates = [_candidate(gate, one, curves[_version_name(one)]) for one in spoken]
    chosen = voice.tournament
    return Contents(
        voice=voice.name,
        title=voice.title,
        language=voice.language,
        candidates=candidates,
        ranking=rank(candidates, votes_of(voice), chosen.bootstrap, chosen.seed),
        folders={one.partition or "": opened(one, "folder") for one in spoken},
        curves=curves,
    )


def _version_name(spoken: Materialisation) -> str:
    """``v3`` for an epoch of training 3."""
    return (spoken.partition or "").partition("-")[0]


def _curve(voice: Voice, version: int) -> "pd.DataFrame":
    """EPOCHS of a training, as far as it is."""
    from voice_assets.piper.loss_tables import epochs_in

    return epochs_in(shared_files(voice, version))


def _candidate(gate: Gate, spoken: Materialisation, curve: "pd.DataFrame") -> "Candidate":
    """One epoch with its samples, its scores, and the rules of the samples that it failed."""
    from voice_assets.tournament.candidates import Candidate

    key = spoken.partition or ""
    _, epoch = parse_epoch_key(key)
    store = project_store()
    row = curve[curve["epoch"] == epoch]
    return Candidate(
        epoch_key=key,
        epoch=epoch,
        samples=tables.read(store, spoken.evidence["samples"]),
        scores={str(name): float(value) for name, value in tables.read(store, spoken.evidence["scores"]).iloc[0].items()},
        hashes=spoken.metadata["sample_sha256"],
        failed=[f"{blocker.check}: {blocker.reason}" for blocker in gate.verdicts(spoken)],
        curve={} if row.empty else {name: float(row[name].iloc[0]) for name in ("validation_loss", "validation_mel")},
    )


def _record(voice: Voice, run_id: str, contents: "Contents", spoken: Sequence[Materialisation]) -> Path:
    """Write ``candidates.json`` for the page of the blind comparison. Candidates that failed waste nobody's time there."""
    from voice_assets.tournament.recorded import record

    passing = [one for one in contents.ranked if one.passes] or contents.ranked[:1]
    keys = {one.epoch_key for one in passing}
    return record(
        artifacts_dir(voice.name) / NAME / run_id / "candidates.json",
        voice.name,
        voice.title,
        voice.tournament.seed,
        passing,
        {one.partition or "": one.artifact("folder") for one in spoken},
        [pair for pair in contents.ranking.undecided if keys.issuperset(pair)],
    )
