"""Normalising and comparing texts, per language. Pure: values in, values out.

Not here: scores of a transcript (``asr``), phonemes (``dataset``).
"""
