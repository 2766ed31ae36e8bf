"""The result of a tournament in words, such as "v0-e0120 and v0-e0150 cannot be told apart (difference 0.02, …)"."""

from collections.abc import Sequence

import pandas as pd

from voice_assets.tournament.bootstrap import Interval
from voice_assets.tournament.candidates import Candidate


def figure(value: float) -> str:
    """A score or a difference with three decimals; no minus sign before zero."""
    text = f"{value:.3f}"
    return "0.000" if text == "-0.000" else text


def interval_text(interval: Interval) -> str:
    """A difference with its interval, in brackets."""
    low, high = figure(interval.low), figure(interval.high)
    return f"(difference {figure(interval.mean)}, 95 % CI {low} to {high})"


def compared(names: tuple[str, str], difference: Interval, preferred: tuple[float, int], clearly: bool) -> str:
    """Two candidates in words.

    Args:
        names: their epoch keys.
        difference: the first's score minus the second's.
        preferred: how many votes preferred the first, and how many votes there are on the pair.
        clearly: whether the votes tell the two apart.
    """
    if difference.excludes_zero:
        better, worse = names if difference.mean > 0 else names[::-1]
        shown = difference if difference.mean > 0 else difference.reversed()
        said = f"{better} scores higher than {worse} {interval_text(shown)}"
    elif clearly:
        said = f"the scores cannot tell {names[0]} and {names[1]} apart {interval_text(difference)}"
    else:
        said = f"{names[0]} and {names[1]} cannot be told apart {interval_text(difference)}"
    return said + _votes(names, preferred, clearly)


def _votes(names: tuple[str, str], preferred: tuple[float, int], clearly: bool) -> str:
    first, both = preferred
    if clearly and not both:
        return "; votes on other pairs tell the two apart"
    if not both:
        return ""
    decided = ", which tells them apart" if clearly else ", too few to tell them apart"
    return f"; in the blind comparison {first:g} : {both - first:g} for {names[0]}{decided}"


def headline(candidates: Sequence[Candidate], table: pd.DataFrame) -> str:
    """The result in a sentence or two.

    Args:
        candidates: in the order of the ranking.
        table: RANKING.
    """
    first = table.iloc[0]
    name = candidates[0].epoch_key
    if not candidates[0].passes:
        return f"No candidate passes the rules of its samples. {name} comes closest, with a score of {figure(first['score'])}."
    said = f"{name} is the best of {len(candidates)} candidates" if len(candidates) > 1 else f"{name} is the only candidate"
    said += (
        f", with a score of {figure(first['score'])} (95 % CI {figure(first['score_low'])} to {figure(first['score_high'])})."
    )
    tied = str(first["tied_with"]).split()
    if not tied:
        return said
    others = tied[0] if len(tied) == 1 else f"{', '.join(tied[:-1])} and {tied[-1]}"
    return f"{said} It cannot be told apart from {others}. Votes in the blind comparison can decide."
