"""Piper: its model, training data, training, export, synthesis and voice configuration.

Not here: which clips are sound (``dataset``, ``asr``).
"""
