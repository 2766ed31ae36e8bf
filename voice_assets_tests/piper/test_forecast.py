"""The costs of a whole training, from a few epochs."""

import json

import pandas as pd
import pytest

from voice_assets.piper.forecast import Costs, compare, forecast, happened, milestones

MB = 10**6


def epochs(*seconds: float) -> pd.DataFrame:
    return pd.DataFrame({"epoch": range(len(seconds)), "seconds": seconds})


def foretold(*seconds: float, **changes: object) -> Costs:
    given = {"steps": 1000, "peak_memory": 9000 * MB, "checkpoint": 850 * MB, "cache": 20_000 * MB, "max_epochs": 500}
    return forecast(epochs(*seconds), **{**given, "checkpoints": 15, **changes})


@pytest.mark.parametrize(
    ("seconds", "typical", "warm_up"),
    [
        ((100.0,), 100.0, 0.0),
        ((160.0, 100.0), 100.0, 60.0),
        ((90.0, 100.0), 100.0, 0.0),
        ((160.0, 100.0, 400.0, 102.0), 102.0, 58.0),
    ],
)
def test_the_first_epoch_is_a_warm_up(seconds: tuple[float, ...], typical: float, warm_up: float) -> None:
    costs = foretold(*seconds)
    assert (costs.seconds_per_epoch, costs.warm_up_s) == (typical, warm_up)


def test_hours_to_some_epochs() -> None:
    costs = foretold(460.0, 360.0)
    assert costs.hours_to(100) == pytest.approx(10 + 100 / 3600)
    assert [number for number, _ in milestones(costs)] == [50, 100, 200, 500]
    assert [number for number, _ in milestones(foretold(1.0, max_epochs=120))] == [50, 100, 120]
    assert [number for number, _ in milestones(foretold(1.0, max_epochs=2))] == [2]


def test_the_disk_is_kept_checkpoints_and_cache() -> None:
    assert foretold(1.0).disk == 15 * 850 * MB + 20_000 * MB


def test_a_forecast_survives_json() -> None:
    costs = foretold(160.0, 100.0)
    assert Costs.from_record(json.loads(json.dumps(costs.record()))) == costs
    with pytest.raises(TypeError):
        Costs.from_record({**costs.record(), "colour": 1})


def test_what_happened_against_the_forecast() -> None:
    measured = happened(
        epochs(200.0, *[125.0] * 99), steps=1000, peak_memory=None, checkpoint=850 * MB, checkpoints=7, cache=20_000 * MB
    )
    compared = {one.cost: one for one in compare(foretold(160.0, 100.0), measured)}
    assert measured.epochs == 100
    assert compared["seconds_per_epoch"].ratio == pytest.approx(1.25)
    assert compared["hours"].forecast == pytest.approx((60 + 100 * 100) / 3600)
    assert compared["hours"].happened == pytest.approx((200 + 99 * 125) / 3600)
    assert compared["peak_memory"].ratio is None
    assert compared["checkpoints"].ratio == pytest.approx(7 / 15)
    assert compared["steps"].ratio == 1


def test_without_an_epoch_there_is_no_forecast() -> None:
    with pytest.raises(ValueError, match="at least one epoch"):
        foretold()
