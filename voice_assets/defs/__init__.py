"""The stages as assets and checks, thin: one file per stage.

An asset body fetches its inputs, makes one call into another room and returns metadata. Does not belong here: Dagster code
that every stage shares (``orchestration``), the work of a stage (``dataset``, ``quality``, ``asr``, ``piper``, ``reports``).
"""
