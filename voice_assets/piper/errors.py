"""The errors of a training. They have a module of their own because several modules raise them."""


class TrainingError(RuntimeError):
    """A training that cannot start or cannot go on. The message says what to do."""


class CheckpointError(ValueError):
    """A checkpoint that cannot be read or cannot be used, or a file that is no checkpoint of a Piper model."""
