"""The earlier validations of a voice, for reports and for the Dagster UI. Not here: drawing them (``reports.trend``)."""

from typing import TYPE_CHECKING

import dagster as dg

from voice_assets.defs.display import table
from voice_assets.orchestration.history import History

if TYPE_CHECKING:
    from voice_assets.reports.trend import Past


def validations(instance: dg.DagsterInstance, key: dg.AssetKey) -> "list[Past]":
    """The validations that ``key`` (a ``whisper_validation``) recorded, the newest first, for every version of the data set."""
    from voice_assets.reports.trend import MOST, Past

    return [
        Past(one.time, seen["mean_similarity"], seen["low_similarity"] / max(seen["clips"], 1), seen["clips"])
        for one in History(instance).newest(key, MOST)
        if (seen := one.metadata)
    ]


def trend_table(past: "list[Past]") -> dg.MarkdownMetadataValue:
    """The newest validations as a Markdown table, the newest first."""
    from voice_assets.reports import trend

    return table(list(reversed(trend.rows(past))), trend.HEADINGS)
