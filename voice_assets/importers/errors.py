"""The error that every importer raises. One class for all importers: the command line prints the error as one line."""


class RecordingsError(ValueError):
    """Recordings that cannot be imported. The message names the file or folder and what to do."""
