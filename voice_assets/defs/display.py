"""Tables in the metadata of a materialisation, for the Dagster UI. Not here: their contents (``reports.metadata``)."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import dagster as dg

if TYPE_CHECKING:
    import pandas as pd


def preview(frame: "pd.DataFrame", columns: list[str]) -> dg.MarkdownMetadataValue:
    """The first rows of ``frame``, with the columns ``columns``, as a Markdown table."""
    from voice_assets.reports import metadata

    return dg.MetadataValue.md(metadata.preview(frame, columns))


def table(rows: Iterable[Mapping[str, object]], headings: Mapping[str, str]) -> dg.MarkdownMetadataValue:
    """``rows`` as a Markdown table; ``headings`` as in ``reports.markdown.table``."""
    from voice_assets.reports import markdown

    return dg.MetadataValue.md("\n".join(markdown.table(rows, headings)))


def verdict_table(verdicts: list[dict[str, Any]]) -> dg.MarkdownMetadataValue:
    """The verdicts of a suite as a Markdown table with one row per rule."""
    from voice_assets.reports import metadata

    return dg.MetadataValue.md(metadata.verdict_table(verdicts))
