"""All of Dagster, thin: one file a stage, and the files that every stage shares (checks, gates, partitions...).

An asset body fetches its inputs, makes one call into ``engines``, ``reports`` or ``speech``, and returns metadata.
"""
