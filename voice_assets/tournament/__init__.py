"""The tournament of the epochs: which checkpoint becomes the voice.

Belongs here: the score of a candidate, confidence intervals, the votes of the blind comparison and what follows from them, the
ranking. Does not belong here: speaking and scoring sentences (``workers.speak``), the report (``reports.tournament``), the page
on which people compare (``review``).
"""
