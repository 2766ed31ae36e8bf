"""The audio of one recording: reading and writing files, measuring signals, predicting opinion scores.

Not here: statistics over many clips (``quality``).
"""
