"""voice_assets: from a speech data set to a production TTS voice, with proof.

The rooms, from the top down. A room imports only rooms below it (import-linter proves it, see ``pyproject.toml``).

* ``cli``            the command ``voice-assets``: one file a group of commands, and what they print.
* ``definitions``    the Dagster code location: one asset graph per voice file.
* ``defs``           the stages as assets and checks: one file a stage, thin.
* ``orchestration``  what is about Dagster and about no stage: gates, history, lineage, checks, partitions, tables, runs.
* ``review``         the web pages on which people listen and decide, and the server of every report.
* ``release``        the voice package: its files, evidence, signature, verification, archive; its release.
* ``reports``        what is written for people: Markdown, HTML, TSV, plots, the model card.
* ``workers``        ``python -m`` processes: transcribe, start, train, clip_losses, export, speak, hear.
* ``rules``          Great Expectations: loading suites, and running them so that nothing passes by accident.
* ``asr``            speech recognition: Whisper, decoding passes, transcript cache, scores, categories of clips.
* ``curation``       decisions of people about clips, and the new version of a data set that follows from them.
* ``piper``          Piper's model, data, training, export, synthesis and voice configuration.
* ``quality``        statistics per clip, histograms, suspects, the listening sample.
* ``tournament``     which epoch becomes the voice: scores, confidence intervals, votes, the ranking.
* ``importers``      other people's layouts to a data set in Piper's format.
* ``dataset``        Piper's data set on disk: rows, faults, configuration, phonemes, shards, table schemas.
* ``audio``          reading and writing audio, signals of one clip, predicted opinion scores.
* ``text``           normalising and comparing texts, per language.
* ``runtime``        the machine: files, storage, worker requests, project folders, locks, processes, devices.
* ``voices``         the voice file: every setting, its default and its unit.
* ``voice_training`` the settings of training, samples and tournament.
* ``voice_section``  what every section of a voice file is made of.
* ``voice_faults``   the faults of a voice file in words, and what to write instead.

This module imports nothing, so that any room loads without the others.
"""
