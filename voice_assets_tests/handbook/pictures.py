"""The pictures of the handbook's tour, taken of a finished project.

``python -m voice_assets_tests.handbook.pictures http://127.0.0.1:3000 VOICE EPOCH`` renews ``docs/pictures/`` and
``docs/graph.png`` while ``voice-assets ui`` serves the project; further arguments name the pictures to take. It marks a clip
as a reviewer does, so take the pictures of a copy. The graph is clear when the project has one voice.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image

from voice_assets_tests.browser import Page, browser
from voice_assets_tests.handbook.pages import DOCS

COLOURS = 128
"""A page of text needs no more, and the file becomes a quarter as large."""
SECONDS_TO_SETTLE = 4
GROUPS = ("dataset", "validation", "quality", "transcription", "training", "voice", "release", "decisions")
HIDE_FOLDERS = """
for (const one of document.querySelectorAll("p, header *"))
  if (!one.children.length) one.textContent = one.textContent.replace(/Data set \\S*?(datasets\\/)/, "Data set $1");
"""
"""A picture shows no path of the machine that it was taken on."""


@dataclass(frozen=True)
class Shot:
    """One picture: its file in ``docs/``, the page, and what to wait for in it.

    Attributes:
        size: of the window, in pixels.
        cut: pixels that are cut off at the left, at the top and at the right.
        reviewer: who enters a name first, where the page asks for one.
        keys: are pressed then.
        heading: the page is scrolled to the heading that begins so.
    """

    file: str
    path: str
    shows: str
    size: tuple[int, int] = (1280, 800)
    cut: tuple[int, int, int] = (0, 0, 0)
    reviewer: str = ""
    keys: str = ""
    heading: str = ""


def text(words: str) -> str:
    """A JavaScript expression: whether the page shows ``words``."""
    return f"document.body.innerText.includes({words!r})"


def shots(voice: str, epoch: str) -> Iterator[Shot]:
    """The pictures of the tour."""
    assets, data, review = f"/assets/{voice}", f"/reports/{voice}", f"/review/{voice}"
    groups = ",".join(f"global@global:{voice}__{group}" for group in GROUPS)
    yield Shot("graph.png", f"/asset-groups?expanded={groups}", text("voice_package"), (2700, 1040), (545, 115, 0))
    yield Shot("pictures/asset.png", f"{assets}/whisper_validation?view=overview", text("mean_similarity"), (1400, 900))
    checks = f"{assets}/base_validation?view=checks&checkDetail=no_digits"
    yield Shot("pictures/checks.png", checks, text("clips break the rule"), (1400, 800))
    samples = f"{assets}/voice_samples?view=partitions&partition={epoch}"
    yield Shot("pictures/partitions.png", samples, text("likeness"), (1400, 800))
    yield Shot("pictures/automation.png", "/automation", text("revalidate"), (1400, 380))
    yield Shot("pictures/reports.png", f"{data}/", text("Whisper validation"), (1000, 640))
    yield Shot("pictures/quality.png", f"{data}/{{quality}}", text("Rules"), (1100, 900))
    yield Shot("pictures/histograms.png", f"{data}/{{quality}}", text("Rules"), (1100, 800), heading="Distributions")
    whisper = f"{data}/{{validation_whisper_sharded}}"
    yield Shot("pictures/whisper.png", whisper, text("Rules"), (1100, 880))
    yield Shot("pictures/low.png", whisper, text("Rules"), (1100, 760), heading="Low")
    yield Shot("pictures/training.png", f"{data}/{{training}}", text("Curves"), (1100, 800))
    yield Shot("pictures/tournament.png", f"{data}/{{best_epoch}}", text("Ranking"), (1100, 900))
    yield Shot("pictures/drift.png", f"{data}/{{drift}}", text("Affected results"), (1100, 800))
    yield Shot("pictures/review.png", f"{review}/quality", text("Clip 1 of"), (1100, 880), reviewer="Anna", keys="gn")
    yield Shot("pictures/blind.png", f"{review}/blind", text("blind comparison"), (1100, 660), reviewer="Anna")


def take(page: Page, server: str, shot: Shot, file: Path) -> None:
    """Take one picture, in few colours."""
    width, height = shot.size
    page.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
    page.open(server + shot.path)
    page.wait_for(shot.shows)
    if shot.reviewer and page.value(text("Who listens")):
        page.type(shot.reviewer)
        page.press("Enter")
        time.sleep(SECONDS_TO_SETTLE)
    page.press(*shot.keys)
    page.value(HIDE_FOLDERS)
    if shot.heading:
        page.value(
            f"[...document.querySelectorAll('h2')].find(one => one.innerText.startsWith({shot.heading!r})).scrollIntoView()"
        )
    time.sleep(SECONDS_TO_SETTLE)
    page.picture(file, width, height)
    left, top, right = shot.cut
    picture = Image.open(file).convert("RGB").crop((left, top, width - right, height))
    picture.quantize(COLOURS).save(file, optimize=True)


def newest(page: Page, server: str, voice: str, kind: str) -> str:
    """The name of the newest report of a kind, as the list of reports has it."""
    page.open(f"{server}/reports/{voice}/")
    page.wait_for(text("Reports"))
    pattern = rf"/\/data\/{voice}\/reports\/({kind}_\d[^\/]*)\//"
    return str(page.value(f"[...document.links].map(one => one.href.match({pattern})).find(Boolean)[1]"))


def main(server: str, voice: str, epoch: str, *only: str) -> None:
    """Take all pictures, or those with the names ``only``."""
    with tempfile.TemporaryDirectory() as profile, browser(Path(profile)) as page:
        for shot in shots(voice, epoch):
            if only and Path(shot.file).stem not in only:
                continue
            if "{" in shot.path:
                kind = shot.path.partition("{")[2].rstrip("}")
                shot = replace(shot, path=shot.path.replace(f"{{{kind}}}", newest(page, server, voice, kind)))
            file = DOCS / shot.file
            file.parent.mkdir(exist_ok=True)
            take(page, server, shot, file)
            print(f"{shot.file}: {file.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main(*sys.argv[1:])
