"""voice_assets: from a speech data set to a production TTS voice, with proof.

The rooms, and who may import whom (import-linter holds it, see ``pyproject.toml``)::

    definitions -> defs -> engines, reports -> speech
    workers -> engines -> speech

* ``definitions``  the Dagster code location: one asset graph per voice file.
* ``defs``         all of Dagster, thin: one file a stage, and checks, gates, partitions, jobs.
* ``engines``      one heavy library per file, imported inside functions.
* ``workers``      ``python -m`` processes that run without Dagster: transcribe, train, export, speak.
* ``reports``      what is written for people: Markdown, HTML, TSV, plots.
* ``speech``       pure logic on values: rows, text, similarity, signals, sampling, sharding.
* ``voices``       one YAML file a voice, validated.
* ``project``      where things lie on disk.
* ``cli``          the command ``voice-assets``.

This module imports nothing, so that any room loads without the others.
"""
