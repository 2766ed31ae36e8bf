"""Audio of one recording: reading and writing it, signals measured on it, predicted opinion scores.

Not here: statistics over many clips (``quality``).
"""
