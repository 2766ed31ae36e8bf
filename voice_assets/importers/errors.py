"""The error every importer raises. One class, so that the command line can print it as one line."""


class RecordingsError(ValueError):
    """Recordings that cannot be imported. The message names the file or folder and what to do."""
