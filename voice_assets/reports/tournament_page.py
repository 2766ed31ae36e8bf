"""``best_epoch.html``: the result of a tournament with intervals, players beside each other, curves and reasons."""

from collections.abc import Hashable, Mapping
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from voice_assets.reports import html, tournament_plots
from voice_assets.reports import tournament_layout as layout
from voice_assets.reports.verdicts import Word
from voice_assets.reports.whisper_page import coloured
from voice_assets.tournament.bootstrap import Interval
from voice_assets.tournament.candidates import Candidate

_CELL = Markup('{}<div class="soft">{}</div><div>{}</div>')
_BESIDE = Markup('<div class="beside">\n{}\n</div>')
_DIGITS = {"rank": 0, "mos": 2, "mos_2": 2, "rate_ratio": 2, "weight": 1}


def page(contents: layout.Contents, made: str) -> str:
    """The whole page, for a file beside the folder ``samples``."""
    ranking = contents.ranking
    body = html.join(
        [
            html.paragraph(ranking.headline, "lead"),
            _tiles(contents),
            html.section("Scores", _score_figures(contents)),
            html.section(
                "Ranking",
                html.paragraph(layout.RANKING_NOTE, "soft"),
                html.table(_ranking_rows(contents), layout.RANKING_HEADINGS, _DIGITS),
            ),
            html.section("Reasons", html.paragraph(layout.ORDER_NOTE, "soft"), _reasons(contents)),
            html.section("Listen", html.paragraph(_listen_note(contents), "soft"), _players(contents)),
            html.section(
                "Pairs",
                html.paragraph(layout.PAIR_NOTE, "soft"),
                html.table(_pair_rows(contents), layout.PAIR_HEADINGS),
            ),
            html.section(
                "Parts of the score",
                html.paragraph(layout.PART_NOTE, "soft"),
                html.table(layout.part_rows(ranking), layout.PART_HEADINGS, _DIGITS),
            ),
            _curves(contents),
        ]
    )
    return html.page(f"Best epoch: {contents.title}", body, f"The tournament of the epochs. Written {made}.")


def _tiles(contents: layout.Contents) -> Markup:
    ranking, first = contents.ranking, contents.ranking.table.iloc[0]
    sentences = contents.candidates[0].samples["text"].nunique()
    tied = str(first["tied_with"]).split()
    return html.tiles(
        [
            ("Best epoch", ranking.winner or "none", "passes every rule" if ranking.winner else "no candidate passes"),
            ("Score", html.number(first["score"], 3), f"95 % CI {first['score_low']:.3f} to {first['score_high']:.3f}"),
            ("Tied with it", str(len(tied)), ", ".join(tied) or "told apart from all others"),
            ("Candidates", str(len(ranking.table)), f"{int(ranking.table['passes'].sum())} pass their rules"),
            ("Sentences", str(sentences), "spoken by every candidate"),
            ("Blind votes", str(len(ranking.votes)), f"by {len({vote.by for vote in ranking.votes})} people"),
        ]
    )


def _score_figures(contents: layout.Contents) -> Markup:
    rows = contents.ranking.table.to_dict("records")
    bars = [
        tournament_plots.Bar(str(one["epoch_key"]), one["score"], one["score_low"], one["score_high"], one["rank"] == 1)
        for one in rows
    ]
    cards = [
        html.figure("Score", tournament_plots.intervals(bars, "score"), "Mean over the sentences; the band is its 95 % CI.")
    ]
    if len(rows) > 1:
        behind = [
            tournament_plots.Bar(str(one["epoch_key"]), one["behind"], one["behind_low"], one["behind_high"], _apart(one))
            for one in rows[1:]
        ]
        note = (
            f"{rows[0]['epoch_key']} minus the candidate, on the same sentences. A band that holds 0: the scores cannot tell."
        )
        drawing = tournament_plots.intervals(behind, "difference of the scores", zero=True)
        cards.append(html.figure("Behind rank 1", drawing, note))
    return html.figures(*cards)


