"""The package in the hands of others: the programs that people load a voice into speak its sample sentences.

The programs come from PyPI, in an environment of their own (``environment``). They get copies of the voice's files, an empty
home folder and no network (``processes``), and they speak without the voice's noise, so that their audio can be compared with
ours (``speaking``). Whisper hears both (``workers.hear``), and ``table`` puts the figures side by side for the rules.
``programs/`` holds what runs in that environment. Nothing there is imported here, and nothing here is imported there.
"""
