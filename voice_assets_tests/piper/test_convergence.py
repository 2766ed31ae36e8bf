"""When the validation loss is level: on simulated curves of known truth, and case by case."""

import math

import numpy as np
import pandas as pd
import pytest

from voice_assets.piper.convergence import TOLERANCE, evidence, gap, level, training_facts
from voice_assets_tests.piper import simulated_curves as curves
from voice_assets_tests.piper.simulated_curves import first_stop, simulated

WINDOW = 20
NOISES = [(0.005, 0.0, 0.0), (0.01, 0.5, 0.0), (0.01, 0.0, 0.05), (0.02, 0.0, 0.0), (0.05, 0.0, 0.0)]
"""Standard deviation, memory and spikes of the noise."""


def stops(table: pd.DataFrame) -> bool:
    return level(table, WINDOW).level


def stopped(shape: curves.Shape, noise: tuple[float, float, float], seeds: int, count: int = 300) -> list[int]:
    """The epochs at which trainings of this shape stop, asked after every fifth epoch; one entry per training that stops."""
    deviation, memory, spikes = noise
    tables = (simulated(shape, count, deviation, seed, memory, spikes) for seed in range(seeds))
    return [stop for table in tables if (stop := first_stop(table, stops, 5)) is not None]


@pytest.mark.slow
@pytest.mark.parametrize("noise", NOISES)
def test_a_converging_training_always_stops_and_never_before_it_is_level(noise: tuple[float, float, float]) -> None:
    found = stopped(curves.converging, noise, seeds=12)
    truth = curves.converging(np.arange(301.0))
    assert len(found) == 12
    assert max(truth[stop - WINDOW + 1] / truth[stop] - 1 for stop in found) <= TOLERANCE


@pytest.mark.slow
@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("share", [0.02, 0.05])
def test_noise_does_not_stop_a_training_that_still_falls(noise: tuple[float, float, float], share: float) -> None:
    assert stopped(curves.falling(share), noise, seeds=6) == []


@pytest.mark.slow
def test_waiting_for_a_new_minimum_would_stop_the_same_trainings() -> None:
    """The usual criterion, for comparison: no new minimum of the validation loss within the window."""

    def no_new_minimum(table: pd.DataFrame) -> bool:
        values = table["validation_loss"].to_numpy()
        return len(values) - 1 - int(values.argmin()) >= WINDOW

    tables = [simulated(curves.falling(0.02), 300, 0.02, seed) for seed in range(6)]
    assert [first_stop(table, no_new_minimum, 5) is None for table in tables] == [False] * 6
    assert [first_stop(table, stops, 5) for table in tables] == [None] * 6


@pytest.mark.parametrize("shape", [curves.diverging, curves.overfitting])
@pytest.mark.parametrize("seed", range(5))
def test_a_rising_loss_is_not_level(shape: curves.Shape, seed: int) -> None:
    found = level(simulated(shape, 160, 0.005, seed), WINDOW)
    assert not found.level
    assert "the loss rises" in found.reason
    assert found.since is None


@pytest.mark.parametrize("seed", range(5))
def test_after_a_restart_the_epochs_before_do_not_count(seed: int) -> None:
    table = simulated(curves.restarted(150), 260, 0.005, seed)
    assert level(table.iloc[:150], WINDOW).level
    assert [stops(table.iloc[:count]) for count in range(152, 190, 3)] == [False] * 13
    after = level(table, WINDOW)
    assert after.level
    assert after.since is not None
    assert after.since > 180


@pytest.mark.parametrize("seed", range(5))
def test_one_spike_changes_nothing_and_a_jump_does(seed: int) -> None:
    table = simulated(curves.converging, 200, 0.005, seed)
    assert level(table, WINDOW).level
    table.loc[199, ["validation_loss", "validation_mel"]] *= 1.5
    assert level(table, WINDOW).level
    table.loc[198, ["validation_loss", "validation_mel"]] *= 1.5
    jumped = level(table, WINDOW)
    assert not jumped.level
    assert any(words in jumped.state for words in ("last values", "uncertain", "rises"))


