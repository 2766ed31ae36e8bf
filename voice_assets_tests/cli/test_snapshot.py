"""The facts that `voice-assets watch` shows: sums over shards, and the last result."""

from pathlib import Path

import pytest

from voice_assets.cli.snapshot import last_result, together
from voice_assets_tests.runtime.test_running import state


def test_shards_together() -> None:
    total = together(
        [
            state(asset="whisper_shard", partition="0-of-2", done=30, total=100, rate_per_s=4.0, remaining_s=17.5,
                  started=100.0, updated=110.0, figures={"mean_similarity": 0.9, "low": 2, "from_cache": 7}),
            state(asset="whisper_shard", partition="1-of-2", done=10, total=50, rate_per_s=2.0, remaining_s=20.0, started=90.0,
                  updated=105.0, figures={"mean_similarity": 0.5, "low": 1, "from_cache": 0}),
        ]
    )  # fmt: skip
    assert (total.asset, total.partition) == ("whisper_shard, 2 running", None)
    assert (total.done, total.total, total.rate_per_s, total.remaining_s) == (40, 150, 6.0, 20.0)
    assert (total.started, total.updated) == (90.0, 110.0)
    assert total.figures == {"mean_similarity": pytest.approx(0.8), "low": 3, "from_cache": 7}


def test_shards_that_have_not_begun_together() -> None:
    starting = state(asset="clips", done=0, total=None, rate_per_s=0.0, remaining_s=None, figures={})
    total = together([starting, starting])
    assert (total.done, total.total, total.remaining_s, total.figures) == (0, None, None, {})


def test_the_last_result_is_the_newest_that_has_a_summary(tmp_path: Path) -> None:
    for stamp, text in (
        ("20260101_000000_000", "FAIL"),
        ("20260201_000000_000", "PASS\n\nMean: 1\n\nRules\nno"),
        ("old", "no"),
    ):
        folder = tmp_path / f"validation_whisper_sharded_{stamp}"
        folder.mkdir()
        (folder / "SUMMARY.txt").write_text(text, encoding="utf-8")
    (tmp_path / "validation_whisper_sharded_20260301_000000_000").mkdir()
    assert last_result(tmp_path) == (tmp_path / "validation_whisper_sharded_20260201_000000_000", ["PASS", "Mean: 1"])
    assert last_result(tmp_path / "nowhere") is None
