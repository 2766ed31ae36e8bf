"""A picture of a training's curves in the metadata: the Dagster UI really shows it."""

from pathlib import Path

import dagster as dg
import pytest

from voice_assets.piper.convergence import level
from voice_assets.reports.training_pictures import curve_picture, markdown_picture
from voice_assets_tests.browser import browser, needs_chromium
from voice_assets_tests.piper.simulated_curves import converging, simulated
from voice_assets_tests.served_ui import served
from voice_assets_tests.toy_project import copied, opened


@pytest.mark.slow
@needs_chromium
def test_the_ui_shows_the_curves_of_a_training(validated_once: Path, tmp_path: Path) -> None:
    table = simulated(converging, 500, 0.02, 1)
    png = curve_picture(table, "Toy, training 0", level(table, 20))
    assert png is not None
    picture = dg.MetadataValue.md(markdown_picture(png, "Loss curves"))
    with opened(copied(validated_once, tmp_path / "ui")) as project, served(project) as ui:
        made = dg.AssetMaterialization(["toy", "mini_training"], metadata={"curves": picture})
        project.instance.report_runless_asset_event(made)
        ui.wait_until(lambda: ui.ask("query { version }"))
        with browser(tmp_path / "profile") as page:
            page.open(f"http://127.0.0.1:{ui.port}/assets/toy/mini_training?view=overview")
            link = "[...document.querySelectorAll('*')].filter(one => one.innerText?.trim() === '[Show Markdown]').pop()"
            page.wait_for(link)
            page.click(link)
            page.wait_for("[...document.querySelectorAll('img')].some(one => one.src.startsWith('data:image/png'))")
            page.wait_for("[...document.images].find(one => one.src.startsWith('data:image/png')).naturalWidth === 1080")
