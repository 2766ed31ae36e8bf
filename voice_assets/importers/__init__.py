"""From other people's layouts to a data set in Piper's format; each importer also runs as `voice-assets import ...`.

An importer finds pairs of audio and text; ``prepare`` decodes, drops what does not fit, and writes the data set.
"""
