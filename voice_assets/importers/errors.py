"""The error that every importer raises: one class, so that the command line can print it as one line."""


class RecordingsError(ValueError):
    """Recordings that cannot be imported. The message names the file or folder and what to do."""