@pytest.mark.parametrize("column", ["validation_loss", "validation_mel"])
def test_both_columns_must_be_level(column: str) -> None:
    table = simulated(curves.converging, 200, 0.002, 1)
    table[column] *= 1 - 0.003 * np.arange(200)
    found = level(table, WINDOW)
    assert not found.level
    assert f"{column} is not level" in found.reason
    assert [curve.column for curve in found.curves if not curve.level] == [column]


def with_parts(**slopes: float) -> pd.DataFrame:
    """A level training of 200 epochs; columns change by so much of the sum in every 20 epochs."""
    table = simulated(curves.converging, 200, 0.002, 1)
    noise = 1 + 0.01 * np.random.default_rng(2).normal(size=(200, 2))
    table = table.assign(validation_kl=1.2 * noise[:, 0], validation_dur=0.4 * noise[:, 1])
    for column, slope in slopes.items():
        table[column] += slope * 32 * np.arange(200) / 20
    return table


def test_a_rise_of_the_adversarial_parts_alone_is_level() -> None:
    rising = with_parts(validation_loss=0.03)
    found = level(rising, WINDOW)
    assert found.level
    assert "the limit is no more down than -1.00 %" in found.reason
    unknown = level(rising.drop(columns=["validation_kl", "validation_dur"]), WINDOW)
    assert unknown.state == "not level: validation_loss rises"


@pytest.mark.parametrize("column", ["validation_kl", "validation_dur"])
def test_the_parts_about_the_text_must_be_level_in_units_of_the_sum(column: str) -> None:
    assert level(with_parts(**{column: 0.005}), WINDOW).level
    rises = level(with_parts(**{column: 0.02, "validation_loss": 0.02}), WINDOW)
    assert rises.state == f"not level: {column} rises"
    assert "% of validation_loss per 20 epochs" in rises.reason
    assert level(with_parts(**{column: -0.02}), WINDOW).state == f"not level: {column} still falls"


def test_a_sum_that_falls_is_not_level_though_its_parts_are() -> None:
    assert level(with_parts(validation_loss=-0.03), WINDOW).state == "not level: validation_loss still falls"


def flat(count: int, every: int = 1) -> pd.DataFrame:
    """A level training whose validations are ``every`` epochs apart."""
    table = simulated(lambda epochs: np.ones_like(epochs), count, 0.001, 3)
    table["validated"] = (table["epoch"] + 1) % every == 0
    table.loc[~table["validated"], ["validation_loss", "validation_mel"]] = math.nan
    return table


@pytest.mark.parametrize(("count", "reached"), [(19, False), (20, True), (21, True)])
def test_the_window_must_be_full(count: int, reached: bool) -> None:
    assert level(flat(count), WINDOW).level == reached


def test_validations_that_are_too_far_apart_say_nothing() -> None:
    reason = level(flat(1000, 60), WINDOW).reason
    assert "epochs 779 to 959 have 4 validations, the rule needs 5" in reason


def test_a_short_training_says_how_many_epochs_are_missing() -> None:
    assert "validated are 12 epochs, epochs 0 to 11, the rule needs 20; 8 are missing" in level(flat(12), WINDOW).reason
    assert "validated are 0 epochs, the rule needs 20; 20 are missing" in level(flat(0), WINDOW).reason


@pytest.mark.parametrize(
    ("every", "count", "reached"), [(4, 16, False), (4, 20, False), (4, 24, True), (10, 60, True), (50, 240, False)]
)
def test_only_validated_epochs_count_and_the_window_is_in_epochs(every: int, count: int, reached: bool) -> None:
    assert level(flat(count, every), WINDOW).level == reached


def test_a_value_that_is_not_finite_is_not_level() -> None:
    table = flat(40)
    table.loc[30, "validation_mel"] = math.inf
    assert "validation_mel is not level: it is not a finite number in epoch 30" in level(table, WINDOW).reason
    assert level(table, WINDOW).state == "not level: validation_mel is not a finite number in epoch 30"
    table.loc[30, "validation_mel"] = 0.5
    table.loc[5, "validation_mel"] = math.nan
    assert level(table, WINDOW).level


