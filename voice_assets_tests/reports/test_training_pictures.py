"""The PNG pictures of a training's curves."""

import base64
import io
import math
import re

import numpy as np
import pandas as pd
import pytest

from voice_assets.piper.convergence import level
from voice_assets.reports.training_pictures import (
    STEP_CURVES,
    best_epoch,
    curve_picture,
    markdown_picture,
    step_picture,
    wants_log,
)
from voice_assets_tests.piper.simulated_curves import converging, simulated

pytestmark = pytest.mark.slow

LARGEST = 60_000
"""Bytes of a picture at most: the metadata of every run keeps its picture."""


def steps(count: int) -> pd.DataFrame:
    """The losses of so many steps."""
    rng, at = np.random.default_rng(1), np.arange(count)
    columns = {name: (1 + 5 * np.exp(-at / 50)) * rng.normal(1, 0.05, count) for name in STEP_CURVES}
    return pd.DataFrame({"epoch": at // 10, "step": at % 10 + 1, "global_step": 2 * at, **columns})


def pixels(png: bytes | None) -> np.ndarray:
    from PIL import Image

    assert png is not None
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def greenish(picture: np.ndarray) -> float:
    """The share of pixels that are more green than red and blue."""
    red, green, blue = picture[..., 0], picture[..., 1], picture[..., 2]
    return float(((green - red > 8) & (green - blue > 4)).mean())


def reddish(picture: np.ndarray) -> float:
    """The share of pixels that are far more red than green and blue."""
    return float((picture[..., 0] - picture[..., 1:].max(axis=2) > 100).mean())


def test_the_level_epochs_are_shaded_and_the_best_one_is_marked() -> None:
    table = simulated(converging, 300, 0.005, 1)
    plain, shaded = pixels(curve_picture(table, "Felix")), pixels(curve_picture(table, "Felix", level(table, 20)))
    assert greenish(plain) < 0.001
    assert 0.1 < greenish(shaded) < 0.5
    assert reddish(plain) > 0.00005
    table["validation_mel"] = math.nan
    assert reddish(pixels(curve_picture(table, "Felix"))) == 0


@pytest.mark.parametrize("count", [1, 2, 45, 500])
def test_a_picture_is_small_enough_for_metadata(count: int) -> None:
    png = curve_picture(simulated(converging, count, 0.02, 1), "Felix Mirage, training 3")
    assert png is not None
    assert png.startswith(b"\x89PNG")
    assert len(png) < LARGEST


def test_every_part_of_the_loss_over_thousands_of_steps() -> None:
    png = step_picture(steps(30_000), "Felix")
    assert png is not None
    assert len(png) < LARGEST
    few = step_picture(steps(50)[["epoch", "step", "global_step", "loss", "loss_mel"]], "Felix")
    assert pixels(few).shape[0] < pixels(png).shape[0]


def test_without_a_finite_number_there_is_no_picture() -> None:
    table = simulated(converging, 3, 0.02, 1)
    table[["loss", "loss_mel", "loss_disc", "validation_loss", "validation_mel"]] = math.nan
    assert curve_picture(table, "Felix") is None
    assert curve_picture(table.iloc[:0], "Felix") is None
    assert step_picture(steps(0), "Felix") is None


def test_the_best_epoch_is_the_lowest_validation_mel() -> None:
    table = simulated(converging, 9, 0.0, 1)
    table.loc[4, "validation_mel"] = 0.1
    table.loc[6, "validation_mel"] = math.nan
    assert best_epoch(table) == (4, 0.1)
    assert best_epoch(table.iloc[:0]) is None


@pytest.mark.parametrize(
    ("values", "logarithmic"),
    [([1.0, 2.4], False), ([1.0, 2.5], True), ([-1.0, 9.0], False), ([0.0, 9.0], False), ([], False)],
)
def test_a_logarithmic_axis_is_for_values_far_apart(values: list[float], logarithmic: bool) -> None:
    assert wants_log(values) is logarithmic


def test_the_markdown_holds_the_whole_picture() -> None:
    png = curve_picture(simulated(converging, 3, 0.02, 1), "Felix")
    assert png is not None
    text = markdown_picture(png, "curves of [Felix]")
    found = re.fullmatch(r"!\[curves of \\\[Felix\\\]\]\(data:image/png;base64,([A-Za-z0-9+/=]+)\)", text)
    assert found is not None
    assert base64.b64decode(found[1]) == png
