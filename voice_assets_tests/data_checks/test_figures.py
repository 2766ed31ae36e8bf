"""Rules about one figure of a whole column (a share, a mean, a quantile, a spike), exactly at their limits."""

import numpy as np
import pandas as pd
import pytest

from voice_assets.dataset.tables import CLIP_STATS
from voice_assets.quality.summary import facts
from voice_assets_tests.data_checks.good_tables import CLIPS, failed, good, judge

LOW = [("whisper_validation", 1, 2), ("asr_sample_report", 9, 10)]


@pytest.mark.parametrize(("suite", "passes", "fails"), LOW, ids=["under 2 %", "under 10 %"])
def test_the_share_of_low_clips_is_strict(suite: str, passes: int, fails: int) -> None:
    for count in (passes, fails):
        tables = good(suite)
        tables["transcripts"].loc[: count - 1, "similarity"] = 0.79
        result = judge(suite, tables)["low_similarity"]
        assert result.passed == (count == passes)
        assert result.observed == count / CLIPS
        assert result.errored is False
    assert result.unexpected_count == fails
    assert result.failing == [f"c{number}.wav" for number in range(fails)]


@pytest.mark.parametrize(("similarity", "passes"), [(0.8, True), (0.7999, False)])
def test_a_clip_is_low_under_the_threshold_not_at_it(similarity: float, passes: bool) -> None:
    tables = good("whisper_validation")
    tables["transcripts"].loc[:1, "similarity"] = similarity
    assert judge("whisper_validation", tables)["low_similarity"].passed == passes


@pytest.mark.parametrize(("suite", "passes", "fails"), LOW, ids=["under 2 %", "under 10 %"])
def test_kept_clips_do_not_count_as_low_but_count_among_all(suite: str, passes: int, fails: int) -> None:
    for count in (passes, fails):
        tables = good(suite)
        tables["transcripts"].loc[: count + 19, "similarity"] = 0.1
        tables["transcripts"].loc[:19, "kept"] = "data-v2"
        result = judge(suite, tables)["low_similarity"]
        assert (result.passed, result.observed, result.errored) == (count == passes, count / CLIPS, False)
    assert result.failing == [f"c{number}.wav" for number in range(20, 20 + fails)]
    assert f"the share of {CLIPS} clips with similarity < 0.8 that are not kept is" in result.message


@pytest.mark.parametrize("broken", ["missing", None, 1.0])
def test_without_knowing_which_clips_are_kept_the_share_is_not_judged(broken: object) -> None:
    tables = good("whisper_validation")
    if broken == "missing":
        del tables["transcripts"]["kept"]
    else:
        tables["transcripts"]["kept"] = pd.Series([broken] * CLIPS, dtype="object")
    result = judge("whisper_validation", tables)["low_similarity"]
    assert (result.passed, result.errored) == (False, True)
    assert "kept" in result.message


@pytest.mark.parametrize(("clips", "low", "passes"), [(18377, 367, True), (18377, 368, False), (50, 1, False), (51, 1, True)])
def test_the_share_is_of_all_clips(clips: int, low: int, passes: bool) -> None:
    table = pd.DataFrame({"clip_id": [str(number) for number in range(clips)], "similarity": 1.0, "cer": 0.0, "kept": ""})
    table.loc[: low - 1, "similarity"] = 0.1
    tables = good("whisper_validation") | {"transcripts": table}
    assert judge("whisper_validation", tables)["low_similarity"].passed == passes


@pytest.mark.parametrize(("suite", "least"), [("whisper_validation", 0.9), ("asr_sample_report", 0.85)])
def test_the_mean_may_lie_at_its_limit(suite: str, least: float) -> None:
    for similarity, passes in ((least, True), (least - 1e-6, False)):
        tables = good(suite)
        tables["transcripts"]["similarity"] = similarity
        result = judge(suite, tables)["mean_similarity"]
        assert result.passed == passes
        assert result.observed == pytest.approx(similarity, abs=1e-12)


# The built-in expectation uses pandas' mean, which is slightly under the limit for these values; the exact mean equals it.
@pytest.mark.parametrize("pairs", [2, 8, 16])
def test_a_mean_of_different_values_may_lie_at_its_limit(pairs: int) -> None:
    similarity = pd.Series([0.83, 0.97] * pairs)
    assert similarity.mean() < 0.9
    table = pd.DataFrame({"clip_id": [str(number) for number in range(2 * pairs)], "similarity": similarity, "cer": 0.0})
    result = judge("whisper_validation", good("whisper_validation") | {"transcripts": table})["mean_similarity"]
    assert (result.passed, result.observed) == (True, 0.9)


@pytest.mark.parametrize(
    ("column", "rule", "last", "first"),
    [
        ("cer", "intelligible", 0.2, 0.2001),
        ("mos", "natural", 3.0, 2.9999),
        ("mos_2", "second_opinion", 3.0, 2.9999),
    ],
)
def test_the_means_of_the_samples(column: str, rule: str, last: float, first: float) -> None:
    for value, passes in ((last, True), (first, False)):
        tables = good("voice_samples")
        tables["samples"][column] = value
        assert failed(judge("voice_samples", tables)) == ([] if passes else [rule])


