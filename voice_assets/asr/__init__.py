"""Speech recognition: transcribing every clip and scoring the hypotheses.

Here: the recogniser protocol, Whisper, decoding passes, the transcript cache, scores, categories of clips.
Not here: normalising texts (``text``), reading audio (``audio``), rules and thresholds (``rules``).
"""
