"""Piper's data set on disk: rows, faults, ``config.json``, phonemes, shards, and the schemas of all tables.

Not here: other people's layouts (``importers``), statistics (``quality``).
"""
