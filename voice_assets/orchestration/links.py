"""Links of the UI to a run, to an asset and to a report. They are relative to the UI's address, whatever host shows it."""

from urllib.parse import quote

import dagster as dg

from voice_assets.orchestration.records import Materialisation
from voice_assets.runtime.storage import DATASET

REPORTS = "/reports"
"""The path under which the UI serves the reports of the voices."""
MAIN_FILES = {
    "quality_report": "quality_report.html",
    "asr_sample_report": "asr_sample.md",
    "whisper_validation": "whisper_report.html",
    "mini_training": "training_report.html",
}
"""The file to open in the report folder of each asset. Other assets record the file itself."""
_IN_DATASET = f"{DATASET}reports/"


def run_url(run_id: str) -> str:
    """The page of a run."""
    return f"/runs/{quote(run_id, safe='')}"


def asset_url(key: dg.AssetKey) -> str:
    """The page of an asset, with all its materialisations."""
    return "/assets/" + "/".join(quote(part, safe="") for part in key.path)


def report_url(one: Materialisation) -> str | None:
    """The page of the report that a materialisation wrote; None without a report.

    ``/reports/<voice>/<path under the data set's reports/>``, with the main file of a report folder at the end.
    """
    if one.report is None or not one.report.uri.startswith(_IN_DATASET):
        return None
    voice, asset = one.key.path[0], one.key.path[-1]
    parts = [voice, *one.report.uri.removeprefix(_IN_DATASET).split("/"), *([MAIN_FILES[asset]] if asset in MAIN_FILES else [])]
    return "/".join([REPORTS, *(quote(part, safe="") for part in parts)])
