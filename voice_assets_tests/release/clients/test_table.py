"""The figures of the clients beside the voice's own."""

import pandas as pd
import pytest

from voice_assets.dataset.tables import CLIENTS, HEARD, HERE, frame
from voice_assets.release.clients.environment import ClientsError
from voice_assets.release.clients.speaking import Spoken
from voice_assets.release.clients.table import clients_table


def heard(**by_client: list[tuple[float, bool, bool]]) -> pd.DataFrame:
    """HEARD from (cer, first word wrong, last word wrong) of each sentence."""
    rows = [
        {"client": client, "sentence": number, "text": "", "same_sound": False, "hypothesis": "", "cer": cer}
        | {"first_word_wrong": first, "last_word_wrong": last}
        for client, sentences in by_client.items()
        for number, (cer, first, last) in enumerate(sentences, start=1)
    ]
    return frame(rows, HEARD)


GOOD = Spoken("piper", "1.8.0", "")


def test_means_and_their_difference() -> None:
    table = clients_table(
        [GOOD], heard(piper=[(0.1, False, False), (0.3, False, False)], **{HERE: [(0.0, False, False), (0.3, False, False)]})
    )
    assert list(table.columns) == list(CLIENTS)
    row = table.iloc[0]
    assert (row["client"], row["version"], row["problem"], row["sentences"]) == ("piper", "1.8.0", "", 2)
    assert (row["cer"], row["cer_here"], row["cer_excess"]) == pytest.approx((0.2, 0.15, 0.05))
    assert (row["first_word"], row["last_word"]) == (1, 1)


def test_a_word_that_is_lost_here_too_is_not_the_clients_fault() -> None:
    own = [(0.0, True, False), (0.0, True, False), (0.0, False, True), (0.0, False, True)]
    here = [(0.0, True, False), (0.0, False, False), (0.0, False, True), (0.0, False, False)]
    row = clients_table([GOOD], heard(piper=own, **{HERE: here})).iloc[0]
    assert (row["first_word"], row["last_word"]) == (0.75, 0.75)


def test_a_client_with_a_problem_has_the_figures_of_silence() -> None:
    silent = Spoken("sherpa-onnx", "1", "ended with exit code 1")
    table = clients_table([silent, GOOD], heard(piper=[(0.1, False, False)], **{HERE: [(0.1, False, False)]}))
    assert list(table["client"]) == ["sherpa-onnx", "piper"]
    row = table.iloc[0]
    assert (row["problem"], row["cer"], row["cer_excess"]) == ("ended with exit code 1", 1, 0.9)
    assert (row["first_word"], row["last_word"]) == (0, 0)


@pytest.mark.parametrize("own", [[], [(0.0, False, False)], [(0.0, False, False)] * 3])
def test_missing_hypotheses_are_no_success(own: list[tuple[float, bool, bool]]) -> None:
    with pytest.raises(ClientsError, match=f"piper: {len(own)} sentences were heard, 2 of the voice here"):
        clients_table([GOOD], heard(piper=own, **{HERE: [(0.0, False, False)] * 2}))


def test_nothing_heard_here_is_no_success() -> None:
    with pytest.raises(ClientsError, match="0 of the voice here"):
        clients_table([GOOD], heard(piper=[]))
