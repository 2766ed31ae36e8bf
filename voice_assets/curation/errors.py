"""The error of this room."""

from voice_assets.importers.errors import RecordingsError


class FixError(RecordingsError):
    """Decisions that cannot be carried out, or a version that cannot be written. Names file, row, clip and decision."""
