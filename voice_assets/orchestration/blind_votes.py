"""The votes of the blind comparison as the external asset ``blind_votes``, which ``best_epoch`` reads.

Every vote is kept in a file that only grows (``tournament.votes``). Here each new vote is one materialisation of the asset that
no run made, whose data version is a hash of all votes that count. So Dagster shows that the tournament is out of date.

Not here: the page on which people vote (``review``), and what votes mean (``tournament``).
"""

from collections.abc import Sequence

import dagster as dg

from voice_assets.runtime import project
from voice_assets.tournament.votes import Vote, version, votes_file

VOTES = "blind_votes"


def record_votes(instance: dg.DagsterInstance, voice: str, votes: Sequence[Vote]) -> None:
    """Record the votes that count now.

    Args:
        instance: where to.
        voice: the name of the voice.
        votes: the votes that count, the oldest first; at least one.
    """
    people, newest = sorted({vote.by for vote in votes}), votes[-1]
    instance.report_runless_asset_event(
        dg.AssetMaterialization(
            dg.AssetKey([voice, VOTES]),
            description=f"{len(votes)} votes by {len(people)} people; the newest by {newest.by}.",
            metadata={
                "votes": len(votes),
                "people": ", ".join(people),
                "newest_by": newest.by,
                "newest_time": newest.time,
                "file": project.portable(votes_file(voice)),
            },
            tags={"dagster/data_version": version(votes)},
        )
    )
