"""Processes for heavy work: ``python -m voice_assets.workers.<name> REQUEST.json``.

A worker reads one request, calls one room, prints one JSON object per line on standard output while it works (``event``
names what happened), logs on standard error, and writes its result by rename. ``--help`` describes the request. Workers
need no Dagster: the assets start them by module name, and anyone can start them from a shell.
"""
