"""The figures of the clients beside those of the voice here, one row a client, for the suite ``release``."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from voice_assets.dataset.tables import CLIENTS, HERE, frame
from voice_assets.release.clients.environment import ClientsError
from voice_assets.release.clients.speaking import Spoken

NOTHING_HEARD = {"cer": 1.0, "first_word": 0.0, "last_word": 0.0}
"""The figures of a client that did not speak: as of empty hypotheses."""


def clients_table(spoken: Sequence[Spoken], heard: pd.DataFrame) -> pd.DataFrame:
    """CLIENTS, in the order of ``spoken``.

    Args:
        spoken: what became of each client (``speaking.speak_through_clients``).
        heard: HEARD, with the rows of every client that spoke, and of HERE.

    Raises:
        ClientsError: ``heard`` has not exactly one row for each sentence and each client that spoke.
    """
    here = heard[heard["client"] == HERE].set_index("sentence").sort_index()
    return frame([_row(one, heard, here) for one in spoken], CLIENTS)


def _row(one: Spoken, heard: pd.DataFrame, here: pd.DataFrame) -> dict[str, Any]:
    cer_here = float(here["cer"].mean())
    figures = NOTHING_HEARD if one.problem else _figures(one.client, heard, here)
    row = {"client": one.client, "version": one.version, "problem": one.problem, "sentences": len(here)}
    return {**row, **figures, "cer_here": cer_here, "cer_excess": figures["cer"] - cer_here}


def _figures(client: str, heard: pd.DataFrame, here: pd.DataFrame) -> dict[str, float]:
    own = heard[heard["client"] == client].set_index("sentence").sort_index()
    if here.empty or not own.index.equals(here.index):
        raise ClientsError(f"{client}: {len(own)} sentences were heard, {len(here)} of the voice here; both need the same")
    figures = {"cer": float(own["cer"].mean())}
    for place in ("first", "last"):
        # The words that are wrong here too are the voice's fault, and the suite voice_samples judges the voice.
        lost = own[f"{place}_word_wrong"] & ~here[f"{place}_word_wrong"]
        figures[f"{place}_word"] = float((~lost).mean())
    return figures
