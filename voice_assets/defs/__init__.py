"""The stages as assets and checks, thin: one file per stage.

An asset body fetches its inputs, makes one call into another room and returns metadata. Not here: Dagster code that all
stages share (``orchestration``), the work of a stage (``dataset``, ``quality``, ``asr``, ``piper``, ``reports``).
"""