def test_an_epoch_that_is_there_twice_counts_once_with_its_later_row() -> None:
    table = flat(20)
    twice = pd.concat([table.iloc[:15].assign(validation_loss=99.0), table])
    assert level(twice, WINDOW).level
    assert "(20 validations" in level(twice, WINDOW).reason


def test_the_reason_prints_the_arithmetic() -> None:
    table = flat(30)
    found = level(table, WINDOW)
    assert found.since == 0 or found.since == 10
    for words in ("in epochs 10 to 29 (20 validations, median 3", "per 20 epochs", "95 % confidence", "the limit is ±1.00 %"):
        assert words in found.reason
    assert found.state in ("level from epoch 0 on", "level from epoch 10 on")
    table["validation_loss"] = np.linspace(40, 20, 30)
    assert "the loss still falls" in level(table, WINDOW).reason
    assert level(table, WINDOW).state == "not level: validation_loss still falls"
    assert level(table.iloc[:12], WINDOW).state == "not level: validation_loss has too few validations"


@pytest.mark.parametrize("seed", range(3))
def test_the_gap_is_robust_to_noise_and_spikes(seed: int) -> None:
    table = simulated(curves.converging, 100, 0.03, seed, spikes=0.1)
    found = gap(table, WINDOW)
    assert found.share == pytest.approx(0.5 / 0.45 - 1, abs=0.05)
    assert f"{found.share:+.3f}" in found.reason


def test_the_gap_counts_validated_epochs_only() -> None:
    assert "over 5 validated epochs, 63 to 79" in gap(flat(80, 4), WINDOW).reason
    assert math.isnan(gap(flat(0), WINDOW).share)


def test_the_facts_of_a_training_that_ran_to_its_end() -> None:
    facts = training_facts(flat(12), 12, "max_epochs", WINDOW)
    assert (facts["epochs_done"], facts["complete"], facts["level"], facts["not_finite"]) == (12, 1, 0, 0)
    assert "8 are missing" in str(facts["level_reason"])


def test_the_facts_do_not_believe_how_the_training_says_it_ended() -> None:
    early = training_facts(flat(30), 100, "level", WINDOW)
    assert (early["epochs_done"], early["complete"], early["level"]) == (30, 1, 1)
    falling = simulated(curves.falling(0.05), 30, 0.001, 1)
    killed = training_facts(falling, 100, "level", WINDOW)
    assert (killed["complete"], killed["level"]) == (0, 0)
    assert "30 of 100 epochs are done; the training says that it ended by: level" in str(killed["ending"])


def test_a_missing_epoch_is_no_complete_training() -> None:
    facts = training_facts(flat(40).drop(index=[7, 9]), 40, "max_epochs", WINDOW)
    assert facts["complete"] == 0
    assert "epoch 7 is missing, and 1 more" in str(facts["ending"])


def test_losses_that_are_not_finite() -> None:
    table = flat(20, 4)
    assert training_facts(table, 20, "max_epochs", WINDOW)["not_finite"] == 0
    table.loc[2, "loss"] = math.nan
    table.loc[3, "validation_mel"] = math.inf
    table.loc[7, ["validation_loss", "validation_mel"]] = math.nan
    facts = training_facts(table, 20, "max_epochs", WINDOW)
    where = "loss of epoch 2, validation_mel of epoch 3, validation_loss of epoch 7, validation_mel of epoch 7"
    assert (facts["not_finite"], facts["not_finite_where"]) == (4, where)
    told = table.drop(columns="validated")
    assert training_facts(told, 20, "max_epochs", WINDOW)["not_finite"] == 2  # nothing says that epoch 7 was validated


def test_the_evidence_has_a_table_of_the_validated_epochs() -> None:
    table = flat(20, 4)
    tables = evidence(table, training_facts(table, 20, "max_epochs", WINDOW))
    assert list(tables["validations"]["epoch"]) == [3, 7, 11, 15, 19]
    assert len(tables["epochs"]) == 20
    assert len(tables["facts"]) == 1
