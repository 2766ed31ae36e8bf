"""What holds for every rank. Two real ranks are in workers/test_train_devices.py."""

import pytest

from voice_assets.piper import ranks
from voice_assets.piper.errors import TrainingError
from voice_assets.voices import Training


def test_one_process_is_all_ranks() -> None:
    assert (ranks.rank(), ranks.devices()) == (0, 1)
    assert ranks.totals_over_ranks({"mel": 3.5}, 2) == ({"mel": 3.5}, 2)


def test_a_copy_knows_its_rank_before_the_ranks_have_found_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_RANK", "3")
    assert ranks.rank() == 3


def test_sums_and_counts_are_added_and_not_means(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second rank has one clip in one step, the first has three in two. A mean of means would be 2.75."""
    monkeypatch.setattr(ranks, "_of_every_rank", lambda own: [own, ({"mel": 4.0}, 1)])
    assert ranks.means_over_ranks([{"mel": 1.0}, {"mel": 2.0}], [2, 1]) == {"mel": 2.0}
    assert ranks.totals_over_ranks({"mel": 4.0}, 3) == ({"mel": 8.0}, 4)


def test_a_rank_without_a_step_still_gets_the_mean_of_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranks, "_of_every_rank", lambda own: [own, ({"mel": 4.0}, 2)])
    assert ranks.means_over_ranks([]) == {"mel": 2.0}


def test_no_step_at_all_is_an_error() -> None:
    with pytest.raises(TrainingError, match="no step was done"):
        ranks.means_over_ranks([])


def test_every_row_needs_its_weight() -> None:
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        ranks.means_over_ranks([{"mel": 1.0}, {"mel": 2.0}], [1])


@pytest.mark.slow
def test_lightning_deals_no_clips_and_gives_up_after_the_watchdog() -> None:
    two = ranks.trainer_arguments(Training(devices=2, accelerator="cpu", stuck_after_s=100))
    assert two["use_distributed_sampler"] is False
    assert (two["devices"], two["accelerator"]) == (2, "cpu")
    assert two["strategy"]._ddp_kwargs == {"find_unused_parameters": True}
    assert two["strategy"]._timeout.total_seconds() == 160
    assert ranks.trainer_arguments(Training())["strategy"] == "auto"
    other = "ddp_find_unused_parameters_false"
    assert ranks.trainer_arguments(Training(devices=2, strategy=other))["strategy"] == other


@pytest.mark.slow
@pytest.mark.parametrize(
    "strategy", ["ddp_spawn", "ddp_fork_find_unused_parameters_true", "ddp_notebook", "fsdp", "deepspeed_stage_3_offload"]
)
def test_strategies_that_start_other_processes_or_split_the_model_are_refused(strategy: str) -> None:
    with pytest.raises(TrainingError, match=rf"training\.strategy: {strategy}: .* write auto"):
        ranks.trainer_arguments(Training(devices=2, strategy=strategy))
