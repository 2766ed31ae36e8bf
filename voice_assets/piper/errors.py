"""The error a training ends with when it is not the data's fault. A module of its own: its cache and its loop both raise it."""


class TrainingError(RuntimeError):
    """A training that cannot start or go on. The message says what to do."""
