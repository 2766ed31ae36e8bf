"""``whisper_report.html``: the figures of a validation, and every suspect with a player and the word diff."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
from markupsafe import Markup

from voice_assets.asr.categories import by_category
from voice_assets.reports import html, trend
from voice_assets.reports import transcripts_layout as layout
from voice_assets.reports.verdicts import word
from voice_assets.reports.whisper_result import Report, ShardResult
from voice_assets.text.word_diff import diff

MOST_PLAYERS = 100
"""Most clips with a player in one section. A page with more is slow to open; the TSV files have all clips."""
MOST_SHARDS = 12
"""Most shards with a column in the table of categories; the report of each shard has its own categories."""

_HEADINGS = {
    "clip_id": "Clip", "player": "Listen", "similarity": "Similarity", "cer": "CER", "wer": "WER", "diff": "Diff",
    "reference": "Reference", "hypothesis": "Hypothesis", "notes": "Notes",
}  # fmt: skip
_WORDS = {
    "same": Markup("{}"),
    "missing": Markup('<del title="only in the reference">{}</del>'),
    "added": Markup('<ins title="only in the hypothesis">{}</ins>'),
}
_SECTIONS = {
    "low": "Low clips",
    "hallucination": "Hallucinations",
    "repeated": "Repeated",
    "numbers": "Other numbers",
    "cut": "Bad cuts",
    "words": "Other words",
}
_HELP = {
    "low": "The text or the cut may be wrong, or Whisper made an error: listen.",
    "hallucination": "The score is high enough, but Whisper wrote words over silence or noise, or a phrase it often invents.",
    "repeated": "The score is high enough, but the text may be spoken twice, or the hypothesis loops. The diff may be empty.",
    "numbers": "The score is high enough, but no decoding pass heard the numbers of the text.",
    "words": "The score is high enough, but words are quite different, missing or added; a negation changes few letters.",
    "cut": "The score is high enough, but the first or last word is wrong: the audio may begin too late or end too early.",
}
_FILES = {"low": "low_similarity.tsv"}


def coloured(reference: str, hypothesis: str, language: str) -> Markup:
    """The word diff as HTML: words only in the reference struck through in red, words only in the hypothesis in green."""
    return Markup(" ").join(_WORDS[piece.kind].format(piece.words) for piece in diff(reference, hypothesis, language))


def _notes(row: Mapping[str, object]) -> Markup:
    """The notes on a suspect: the reasons, the categories, the decoding pass, and the version in which a person kept it."""
    ends = [name for name, column in (("first word", "first_word_wrong"), ("last word", "last_word_wrong")) if row[column]]
    notes = [f"{' and '.join(ends)} wrong" if ends else "", "repeated" if row["repeated"] else ""]
    notes += ["other numbers" if row["other_numbers"] else ""]
    notes += [str(row["hallucination"]), str(row["categories"]), f"pass {row['decoding_pass']}"]
    by = f" by {row['kept_by']}" if row["kept_by"] else ""
    badge = Markup('<span class="badge pass">heard and kept in {}{}</span> ').format(row["kept"], by)
    return (badge if row["kept"] else Markup("")) + "; ".join(note for note in notes if note)


def _clip_rows(suspects: pd.DataFrame, report: Report, folder: Path) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for row in layout.records(suspects.head(MOST_PLAYERS)):
        player = html.audio(html.relative_url(report.dataset / str(row["path"]), folder)) if row["path"] else ""
        marked = coloured(row["reference"], row["hypothesis"], report.language)
        rows.append({**row, "player": player, "diff": marked, "notes": _notes(row)})
    return rows


def _suspect_section(kind: str, report: Report, folder: Path) -> Markup:
    """The suspects whose first suspicion is ``kind``."""
    suspects = report.suspects[report.suspects["suspicion"].str.split().str[0] == kind]
    limit = f" under {report.low_similarity:g}" if kind == "low" else ""
    kept = int((suspects["kept"] != "").sum())
    limit += f", {kept} of them kept" if kept else ""
    here = f"The worst {MOST_PLAYERS} are here; " if len(suspects) > MOST_PLAYERS else ""
    note = f"{_HELP[kind]} {here}{_FILES.get(kind, 'suspects.tsv')} has all; voice-assets fix reads its column decision."
    return html.section(
        f"{_SECTIONS[kind]}: {len(suspects)}{limit}",
        html.paragraph(note, "soft"),
        html.table(_clip_rows(suspects, report, folder), _HEADINGS),
    )


def _worst_shards(report: Report) -> list[ShardResult]:
    """All shards, or of many the ``MOST_SHARDS`` with the lowest mean similarity, the lowest first."""
    if len(report.shards) <= MOST_SHARDS:
        return list(report.shards)
    means = {shard.key: shard.transcripts["similarity"].mean() for shard in report.shards if len(shard.transcripts)}
    return sorted((one for one in report.shards if one.key in means), key=lambda one: (means[one.key], one.key))[:MOST_SHARDS]


def _shard_rows(report: Report, shards: Sequence[ShardResult]) -> list[dict[str, object]]:
    """One row per category: mean similarity, clips and low clips, for all shards together and for each of ``shards``."""
    tables = {"all": report.by_category}
    for shard in shards:
        tables[shard.key] = by_category(shard.transcripts, report.low_similarity)
    return [
        {"category": name, **{key: _category_cell(table, str(name)) for key, table in tables.items()}}
        for name in report.by_category["category"]
    ]


def _category_cell(table: pd.DataFrame, category: str) -> str:
    for row in layout.records(table[table["category"] == category]):
        low = f", {row['low']} low" if row["low"] else ""
        return f"{row['mean_similarity']:.3f} ({row['clips']} clips{low})"
    return "–"


def _categories(report: Report) -> Markup:
    parts: list[str] = [
        html.paragraph(layout.CATEGORY_NOTE, "soft"),
        html.table(layout.category_rows(report.by_category), layout.CATEGORY_HEADINGS),
    ]
    if len(report.shards) > 1:
        shown = _worst_shards(report)
        of = f"for the {len(shown)} lowest of {len(report.shards)} shards" if len(shown) < len(report.shards) else "by shard"
        keys = {shard.key: shard.key for shard in shown}
        parts += [
            html.paragraph(f"Mean similarity of each category, {of}:", "soft"),
            html.table(_shard_rows(report, shown), {"category": "Category", "all": "All", **keys}),
        ]
    return html.section("Categories", *parts)


def _tile(name: str, text: str) -> tuple[str, str, str]:
    """A fact as (name, its first word, the rest as a note), because tiles are narrow."""
    value, _, rest = text.partition(" ")
    return name, value.rstrip(","), rest.strip("()")


def page(report: Report, folder: Path) -> str:
    """The whole page, for a file in ``folder``."""
    later = int((report.every["decoding_pass"] != "fast").sum())
    figures = [_tile(name, value) for name, value in layout.summary(report.facts)]
    kept = int((report.suspects["kept"] != "").sum())
    figures += [("Other suspects", str(len(report.others())), "not low; see the sections below")]
    figures += [("Heard and kept", str(kept), "suspects that a person listened to")] if kept else []
    body = html.join([
        html.verdict_badge(word(report.verdicts)),
        html.tiles([*figures, ("Kept from a later decoding pass", str(later), "hypotheses of the wide or full pass")]),
        html.section("Rules", html.rule_table(report.verdicts)),
        trend.section(report.past),
        _categories(report),
        *(_suspect_section(kind, report, folder) for kind in layout.SUSPICIONS),
    ])  # fmt: skip
    return html.page(f"Whisper validation: {report.title}", body, f"Data set {report.place}. Written {report.made}.")
