"""Processes for heavy work: ``python -m voice_assets.workers.<name> REQUEST.json``.

A worker reads one request and calls one room. It prints events on standard output, one JSON object per line (the key
``event`` has the kind of event), and logs on standard error. It writes its result to a temporary file and renames the file.
``--help`` describes the request. Workers need no Dagster: assets start them by module name, people from a shell.
"""
