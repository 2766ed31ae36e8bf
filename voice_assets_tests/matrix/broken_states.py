"""For every blocking rule, tables that break exactly that rule. ``test_matrix`` fails for a rule without such a state."""

from collections.abc import Callable
from typing import Any

import pandas as pd

from voice_assets.rules.suites import load_suite, suite_names
from voice_assets_tests.data_checks.good_tables import CLIPS, good
from voice_assets_tests.data_checks.test_figures import spread
from voice_assets_tests.data_checks.test_rules import FACTS, ROWS, STRUCTURE_RULES

Tables = dict[str, pd.DataFrame]


def blocking_rules() -> list[tuple[str, str]]:
    """Every rule that closes gates, as (suite, rule)."""
    return [(suite, rule.name) for suite in suite_names() for rule in load_suite(suite).rules if rule.severity != "warning"]


def _with(suite: str, table: str, column: str, value: Any, rows: int | None = None) -> Tables:
    """Good tables with one value in the first ``rows`` rows of a column, or in all."""
    tables = good(suite)
    tables[table].loc[: (len(tables[table]) if rows is None else rows) - 1, column] = value
    return tables


def _structure(code: str) -> Tables:
    """One row of the metadata with this fault; nothing of its audio was read."""
    tables = good("base_validation")
    unread = {"format": "", "subtype": "", "channels": 0, "sample_rate": 0, "duration_s": 0.0}
    no_text = {"text": "", "text_length": 0} if code in ("bad_columns", "empty_text", "extra_wav") else {}
    for column, value in {"structure": code, **unread, **no_text}.items():
        tables["clips"].loc[0, column] = value
    return tables


def _repeated(column: str, rows: int) -> Tables:
    """The first ``rows`` values of a column again in other rows."""
    tables = good("quality_report")
    tables["stats"].loc[50 : 49 + rows, column] = tables["stats"].loc[: rows - 1, column].tolist()
    return tables


STATES: dict[tuple[str, str], Callable[[], Tables]] = {
    **{(suite, rule): lambda s=suite, t=table, c=column, v=value: _with(s, t, c, v)  # type: ignore[misc]
       for suite, table, column, _, value, rule in FACTS},
    **{(suite, rule): lambda s=suite, t=table, c=column, v=value: _with(s, t, c, v, rows=1)  # type: ignore[misc]
       for suite, table, column, _, value, rule in ROWS},
    **{("base_validation", rule): lambda c=code: _structure(c)  # type: ignore[misc]
       for code, rule in STRUCTURE_RULES.items()},
    ("quality_report", "text_length_p95"): lambda: _with("quality_report", "stats", "text_length", 300, rows=10),
    ("quality_report", "duplicate_texts"): lambda: _repeated("normalised_text", 5),
    ("quality_report", "no_duration_spike_start"): lambda: spread(*[1.1] * 60),
    ("quality_report", "no_duration_spike_end"): lambda: spread(*[15.0] * 60),
    ("asr_sample_report", "mean_similarity"): lambda: _with("asr_sample_report", "transcripts", "similarity", 0.84),
    ("asr_sample_report", "low_similarity"): lambda: _with("asr_sample_report", "transcripts", "similarity", 0.79, CLIPS // 10),
    ("whisper_validation", "mean_similarity"): lambda: _with("whisper_validation", "transcripts", "similarity", 0.89),
    ("whisper_validation", "low_similarity"): lambda: _with("whisper_validation", "transcripts", "similarity", 0.79, rows=2),
    ("voice_samples", "intelligible"): lambda: _with("voice_samples", "samples", "cer", 0.21),
    ("voice_samples", "natural"): lambda: _with("voice_samples", "samples", "mos", 2.9),
    ("voice_samples", "second_opinion"): lambda: _with("voice_samples", "samples", "mos_2", 2.9),
}  # fmt: skip
