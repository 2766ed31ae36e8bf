"""``drift_report.html``: what changed since the last validation that passed, with players and word diffs."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from markupsafe import Markup

from voice_assets.asr.drift import STEP
from voice_assets.quality.histogram import bins
from voice_assets.reports import drift_layout as layout
from voice_assets.reports import html, plots, trend
from voice_assets.reports.transcripts_layout import records
from voice_assets.reports.verdicts import word
from voice_assets.reports.whisper_page import coloured

MOST_PLAYERS = 200
"""Most clips with a player in one section; ``clips.tsv`` has all."""
MOST_RINGS = 200

_HEADINGS = {
    "clip_id": "Clip", "player": "Listen", "similarity_before": "Before", "similarity": "Now", "difference": "Change",
    "diff_before": "Diff before", "diff": "Diff now", "notes": "Notes",
}  # fmt: skip
_TILES = ("newly_low", "worse", "fixed", "better", "added", "removed")


def _texts(row: Mapping[str, object], before: str, contents: layout.Contents) -> Markup:
    reference, hypothesis = str(row[f"reference{before}"]), str(row[f"hypothesis{before}"])
    return coloured(reference, hypothesis, contents.language) if reference or hypothesis else Markup("–")


def _notes(row: Mapping[str, object], contents: layout.Contents) -> Markup:
    """The changes of a clip, its text before and now where that differs, and who kept the clip."""
    words = str(row["changes"]).split()
    notes = [Markup("{}").format("; ".join(layout.SECTIONS[one].lower() for one in words))]
    if "text_changed" in words:
        changed = coloured(str(row["reference_before"]), str(row["reference"]), contents.language)
        notes.append(Markup("text: {}").format(changed))
    if row["kept"]:
        by = f" by {row['kept_by']}" if row["kept_by"] else ""
        notes.append(Markup('<span class="badge pass">heard and kept in {}{}</span>').format(row["kept"], by))
    return Markup("<br>").join(notes)


def _clip_rows(clips: pd.DataFrame, contents: layout.Contents, folder: Path) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for row in records(clips.head(MOST_PLAYERS)):
        player = html.audio(html.relative_url(contents.dataset / str(row["path"]), folder)) if row["path"] else "–"
        sides = {"diff_before": _texts(row, "_before", contents), "diff": _texts(row, "", contents)}
        rows.append({**row, **sides, "player": player, "notes": _notes(row, contents)})
    return rows


def _section(change: str, contents: layout.Contents, folder: Path) -> Markup:
    clips, total = layout.section_clips(contents.drift, change), contents.drift.counts[change]
    elsewhere = f" {total - len(clips)} of all {total} are in a section above." if len(clips) < total else ""
    shown = f" The first {MOST_PLAYERS} are shown." if len(clips) > MOST_PLAYERS else ""
    return html.section(
        f"{layout.SECTIONS[change]}: {len(clips)}",
        html.paragraph(f"{layout.meaning(change)}{elsewhere}{shown} clips.tsv has all.", "soft"),
        html.table(_clip_rows(clips, contents, folder), _HEADINGS),
    )


def _compared(contents: layout.Contents) -> Markup:
    """Which validations are compared, and what differs between them."""
    if contents.before is None:
        return html.section("Compared with", html.paragraph(layout.FIRST, "soft"))
    note = f"Before: {contents.before}. Now: {contents.now}."
    differences = html.table(contents.differences, layout.DIFFERENCE_HEADINGS)
    return html.section(
        "What changed",
        html.paragraph(note, "soft"),
        differences if contents.differences else html.paragraph(layout.SAME, "soft"),
    )


def _affected(contents: layout.Contents) -> Markup:
    note = "Checkpoints, ONNX voices and packages that were made before. The check still_valid in the Dagster UI says the same."
    rows = layout.affected_rows(contents)
    nothing = html.paragraph("Nothing speaks against what was made before.", "soft")
    table = html.join([html.paragraph(note, "soft"), html.table(rows, layout.AFFECTED_HEADINGS)])
    return html.section(f"Affected results: {len(contents.affected)}", table if rows else nothing)


def _scatter(contents: layout.Contents) -> Markup:
    """Similarity now against similarity before, of every clip that both validations scored; rings are newly low clips."""
    pairs = contents.drift.pairs
    if pairs.empty:
        return Markup("")
    newly = layout.section_clips(contents.drift, "newly_low")
    rings = [
        (
            one["similarity_before"],
            one["similarity"],
            f"{one['clip_id']}: {one['similarity_before']:.2f} to {one['similarity']:.2f}",
        )
        for one in records(newly[newly["difference"].notna()].head(MOST_RINGS))
    ]
    sides = (pairs["similarity_before"].tolist(), pairs["similarity"].tolist())
    drawing = plots.density(*sides, ("similarity before", "similarity now"), rings)
    note = "Every clip of both validations. Under the diagonal, a clip got worse. Rings are newly low clips."
    changes = (pairs["similarity"] - pairs["similarity_before"]).tolist()
    bars = plots.histogram(bins(changes, STEP), "change of similarity", {"no change": 0.0})
    cards = [
        html.figure("Similarity before and now", drawing, note),
        html.figure("Change of similarity", bars, "Of every clip of both validations. Left of the line, a clip got worse."),
    ]
    return html.section("Clip by clip", html.figures(*cards))


def _tiles(contents: layout.Contents) -> Markup:
    counts = contents.drift.counts
    tiles = [(layout.SECTIONS[name], str(counts[name]), layout.meaning(name).rstrip(".")) for name in _TILES]
    figures = {row["figure"]: row for row in layout.figure_rows(contents.drift.before, contents.drift.now)}
    both = (figures["Mean similarity"], figures["Low share"])
    return html.tiles(
        [*tiles, *((one["figure"], one["now"], f"before {one['before']}, change {one['change']}") for one in both)]
    )


def page(contents: layout.Contents, folder: Path, made: str) -> str:
    """The whole page, for a file in ``folder``."""
    body = html.join([
        html.verdict_badge(word(contents.verdicts)),
        _tiles(contents),
        _compared(contents),
        _affected(contents),
        html.section("Rules of this validation", html.rule_table(contents.verdicts)),
        html.section(
            "Figures", html.table(layout.figure_rows(contents.drift.before, contents.drift.now), layout.FIGURE_HEADINGS)
        ),
        trend.section(contents.past),
        _scatter(contents),
        *(_section(change, contents, folder) for change in layout.SECTIONS),
    ])  # fmt: skip
    return html.page(f"Drift: {contents.title}", body, f"Data set {contents.place}. Written {made}.")
