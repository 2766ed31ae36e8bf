"""Statistics per clip and over all clips: histograms, suspects, the listening sample.

Not here: signals of one clip (``audio``), transcripts (``asr``).
"""
