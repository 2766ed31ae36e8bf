"""Converts other layouts to a data set in Piper's format; each importer also runs as `voice-assets import ...`.

An importer finds pairs of audio and text. ``prepare`` decodes the audio, drops unusable recordings and writes the data set.
"""
