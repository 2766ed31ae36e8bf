"""TensorBoard's log of a training: one point per step, also when the training was killed and resumed.

Not here: the tables of losses (``piper.loss_tables``), and starting TensorBoard.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from voice_assets.piper.versions import LOGS


def event_log(work: Path, version: int, done: int, global_step: Callable[[], int]) -> Any:
    """Lightning's logger of the training ``version``, whose horizontal axis is Lightning's ``global_step``.

    Lightning itself counts batches for losses and steps of optimizers for spoken clips. One axis for both makes ``done``
    possible: TensorBoard then hides the points after that step, which an interrupted process wrote, and which are written
    again now.

    Args:
        work: the folder that holds ``lightning_logs``.
        version: the training.
        done: the global step of the checkpoint that training goes on from; 0 for a new training.
        global_step: tells the present global step.
    """
    from lightning.pytorch.loggers import TensorBoardLogger

    class EventLog(TensorBoardLogger):
        def log_metrics(self, metrics: Any, step: int | None = None) -> None:  # noqa: ARG002 - Lightning's
            super().log_metrics(metrics, global_step())

    return EventLog(work, name=LOGS, version=version, purge_step=done + 1)
