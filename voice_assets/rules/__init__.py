"""Great Expectations: loads the suites of ``data_checks/`` and runs them so that no rule passes by accident.

Not here: custom expectations (``data_checks``), Dagster's checks (``orchestration``).
"""
