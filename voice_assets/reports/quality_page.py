"""``quality_report.html``: the quality report with charts and players. One file; the players load clips of the data set."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from markupsafe import Markup

from voice_assets.quality.summary import SILENT_BELOW_DB
from voice_assets.reports import html, plots
from voice_assets.reports.quality_layout import HISTOGRAMS, Figures, chart_bins
from voice_assets.reports.verdicts import Verdict, word


class Players:
    """Makes players for clips of one data set, on a page in one folder."""

    def __init__(self, dataset: Path, folder: Path) -> None:
        self._dataset, self._folder = dataset, folder

    def one(self, path: str) -> Markup:
        """The player of the clip at ``path``, relative to the data set."""
        return html.audio(html.relative_url(self._dataset / path, self._folder))


def _tiles(facts: Figures) -> Markup:
    number = html.number
    return html.tiles(
        [
            ("Clips", number(facts["clips"], 0), f"{number(facts['clips_missing'], 0)} missing"),
            ("Hours", number(facts["hours"]), f"median clip {facts['duration_s_p50']:.1f} s"),
            ("Text length p95", number(facts["text_length_p95"], 1), "characters"),
            ("Repeated texts", f"{facts['duplicate_ratio']:.1%}", f"{facts['duplicate_texts']} clips"),
            ("Same recording", number(facts["duplicate_audio"], 0), "as an earlier clip"),
            ("Silent", number(facts["silent_clips"], 0), f"clips under {SILENT_BELOW_DB:.0f} dB"),
            ("Clipped", number(facts["clipped_clips"], 0), "clips"),
            ("Speaking rate", number(facts["chars_per_s_p50"], 1), "letters per second, median"),
        ]
    )


def _charts(stats: pd.DataFrame, suspects: pd.DataFrame) -> Markup:
    cards = []
    for column, width, unit, name, note in HISTOGRAMS:
        median = float(stats[column].median())
        drawing = plots.histogram(chart_bins(stats, column, width), unit, {f"median {median:.3g}": median})
        cards.append(html.figure(name, drawing, note))
    rows = suspects.to_dict("records")
    rings = [(one["duration_s"], one["text_length"], f"{one['clip_id']}: {one['reasons']}") for one in rows]
    units = ("duration, s", "characters of text")
    cloud = plots.density(stats["duration_s"].tolist(), stats["text_length"].tolist(), units, rings)
    note = "Rings are suspects. Far from the other clips, text and audio do not match."
    cards.append(html.figure("Text against duration", cloud, note))
    return html.figures(*cards)


def _suspects(suspects: pd.DataFrame, players: Players) -> Markup:
    rows: list[dict[str, object]] = [
        {
            "clip": Markup("<code>{}</code>").format(one["clip_id"]),
            "listen": players.one(str(one["path"])),
            "why": html.reasons(str(one["reasons"])),
            "text": one["text"],
            "s": one["duration_s"],
            "suspicion": one["suspicion"],
        }
        for one in suspects.to_dict("records")
    ]
    columns = {"clip": "Clip", "listen": "Listen", "why": "Why", "text": "Text", "s": "Seconds", "suspicion": "Suspicion"}
    return html.table(rows, columns, {"s": 2, "suspicion": 1})


def _samples(samples: pd.DataFrame, players: Players) -> Markup:
    rows: list[dict[str, object]] = [
        {
            "clip": Markup("<code>{}</code>").format(one["clip_id"]),
            "listen": players.one(str(one["path"])),
            "text": one["text"],
            "s": one["duration_s"],
        }
        for one in samples.to_dict("records")
    ]
    return html.table(rows, {"clip": "Clip", "listen": "Listen", "text": "Text", "s": "Seconds"}, {"s": 2})


def report_page(
    title: str,
    stats: pd.DataFrame,
    facts: Figures,
    suspects: pd.DataFrame,
    samples: pd.DataFrame,
    players: Players,
    verdicts: Sequence[Verdict] | None,
    made: str,
) -> str:
    """The text of ``quality_report.html``: one file that works from disk; its players load clips of the data set."""
    body = html.join(
        [
            html.verdict_badge(word(verdicts)),
            _tiles(facts),
            html.section("Rules", html.rule_table(verdicts)),
            html.section("Distributions", _charts(stats, suspects)),
            html.section(
                f"Suspects ({len(suspects)})",
                html.paragraph("Clips that differ from the rest, worst first. Suspicion: robust z-score, from 3.5.", "soft"),
                _suspects(suspects, players),
            ),
            html.section(
                f"Samples to listen to ({len(samples)})",
                html.paragraph("Short and long clips, drawn by seed. To listen and decide: `voice-assets review`.", "soft"),
                _samples(samples, players),
            ),
        ]
    )
    return html.page(
        f"Quality: {title}", body, f"Signals and texts of every clip, before Whisper decodes them. Written {made}."
    )
