"""A missing table, and a column with a missing value, fail the rules that read them."""

import pytest

from voice_assets_tests.data_checks.good_tables import PARAMETERS, bound, failed, good, judge


@pytest.mark.parametrize("suite", PARAMETERS)
def test_each_missing_table_fails_its_rules(suite: str) -> None:
    for table in good(suite):
        rest = {name: frame for name, frame in good(suite).items() if name != table}
        results = judge(suite, rest)
        assert failed(results)
        assert all(results[name].errored and f"no table {table}" in results[name].message for name in failed(results))


@pytest.mark.parametrize("suite", PARAMETERS)
def test_a_missing_value_fails_the_rule_that_reads_it(suite: str) -> None:
    tables = good(suite)
    # `structure` also selects the rows of other rules, so it stays complete here: each rule fails for its own column.
    reading = [rule for rule in bound(suite).rules if rule.columns and rule.columns != ("structure",)]
    for rule in reading:
        table = tables[rule.table]
        table[rule.columns[0]] = table[rule.columns[0]].astype(object)
        table.loc[0, rule.columns[0]] = None
    results = judge(suite, tables)
    for rule in reading:
        result = results[rule.name]
        assert (result.passed, result.errored, result.severity) == (False, True, "critical")
        assert f"{rule.columns[0]} has no value" in result.message


def test_a_missing_structure_fails_every_rule_about_clips() -> None:
    tables = good("base_validation")
    tables["clips"].loc[0, "structure"] = None
    results = judge("base_validation", tables)
    judged = [name for name, result in results.items() if not result.errored]
    assert judged == ["config_present", "config_valid", "config_sample_rate"]
