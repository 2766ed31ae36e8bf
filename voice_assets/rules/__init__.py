"""Great Expectations: loading the suites of ``data_checks/``, and running them so that nothing passes by accident.

Not here: custom expectations (``data_checks``), Dagster's checks (``orchestration``).
"""
