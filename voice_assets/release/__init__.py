"""The voice package and its release: its files, its evidence, its signature, its verification and its archive.

Does not belong here: making the voice, judging it, and what Dagster records (``defs.release`` collects that).
"""
