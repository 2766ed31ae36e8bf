import math
import re

import pytest

from voice_assets.quality.training_suspects import COLUMNS, NO_ALIGNMENT_SCORE, UnusableLossesError, rank, usual, with_margin
from voice_assets_tests.quality.loss_frames import changed, losses_of

LOSSES = losses_of(400)


def ids(found) -> list[str]:
    return list(found["clip_id"])


def test_an_even_training_has_hardly_a_suspect():
    found = [rank(losses_of(400, seed=seed), 100) for seed in range(10)]
    assert [tuple(one.columns) for one in found] == [COLUMNS] * 10
    # 1 in 740 normal figures is over 3 on one side, 1 in 4,300 over 3.5: about 13 of 4,000 clips are suspects by chance, and
    # more because median and MAD of 101 clips are estimates.
    assert sum(len(one) for one in found) <= 40


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("mel", 1.92, r"mel loss 1\.92, clips of its length have 0\.\d\d ± 0\.0\d: the model cannot speak it: another speaker"),
        ("mel", 0.10, r"mel loss 0\.10, clips of its length have 0\.\d\d ± 0\.0\d: it is spoken too easily: noise"),
        ("kl", 3.4, r"KL loss 3\.40, clips of its length have \d\.\d\d ± 0\.1\d: .*; margin of its text over others -"),
        (
            "other_kl",
            1.9,
            r"^margin of its text over others -?\d\.\d\d, clips have \d\.\d\d, other texts 0\.00 ± 1\.00: its text fits",
        ),
        ("duration", 4.0, r"duration loss 4\.00, clips of its length have 1\.\d\d ± 0\.1\d: its rhythm does not fit its text"),
        ("frames_per_id", 9.0, r"frames per phoneme id 9\.0, .*: too long for its text"),
        ("frames_per_id", 2.0, r"frames per phoneme id 2\.0, .*: too short for its text"),
    ],
)
def test_an_outlier_is_explained_with_its_value_and_the_usual_one(column, value, words):
    found = rank(changed(LOSSES, 42, **{column: value}), 100)
    assert found["clip_id"][0] == "clip_0042"
    assert re.search(words, found["reasons"][0]), found["reasons"][0]
    assert found["suspicion"][0] > 3.5


@pytest.mark.parametrize(("column", "value"), [("kl", 1.0), ("duration", -3.0), ("other_kl", 9.0)])
def test_a_loss_that_is_too_low_is_harmless(column, value):
    assert "clip_0042" not in ids(rank(changed(LOSSES, 42, **{column: value}), 100))


def test_validation_clips_are_compared_with_validation_clips():
    """The median validation loss is no outlier; the same loss of a training clip is one."""
    held_out = LOSSES[LOSSES["split"] == "validation"]
    assert len(held_out) == 40
    assert not set(held_out["clip_id"]) & set(ids(rank(LOSSES, 100)))
    middle = int(held_out.index[10])
    assert LOSSES["split"][middle - 1] == "train"
    moved = changed(LOSSES, middle - 1, frames=LOSSES["frames"][middle], mel=LOSSES["mel"][middle])
    assert ids(rank(moved, 100))[:1] == [f"clip_{middle - 1:04d}"]


def test_short_clips_are_compared_with_short_clips():
    """A mel loss that is usual for a clip of a second is an outlier for a clip of ten."""
    median, spread = usual(LOSSES, "mel", 0.01)
    train = (LOSSES["split"] == "train").to_numpy()
    short, long = (median[train & flags.to_numpy()].mean() for flags in (LOSSES["frames"] < 130, LOSSES["frames"] > 800))
    assert short - long > 5 * spread.mean() / 2
    late = int(LOSSES.index[(LOSSES["frames"] > 800) & (LOSSES["split"] == "train")][0])
    assert ids(rank(changed(LOSSES, late, mel=short + 0.05), 100))[:1] == [f"clip_{late:04d}"]


def test_a_clip_that_cannot_be_aligned_ranks_first():
    nothing = {"kl": math.nan, "duration": math.nan, "longest_s": math.nan}
    found = rank(changed(changed(LOSSES, 7, frames=20, phoneme_ids=50, **nothing), 42, mel=50.0), 100)
    assert (found["clip_id"][0], found["suspicion"][0]) == ("clip_0007", NO_ALIGNMENT_SCORE)
    assert found["reasons"][0].startswith("20 frames for 50 phoneme ids: too short for its text")
    assert found["clip_id"][1] == "clip_0042"


def test_every_reason_of_a_clip_is_named_and_the_worst_counts():
    found = rank(changed(LOSSES, 42, mel=9.0, duration=3.0), 1)
    assert [reason.split(",")[0] for reason in found["reasons"][0].split("; ")] == ["mel loss 9.00", "duration loss 3.00"]
    assert found["suspicion"][0] == 50


def test_at_most_top_rows_the_worst_first():
    table = LOSSES
    for row in range(10):
        table = changed(table, row, mel=2.0 + 0.1 * row)
    found = rank(table, 4)
    assert len(found) == 4
    assert found["suspicion"].is_monotonic_decreasing


def test_a_clip_alone_in_its_split_is_no_outlier():
    alone = changed(losses_of(200, validation=0), 5, split="validation", mel=9.0)
    assert "clip_0005" not in ids(rank(alone, 100))


def test_the_margin_is_the_own_text_among_the_others_in_their_usual_deviations():
    table = with_margin(changed(changed(LOSSES, 3, kl=2.0, other_kl=3.5, other_kl_spread=9.0), 4, kl=math.nan))
    assert table["text_margin"][3] == pytest.approx(1.5 / 0.2)
    assert math.isnan(table["text_margin"][4])
    assert table["text_margin"].notna().sum() == len(LOSSES) - 1


@pytest.mark.parametrize(("margin", "suspect"), [(1.01, False), (0.99, True), (-60.0, True)])
def test_a_text_that_fits_no_better_than_others_is_a_suspect(margin: float, suspect: bool):
    wrong = changed(LOSSES, 42, other_kl=LOSSES["kl"][42] + 0.2 * margin)
    found = rank(wrong, 1)
    assert (ids(found) == ["clip_0042"]) == suspect
    assert not suspect or found["suspicion"][0] == pytest.approx(min(4.0 - margin, 50), abs=0.01)


def test_a_model_that_cannot_tell_texts_apart_blames_no_text():
    """Every margin is about 0 before the text side is learned: a low one is chance."""
    wrong = changed(LOSSES, 42, other_kl=LOSSES["kl"][42] - 1)
    assert ids(rank(wrong, 1)) == ["clip_0042"]
    assert "clip_0042" not in ids(rank(wrong.assign(other_kl=wrong["other_kl"] - 0.65), 100))


def test_a_table_without_clips_or_without_losses_is_an_error():
    with pytest.raises(UnusableLossesError, match="0 clips"):
        rank(LOSSES.head(0), 10)
    with pytest.raises(UnusableLossesError, match="400 clips, 1 of them without a mel loss"):
        rank(changed(LOSSES, 3, mel=math.nan), 10)
