"""The trend over the last validations is made from their materialisations in the instance."""

import dagster as dg

from voice_assets.defs.trend import trend_table, validations
from voice_assets.orchestration.history import History
from voice_assets.reports.trend import Past

KEY = dg.AssetKey(["toy", "whisper_validation"])


def materialise(instance: dg.DagsterInstance, **metadata: float) -> None:
    instance.report_runless_asset_event(dg.AssetMaterialization(KEY, metadata=metadata))


def test_past_validations_are_those_of_this_asset_the_newest_first() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        materialise(instance, clips=100, mean_similarity=0.9, low_similarity=20)
        materialise(instance, clips=0, mean_similarity=0.0, low_similarity=0)
        materialise(instance, clips=200, mean_similarity=0.95, low_similarity=10)
        instance.report_runless_asset_event(dg.AssetMaterialization(["other", "whisper_validation"], metadata={"clips": 1}))
        past = validations(instance, KEY)
        assert [one[1:] for one in past] == [(0.95, 0.05, 200), (0.0, 0.0, 0), (0.9, 0.2, 100)]
        assert past[0].time >= past[2].time > 0
        assert [one.metadata["clips"] for one in History(instance).newest(KEY, 2)] == [200, 0]


def test_the_trend_in_the_ui_has_one_line_per_validation_the_newest_first() -> None:
    table = trend_table([Past(1e9, 0.9, 0.2, 100), Past(2e9, 0.95, 0.05, 200)])
    lines = table.value.splitlines()
    assert "0.9500 | +0.0500 | 5.00%" in lines[2]
    assert "0.9000 |  | 20.00%" in lines[3]
