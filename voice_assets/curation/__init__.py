"""Decisions of people about clips, and the new version of a data set that follows from them.

Not here: finding the suspects to decide about (``quality``, ``asr``).
"""
