"""Pure logic on values: rows, text, similarity, signals, sampling, sharding, curves.

Standard library, numpy, pandas, rapidfuzz and num2words only. Nothing here knows Dagster, a model or a report,
and nothing here imports from another room.
"""
