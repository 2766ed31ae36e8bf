"""The error of a training. It has a module of its own because both the cache and the training loop raise it."""


class TrainingError(RuntimeError):
    """A training that cannot start or cannot go on. The message says what to do."""
