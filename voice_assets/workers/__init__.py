"""Processes for heavy work: ``python -m voice_assets.workers.<name> --help``.

Each takes paths and numbers, prints one JSON object per line on standard output while it works (``event`` names
what happened), logs on standard error, and writes its result by rename. They need no Dagster; the assets start
them by module name, and anyone can start them from a shell.
"""
