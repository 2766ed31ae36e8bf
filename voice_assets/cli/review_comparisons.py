"""What the page of the blind comparison shows and records, read from the instance: the newest tournament of a voice.

Belongs here: which materialisation the tournament is, and that its audio is exactly what was recorded. Does not belong here:
the page (``review``), and how votes are recorded (``orchestration.blind_votes``).
"""

from dataclasses import dataclass

import dagster as dg

from voice_assets.orchestration.blind_votes import record_votes
from voice_assets.orchestration.history import History
from voice_assets.orchestration.records import Materialisation
from voice_assets.review.comparisons import FEWEST_CANDIDATES, Comparison
from voice_assets.review.subjects import NoSubjectError, voice_named
from voice_assets.runtime.storage import StoreError, project_store
from voice_assets.tournament import recorded, votes
from voice_assets.tournament.candidates import TournamentError

TOURNAMENT = "best_epoch"
CANDIDATES = "candidates"
"""The metadata entry of ``best_epoch`` with the recorded file ``candidates.json`` (``tournament.recorded``)."""


@dataclass(frozen=True)
class _Known:
    """A comparison whose files were verified, of one materialisation."""

    storage_id: int
    comparison: Comparison


class RecordedComparisons:
    """The blind comparison of every voice of the project. Implements ``review.comparisons.Comparisons``.

    Args:
        instance: where materialisations and votes are recorded.
    """

    def __init__(self, instance: dg.DagsterInstance):
        self._instance = instance
        self._known: dict[str, _Known] = {}

    def comparison(self, voice: str) -> Comparison:
        """The newest tournament; see ``review.comparisons.Comparisons``. The files of one tournament are verified once."""
        found = voice_named(voice)
        newest = History(self._instance).latest(dg.AssetKey([voice, TOURNAMENT]))
        if newest is None or not newest.run_id or CANDIDATES not in newest.artifacts:
            raise NoSubjectError(f"{voice}/{TOURNAMENT} was never materialised: `voice-assets run {voice}` makes it")
        known = self._known.get(voice)
        if known is None or known.storage_id != newest.storage_id:
            known = _Known(newest.storage_id, _comparison(found.title, newest))
            self._known[voice] = known
        return known.comparison

    def voted(self, comparison: Comparison) -> None:
        """Record the votes that count now; see ``review.comparisons.Comparisons``."""
        file, store = votes.votes_file(comparison.voice), project_store()
        if store.apart:
            store.add(file)  # the machine that makes the ranking reads it there
        every = votes.read(file)
        record_votes(self._instance, comparison.voice, votes.counted(every, comparison.tournament.hashes))


def _comparison(title: str, newest: Materialisation) -> Comparison:
    """The tournament of a materialisation.

    Raises:
        NoSubjectError: too few candidates, or a file is gone or was changed.
    """
    voice, store = newest.key.path[0], project_store()
    try:
        artifact = newest.artifact(CANDIDATES)
        tournament = recorded.load(store.open(artifact))
        folders = {one.epoch_key: store.open(one.folder.artifact) for one in tournament.candidates}
    except (StoreError, TournamentError) as error:
        raise NoSubjectError(str(error)) from error
    if len(tournament.candidates) < FEWEST_CANDIDATES:
        only = tournament.candidates[0].epoch_key
        raise NoSubjectError(f"{voice}/{TOURNAMENT} has one candidate, {only}: there is nothing to compare")
    name = f"{title}: blind comparison of {len(tournament.candidates)} epochs"
    return Comparison(voice, name, artifact.sha256, tournament, folders)
