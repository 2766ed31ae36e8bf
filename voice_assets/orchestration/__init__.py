"""What is about Dagster and about no stage: gates, history, lineage, checks, partitions, tables, runs.

Not here: the assets themselves (``defs``), reports for people (``reports``).
"""
