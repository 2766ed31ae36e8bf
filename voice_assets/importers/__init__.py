"""Converts other layouts to a data set in Piper's format; runs as `voice-assets import`.

``folder`` finds the layout and the pairs of audio and text. ``prepare`` decodes the audio, drops unusable recordings and
writes the data set. ``debian`` makes the demo's data set.
"""
