"""The words of a forecast."""

from voice_assets.piper.forecast import Costs
from voice_assets.reports.forecast import COMPARED, HEADINGS, compared, rows

COSTS = Costs(
    epochs=500,
    steps=1091,
    seconds_per_epoch=655.0,
    warm_up_s=12.5,
    peak_memory=19_400_000_000,
    checkpoint=846_000_000,
    checkpoints=15,
    cache=21_300_000_000,
)


def test_a_forecast_in_words() -> None:
    words = {row["cost"]: row["forecast"] for row in rows(COSTS)}
    assert {key for row in rows(COSTS) for key in row} == set(HEADINGS)
    assert words == {
        "One epoch": "10.9 min",
        "More for the first epoch": "12.5 s",
        "Steps per epoch": "1,091",
        "Time to 50 epochs": "9.1 h",
        "Time to 100 epochs": "18.2 h",
        "Time to 200 epochs": "36.4 h",
        "Time to 500 epochs": "3.8 days",
        "Peak memory of one process": "19.40 GB",
        "One checkpoint": "846.0 MB",
        "Checkpoints kept, at most": "15",
        "Cache of the clips": "21.30 GB",
        "Disk that stays in use, at most": "33.99 GB",
    }


def test_against_what_happened() -> None:
    measured = Costs(120, 1091, 720.5, 12.5, None, 846_000_000, 7, 21_300_000_000)
    found = {row["cost"]: row for row in compared(COSTS, measured)}
    assert {key for row in found.values() for key in row} == set(COMPARED)
    assert found["One epoch"] == {"cost": "One epoch", "forecast": "10.9 min", "happened": "12.0 min", "ratio": "1.10"}
    assert found["Peak memory of one process"]["happened"] == "not known"
    assert found["Peak memory of one process"]["ratio"] == ""
    assert found["All epochs that were done"]["ratio"] == "1.10"
