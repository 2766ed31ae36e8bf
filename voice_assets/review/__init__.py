"""The web pages on which people listen and decide, and the server of every report. Knows no Dagster.

Belongs here: the pages, the marks of the reviewers on disk, waveforms, and which files are served. Does not belong here: what a
subject is made of and how a verdict is recorded (``cli.review_subjects``), and which requests may reach the server
(``cli.web_guard``).
"""
