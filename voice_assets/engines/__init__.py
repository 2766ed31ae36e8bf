"""One heavy library per file, imported inside functions, behind an interface in the project's own words.

Belongs here: audio decoding, espeak, Whisper, Great Expectations, VITS training, ONNX speaking, MOS prediction.
Does not belong here: thresholds and decisions (``speech``, ``data_checks``), files for people (``reports``), Dagster.
"""