def _apart(row: Mapping[Hashable, Any]) -> bool:
    """Whether the scores tell a candidate and rank 1 apart."""
    return Interval(row["behind"], row["behind_low"], row["behind_high"]).excludes_zero


def _ranking_rows(contents: layout.Contents) -> list[dict[str, object]]:
    words: Mapping[object, Word] = {"PASS": "PASS", "FAIL": "FAIL"}
    return [
        {
            **row,
            "candidate": html.one_line(str(row["candidate"])),
            "interval": html.one_line(str(row["interval"])),
            "rules": html.verdict_badge(words[row["rules"]]) if row["rules"] else "",
            "tied": _keys(str(row["tied"])),
        }
        for row in layout.ranking_rows(contents)
    ]


def _keys(keys: str) -> Markup:
    """Epoch keys, none of them broken into lines."""
    return Markup(" ").join(html.one_line(key) for key in keys.split())


def _pair_rows(contents: layout.Contents) -> list[dict[str, object]]:
    lines = ("first", "second", "interval", "votes")
    return [{**row, **{key: html.one_line(str(row[key])) for key in lines}} for row in layout.pair_rows(contents.ranking)]


def _reasons(contents: layout.Contents) -> Markup:
    rows = [
        {
            **row,
            "candidate": html.one_line(str(row["candidate"])),
            "why": html.reasons(str(row["why"])),
        }
        for row in layout.reason_rows(contents.ranking)
    ]
    return html.table(rows, layout.REASON_HEADINGS)


def _listen_note(contents: layout.Contents) -> Markup:
    blind = Markup(" To compare blind, and to vote: <code>voice-assets review {} --blind</code>").format(contents.voice)
    more = blind if sum(one.passes for one in contents.candidates) > 1 else Markup("")
    return Markup("Every candidate speaks the same sentences. Under each player: what the recogniser heard.") + more


def _players(contents: layout.Contents) -> Markup:
    rows: list[dict[str, object]] = []
    for sides in layout.sample_rows(contents):
        row: dict[str, object] = {"text": str(sides[0][1]["text"])}
        rows.append(row | {one.epoch_key: _cell(one, sample, contents.language) for one, sample in sides})
    headings = {one.epoch_key: f"{rank}. {one.epoch_key}" for rank, one in enumerate(contents.ranked, start=1)}
    return _BESIDE.format(html.table(rows, {"text": "Sentence", **headings}))


def _cell(candidate: Candidate, sample: Mapping[str, object], language: str) -> Markup:
    source = quote(PurePosixPath(layout.sample_path(candidate.epoch_key, str(sample["sample"]))).as_posix())
    heard = coloured(str(sample["text"]), str(sample["hypothesis"]), language) if "hypothesis" in sample else Markup("")
    return _CELL.format(html.audio(source), layout.sample_figures(sample), heard)


def _curves(contents: layout.Contents) -> Markup:
    """The curves of every training that a candidate came from."""
    cards = [
        card
        for training in contents.curves
        for name, columns in layout.CURVES
        for card in _curve(contents, training, name, columns)
    ]
    return html.section("Curves", html.figures(*cards)) if cards else Markup("")


def _curve(contents: layout.Contents, training: str, name: str, columns: Mapping[str, str]) -> list[Markup]:
    """One drawing of one training; none without a candidate or without a finite value."""
    table, first = contents.curves[training], contents.ranked[0].epoch_key
    found = [
        tournament_plots.Curve(label, points)
        for label, column in columns.items()
        if (points := layout.curve_points(table, column))
    ]
    marks = [
        (one.epoch, f"e{one.epoch}", one.epoch_key == first)
        for one in contents.ranked
        if one.epoch_key.partition("-")[0] == training
    ]
    if not found or not marks:
        return []
    drawing = tournament_plots.curves(found, marks, name.lower())
    return [html.figure(f"{name}, training {training}", drawing, layout.CURVE_NOTE)]