def test_no_samples_at_all_fail() -> None:
    tables = {name: table.iloc[:0] for name, table in good("voice_samples").items()}
    results = judge("voice_samples", tables)
    assert failed(results) == list(results)


@pytest.mark.parametrize(("longest", "passes"), [(299, True), (300, False)])
def test_the_95th_percentile_of_the_text_length_is_strict(longest: int, passes: bool) -> None:
    tables = good("quality_report")
    tables["stats"].loc[CLIPS - 10 :, "text_length"] = longest
    result = judge("quality_report", tables)["text_length_p95"]
    assert (result.passed, result.observed, result.limit) == (passes, longest, "< 300")
    assert result.failing == ([] if passes else [f"c{number}.wav" for number in range(90, 100)])


def test_one_long_text_in_twenty_is_allowed() -> None:
    tables = good("quality_report")
    tables["stats"].loc[CLIPS - 4 :, "text_length"] = 399
    assert judge("quality_report", tables)["text_length_p95"].passed


@pytest.mark.parametrize(("repeats", "passes"), [(4, True), (5, False)])
def test_the_share_of_repeated_texts_is_strict_and_counts_one_of_a_pair(repeats: int, passes: bool) -> None:
    tables = good("quality_report")
    tables["stats"].loc[50 : 49 + repeats, "normalised_text"] = [f"слово {number}" for number in range(repeats)]
    result = judge("quality_report", tables)["duplicate_texts"]
    assert (result.passed, result.observed) == (passes, repeats / CLIPS)
    assert result.failing == ([] if passes else [f"c{number}.wav" for number in range(50, 55)])


def spread(*added: float) -> dict[str, pd.DataFrame]:
    """400 clips evenly over 1 to 15 s (about 14 per bin of half a second), and clips with the ``added`` durations."""
    durations = [*(1 + 14 * (number + 0.5) / 400 for number in range(400)), *added]
    names = [f"c{number}.wav" for number in range(len(durations))]
    unique = {"normalised_text": names, "samples_sha256": names, "text_length": 50}
    tables = good("quality_report")
    return tables | {"stats": pd.DataFrame({"clip_id": names, "duration_s": durations}).assign(**unique)}


@pytest.mark.parametrize(
    ("added", "rule"),
    [
        ([], None),
        ([15.0] * 20, None),
        ([15.0] * 60, "no_duration_spike_end"),
        ([14.7] * 60, "no_duration_spike_end"),
        ([1.1] * 60, "no_duration_spike_start"),
        ([0.3] * 60, "no_duration_spike_start"),
        ([8.0] * 60, None),
        ([0.3] * 5, None),
    ],
    ids=[
        "even",
        "few at the limit",
        "many at the limit",
        "many at the end",
        "many at the start",
        "many short clips",
        "middle",
        "few short clips",
    ],
)
def test_many_clips_at_an_end_of_the_durations_are_a_spike(added: list[float], rule: str | None) -> None:
    results = judge("quality_report", spread(*added))
    assert failed(results) == ([rule] if rule else [])
    if rule:
        assert results[rule].failing[0] in {f"c{number}.wav" for number in range(460)}
        assert results[rule].unexpected_count >= len(added)
        assert set(results[rule].failing) & {f"c{number}.wav" for number in range(400, 460)}


@pytest.mark.parametrize("clips", [1, 2, 6])
def test_a_few_clips_are_never_a_spike(clips: int) -> None:
    tables = good("quality_report")
    tables["stats"] = tables["stats"].iloc[:clips].assign(duration_s=3.0)
    assert failed(judge("quality_report", tables)) == []


def test_the_report_and_the_rules_measure_the_same() -> None:
    chance = np.random.default_rng(7)
    table = pd.DataFrame({"clip_id": [f"c{number}.wav" for number in range(501)]})
    for column, meaning in CLIP_STATS.items():
        if column not in table:
            table[column] = {str: "", int: 0, float: 0.5, bool: False}[meaning.type]
    table["text_length"] = chance.integers(3, 400, len(table))
    table["duration_s"] = chance.uniform(1, 15, len(table))
    table["normalised_text"] = chance.integers(0, 2000, len(table)).astype(str)
    table["samples_sha256"] = chance.integers(0, 10**9, len(table)).astype(str)
    table.loc[:2, "rms_db"] = -90.0
    reported = facts(table, len(table) + 2, 0.37)
    results = judge("quality_report", {"stats": table, "facts": pd.DataFrame([reported])})
    measured = {name: result.observed for name, result in results.items()}
    assert measured["text_length_p95"] == reported["text_length_p95"]
    assert measured["duplicate_texts"] == reported["duplicate_ratio"] > 0
    assert measured["no_duration_spike_start"] == reported["duration_spike_start"]
    assert measured["no_duration_spike_end"] == reported["duration_spike_end"]
    assert measured["all_clips_measured"] == 2
    assert measured["no_silent_clips"] == reported["silent_clips"] == 3
