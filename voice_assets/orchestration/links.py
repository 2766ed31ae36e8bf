"""Links of the UI to runs, assets, reports and review pages. They have no host, so they work under every address of the UI."""

from urllib.parse import quote

import dagster as dg

from voice_assets.runtime.storage import DATASET, Artifact

QUALITY_KEY = "quality"
"""The review page's name for the listening sample of the newest quality report; epochs have their keys."""
BLIND_KEY = "blind"
"""The review page's name for the blind comparison of the candidates."""
_IN_DATASET = f"{DATASET}reports/"


def run_url(run_id: str) -> str:
    """The page of a run."""
    return f"/runs/{quote(run_id, safe='')}"


def asset_url(key: dg.AssetKey) -> str:
    """The page of an asset, with all its materialisations."""
    return "/assets/" + "/".join(quote(part, safe="") for part in key.path)


def report_url(voice: str, report: Artifact | None) -> str | None:
    """The page of a report of ``voice``; None without a report in the data set. The server finds the main file of a folder."""
    if report is None or not report.uri.startswith(_IN_DATASET):
        return None
    return f"/reports/{voice}/{quote(report.uri.removeprefix(_IN_DATASET))}"


def package_url(voice: str, epoch: str, run_id: str, name: str) -> str:
    """The page with the files of a voice package."""
    return f"/data/{voice}/packages/{quote(epoch)}/{quote(run_id)}/{quote(name)}/"


def review_url(voice: str, key: str = QUALITY_KEY) -> str:
    """The page on which people listen to a subject and decide."""
    return f"/review/{voice}/{quote(key)}"
