"""Rules about missing results: the facts as the assets compute them, judged by the real suite."""

import math

import pandas as pd
import pytest

from voice_assets.asr import categories, validation
from voice_assets.dataset.shards import shard_key, shard_of
from voice_assets.dataset.tables import EPOCHS, frame
from voice_assets.piper.curves import loss_facts
from voice_assets_tests.data_checks.good_tables import failed, judge

CLIPS = [f"c{number}.wav" for number in range(200)]


def transcripts(clip_ids: list[str]) -> pd.DataFrame:
    table = pd.DataFrame({"clip_id": clip_ids, "similarity": 0.97, "cer": 0.03, "duration_s": 3.0})
    return categories.with_categories(table.assign(reference="Обычное предложение", kept=""), "ru")


def validated(scored: pd.DataFrame, shards: int) -> dict[str, pd.DataFrame]:
    """The tables of ``whisper_validation``, as its asset makes them."""
    facts = validation.validation_facts(CLIPS, scored, categories.by_category(scored, 0.8), 0.8, shards)
    return {"transcripts": scored, "facts": pd.DataFrame([facts])}


def test_a_lost_shard_fails_the_validation_and_is_named() -> None:
    kept = [clip_id for clip_id in CLIPS if shard_of(clip_id, 4) != 2]
    results = judge("whisper_validation", validated(transcripts(kept), 4))
    assert failed(results) == ["all_shards_done", "every_clip_scored"]
    assert results["all_shards_done"].observed == 1
    assert "missing_shards: 2-of-4" in results["all_shards_done"].message


def test_every_shard_lost_but_one() -> None:
    kept = [clip_id for clip_id in CLIPS if shard_of(clip_id, 4) == 2]
    message = judge("whisper_validation", validated(transcripts(kept), 4))["all_shards_done"].message
    assert f"missing_shards: {', '.join(shard_key(index, 4) for index in (0, 1, 3))}" in message


def test_a_lost_clip_is_not_a_lost_shard() -> None:
    results = judge("whisper_validation", validated(transcripts(CLIPS[1:]), 4))
    assert failed(results) == ["every_clip_scored"]


@pytest.mark.parametrize("shards", [1, 4, 10_000], ids=["one", "four", "most without a clip"])
def test_a_shard_without_clips_needs_no_transcripts(shards: int) -> None:
    assert failed(judge("whisper_validation", validated(transcripts(CLIPS), shards))) == []


def curve(*losses: float) -> pd.DataFrame:
    other = dict.fromkeys(EPOCHS, 1.0)
    return frame([{**other, "epoch": epoch, "loss": loss} for epoch, loss in enumerate(losses)], EPOCHS)


@pytest.mark.parametrize(
    ("losses", "failing"),
    [
        ((60.0, 45.0), []),
        ((60.0,), ["ran_to_the_end", "loss_falls"]),
        ((45.0, 60.0), ["loss_falls"]),
        ((60.0, math.inf), ["loss_falls", "nothing_nan", "loss_sane"]),
        ((60.0, math.nan), ["loss_falls", "nothing_nan", "loss_sane"]),
    ],
    ids=["good", "an epoch lost", "rising", "infinite", "nan"],
)
def test_a_curve_is_judged_as_it_lies_on_disk(losses: tuple[float, ...], failing: list[str]) -> None:
    epochs = curve(*losses)
    assert failed(judge("mini_training", {"epochs": epochs, "facts": pd.DataFrame([loss_facts(epochs, 2)])})) == failing
