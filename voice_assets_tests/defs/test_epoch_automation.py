"""Which epochs the daemon exports and samples while their training runs. Not here: the sensor."""

from typing import Any

import dagster as dg
import pytest

from voice_assets.defs.epoch_automation import wanted_epochs
from voice_assets.orchestration.partitions import epoch_key
from voice_assets_tests.orchestration.test_gate_trainings import LongTraining

KEPT_LAST = 2


@pytest.mark.parametrize(
    ("every", "written", "removed", "wanted"),
    [
        (10, [0, 1, 10, 20, 30], [], [10, 20, 30]),  # checkpoint_every: 10
        (10, [0, 7, 14, 21], [], [14, 21]),
        (10, range(13), [10], []),  # epoch 11 does not take the place of a removed one
        ("kept", range(5), [0], [1, 2]),
    ],
)
def test_which_epochs_are_made(every: Any, written: Any, removed: list[int], wanted: list[int]) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        records = LongTraining(instance)
        for epoch in written:
            records.checkpoint(epoch_key(0, epoch))
        for epoch in removed:
            records.remove(epoch_key(0, epoch))
        found = wanted_epochs(records.gate(), dg.AssetKey(["toy", "checkpoint"]), every, KEPT_LAST)
    assert found == [epoch_key(0, epoch) for epoch in wanted]
