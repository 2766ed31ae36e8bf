"""What both forms of the report on a tournament say: headings, rows and texts. Not here: HTML and Markdown."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from voice_assets.tournament.candidates import Candidate
from voice_assets.tournament.ranking import Ranking
from voice_assets.tournament.scores import PARTS

RANKING_HEADINGS = {
    "rank": "Rank",
    "candidate": "Candidate",
    "rules": "Rules",
    "score": "Score",
    "interval": "95 % CI",
    "cer": "CER",
    "cer_excess": "CER excess",
    "mos": "MOS",
    "mos_2": "MOS 2",
    "likeness": "Likeness",
    "rate_ratio": "Rate",
    "ends_right": "Ends right",
    "validation_mel": "Val. mel",
    "votes": "Votes for",
    "share": "Vote share",
    "tied": "Cannot be told apart from",
}
RANKING_NOTE = (
    "Score: mean over the sentences, 0 to 1. CER excess: over the recogniser's own CER on recordings. MOS: predicted, 1 to 5, "
    "by two models. Rate: speaking rate / the data set's. Ends right: first and last words heard. Vote share: expected "
    "against an average candidate. The last row is the recordings themselves."
)
REASON_HEADINGS = {"rank": "Rank", "candidate": "Candidate", "why": "Why"}
PAIR_HEADINGS = {
    "first": "Better rank",
    "second": "Other",
    "difference": "Difference",
    "interval": "95 % CI",
    "votes": "Votes",
    "words": "In words",
}
PAIR_NOTE = (
    "The intervals hold for all pairs together: if all candidates were equal, 95 % of tournaments would tell no pair apart."
)
PART_HEADINGS = {
    "part": "Part",
    "weight": "Weight",
    "meaning": "Meaning",
    "best": "Best",
    "without": "Best score without it",
}
PART_NOTE = (
    "The score is the weighted sum of these parts, each 0 to 1. Best: who leads in this part alone. Last column: who would "
    "have the best score if the part did not count; if that is always the same candidate, no single part decides."
)
ORDER_NOTE = (
    "Order: candidates that fail a rule come last. Then clear votes of the blind comparison decide, then the score. Candidates "
    "that the scores cannot tell apart are ordered by their votes, where both have some. Losses decide nothing."
)
CURVE_NOTE = "Shown for context; no loss decides. Lines are the candidates, the solid one is rank 1."
CURVES = (
    ("Mel loss", {"training": "loss_mel", "validation": "validation_mel"}),
    ("Generator loss", {"training": "loss", "validation": "validation_loss"}),
)


@dataclass(frozen=True)
class Contents:
    """What the report is about.

    Attributes:
        voice: the voice's name, for commands.
        title: the voice's name for people.
        language: two letters, for the word diff.
        candidates: in any order.
        ranking: the result.
        folders: the local folder of each candidate's samples, by epoch key.
        curves: EPOCHS of each training, by the first part of the epoch key, such as ``v0``; may be empty.
    """

    voice: str
    title: str
    language: str
    candidates: Sequence[Candidate]
    ranking: Ranking
    folders: Mapping[str, Path]
    curves: Mapping[str, pd.DataFrame]

    @property
    def ranked(self) -> list[Candidate]:
        """The candidates in the order of the ranking."""
        by_key = {one.epoch_key: one for one in self.candidates}
        return [by_key[key] for key in self.ranking.table["epoch_key"]]


def sample_path(epoch_key: str, sample: str) -> str:
    """Where the report keeps the audio of a sample, relative to the report's folder."""
    return f"samples/{epoch_key}/{sample}"


def ranking_rows(contents: Contents) -> list[dict[str, object]]:
    """The rows of RANKING for people, and the recordings as the last row."""
    rows: list[dict[str, object]] = [
        {
            **{
                key: one[key]
                for key in ("rank", "score", "cer", "cer_excess", "mos", "mos_2", "likeness", "rate_ratio", "validation_mel")
            },
            "candidate": one["epoch_key"],
            "rules": "PASS" if one["passes"] else "FAIL",
            "interval": f"{one['score_low']:.3f} to {one['score_high']:.3f}",
            "ends_right": f"{one['ends_right']:.0%}",
            "votes": f"{one['preferred']:g} of {one['votes']}" if one["votes"] else "–",
            "share": f"{one['vote_share']:.0%}" if math.isfinite(one["vote_share"]) else "–",
            "tied": one["tied_with"] or "–",
        }
        for one in contents.ranking.table.to_dict("records")
    ]
    return [*rows, _recordings(contents.candidates[0].scores)]


def _recordings(scores: Mapping[str, float]) -> dict[str, object]:
    own = {name: float(scores.get(f"own_{name}", math.nan)) for name in ("cer", "mos", "mos_2", "likeness")}
    row: dict[str, object] = dict.fromkeys(RANKING_HEADINGS, "")
    return {**row, "candidate": "recordings", **own, "cer_excess": 0.0, "rate_ratio": 1.0}


def reason_rows(ranking: Ranking) -> list[dict[str, object]]:
    """Why each candidate has its rank."""
    return [
        {"rank": one["rank"], "candidate": one["epoch_key"], "why": one["reasons"]} for one in ranking.table.to_dict("records")
    ]


def pair_rows(ranking: Ranking) -> list[dict[str, object]]:
    """The rows of PAIRS for people."""
    return [
        {
            **{key: one[key] for key in ("first", "second", "difference", "words")},
            "interval": f"{one['low']:.3f} to {one['high']:.3f}",
            "votes": f"{one['preferred']:g} : {one['votes'] - one['preferred']:g}" if one["votes"] else "–",
        }
        for one in ranking.pairs.to_dict("records")
    ]


def part_rows(ranking: Ranking) -> list[dict[str, object]]:
    """The parts of the score, each with its leaders."""
    everybody = len(ranking.table)
    return [
        {
            "part": part.name,
            "weight": part.weight,
            "meaning": part.meaning,
            "best": "all equal" if 1 < len(best) == everybody else ", ".join(best),
            "without": ranking.best_without[part.name],
        }
        for part in PARTS
        for best in [ranking.best_by_part[part.name]]
    ]


def sample_rows(contents: Contents) -> list[list[tuple[Candidate, dict[str, object]]]]:
    """The samples beside each other: one list for each sentence and seed, with every candidate in the order of the ranking."""
    spoken = contents.ranked[0].samples
    found = []
    for text, seed in zip(spoken["text"], spoken["seed"], strict=True):
        sides = []
        for one in contents.ranked:
            same = one.samples[(one.samples["text"] == text) & (one.samples["seed"] == seed)]
            sides.append((one, {str(key): value for key, value in same.iloc[0].to_dict().items()}))
        found.append(sides)
    return found


def sample_figures(row: Mapping[str, object]) -> str:
    """The scores of one sample in a line."""
    wrong = [name for name, column in (("first", "first_word_wrong"), ("last", "last_word_wrong")) if row[column]]
    ends = f" · {' and '.join(wrong)} word wrong" if wrong else ""
    mos = f"MOS {float(str(row['mos'])):.2f} / {float(str(row['mos_2'])):.2f}"
    return f"CER {float(str(row['cer'])):.2f} · {mos} · like {float(str(row['likeness'])):.2f}{ends}"


def curve_points(curve: pd.DataFrame, column: str) -> list[tuple[float, float]]:
    """The finite (epoch, value) points of a column; none where there is no such column."""
    if column not in curve:
        return []
    pairs = zip(curve["epoch"].astype(float), curve[column].astype(float), strict=True)
    return [(epoch, value) for epoch, value in pairs if math.isfinite(value)]
