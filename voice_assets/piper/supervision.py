"""Supervision of a running training: every process of a training ends together, with a message, and never waits for ever.

Here meet the ranks (``piper.rank_processes``), the watchdog (``piper.watchdog``) and the words about memory
(``piper.out_of_memory``): what counts as a sign of life, whose error is told, how the processes end. Does not belong here: the
training loop (``piper.training``).
"""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from voice_assets.piper import rank_processes, ranks
from voice_assets.piper.errors import TrainingError
from voice_assets.piper.out_of_memory import OutOfMemoryError, is_out_of_memory, out_of_memory_text
from voice_assets.piper.rank_processes import FurtherRanks, tell_first
from voice_assets.piper.watchdog import Watchdog
from voice_assets.runtime.devices import find_gpus, visible
from voice_assets.runtime.lost_gpus import LostGpus
from voice_assets.runtime.nvidia import DeviceError
from voice_assets.voices import Training

EXIT_CODE = 2
"""Of a process that ends itself after its error was told; workers call it EXPECTED_ERROR."""
SECONDS_FOR_THE_CAUSE = 10.0
"""So long the first rank's error, such as a broken connection, waits for the error of another rank that caused it."""
SECONDS_TO_REPORT = 10.0


@dataclass(frozen=True)
class Place:
    """Where the training is: the newest step that began, and the lengths of its clips."""

    text: str = "the start"
    sample_rate: int = 1
    samples: Any = None

    @property
    def lengths_s(self) -> list[float]:
        """The lengths of the batch's clips, in seconds; empty before the first batch."""
        return [] if self.samples is None else [length / self.sample_rate for length in self.samples.tolist()]


class Supervision:
    """What supervises one training in this process. ``callback`` belongs into Lightning's trainer."""

    def __init__(self, chosen: Training, report: Callable[[str], None]) -> None:
        self._chosen, self._report = chosen, report
        self._others: FurtherRanks | None = None
        self._ending = threading.Lock()
        self._place = Place()
        self._told = False
        self._watchdog = Watchdog(chosen.stuck_after_s, self._end, self._last_signs, _trouble_of(chosen))
        self.callback = _callback(self)

    def start_ranks(self) -> None:
        """Start the further ranks."""
        self._others = FurtherRanks(self._chosen.devices, self._end)

    def watch(self) -> None:
        """Start the watchdog, in the first rank. When another rank hangs, the first one waits for it, and its dog notices."""
        if ranks.rank() == 0:
            self._watchdog.start()

    def begin(self, step: str, batch: Any, model: Any) -> None:
        """A step begins, with the clips of ``batch``."""
        self._place = Place(step, int(model.hparams.sample_rate), batch.audio_lengths)

    def done(self) -> None:
        """The step that began is done."""
        self.sign(f"{self._place.text} done")

    def sign(self, what: str) -> None:
        """A sign of life, in words."""
        self._watchdog.signs.sign(what)
        tell_first("sign", what)

    def failed(self, error: BaseException) -> Exception | None:
        """Tell the first rank about ``error``, and wait for its true cause. Returns the error to raise instead, if any."""
        if self._others is not None and is_secondary(error):
            self._others.wait_for_failure(SECONDS_FOR_THE_CAUSE)  # then `_end` ends this process
        return self.tell(error)

    def tell(self, error: BaseException) -> Exception | None:
        """Tell the first rank about ``error``, once. Returns the error with better words, if there is one."""
        better = None
        if is_out_of_memory(error) and not isinstance(error, OutOfMemoryError):
            better = OutOfMemoryError(out_of_memory_text(error, self._chosen, self._place.text, self._place.lengths_s))
        if not self._told:
            self._told = True
            expected = isinstance(error, TrainingError | ArithmeticError | OSError | ValueError)
            tell_first("error", str(better or error) if better or expected else f"{type(error).__name__}: {error}")
        return better

    def finish(self) -> None:
        """After a whole training: stop to watch, and let the ranks end."""
        self._watchdog.stop()
        if self._others is not None:
            self._others.wait_for_the_end()

    def stop(self) -> None:
        """Stop to watch and end the further ranks. When another thread is ending this process, wait for that."""
        self._ending.acquire()
        self._watchdog.stop()
        if self._others is not None:
            self._others.kill()

    def _last_signs(self) -> str:
        others = [] if self._others is None else self._others.texts
        return "; ".join([f"rank 0 (process {os.getpid()}): {self._watchdog.signs.last}", *others])

    def _end(self, message: str) -> None:
        """Report ``message`` and end all processes of the training, from any thread."""
        if not self._ending.acquire(blocking=False):  # the training is ending already, with its own message
            return
        reporting = threading.Thread(target=self._report, args=(message,), daemon=True)
        reporting.start()
        reporting.join(SECONDS_TO_REPORT)  # nobody may read the events any more
        for child in rank_processes.children():
            rank_processes.kill_with_children(child)
        os._exit(EXIT_CODE)


def is_secondary(error: BaseException) -> bool:
    """Whether ``error`` may come from the failure of another rank: torch's own errors of a broken connection."""
    return isinstance(error, RuntimeError) and not isinstance(error, TrainingError) and not is_out_of_memory(error)


@contextmanager
def supervised(chosen: Training, report: Callable[[str], None]) -> Iterator[Supervision]:
    """Supervise the training that the block runs, in every rank; in the first one, the block has all ranks at its side.

    Prepare the clips before: the other ranks would wait for that, no longer than ``training.stuck_after_s``.

    Args:
        chosen: the settings of the training.
        report: tells a person about an error, from a thread; after that the process ends. For errors with which the main
            thread cannot be trusted: the main thread may wait for a GPU or for another rank.

    Raises:
        OutOfMemoryError: in place of torch's errors.
    """
    supervision = Supervision(chosen, report)
    with ExitStack() as stack:
        stack.callback(supervision.stop)
        if chosen.devices > 1 and ranks.rank() == 0:
            stack.enter_context(rank_processes.as_first(chosen.devices))
            supervision.start_ranks()
        try:
            yield supervision
            supervision.finish()
        except BaseException as error:
            better = supervision.failed(error)
            if better is not None:
                raise better from error
            raise


def _trouble_of(chosen: Training) -> Callable[[], str]:
    """A function that says which GPU of this training is lost; nothing on the CPU, and where nobody can tell."""
    if chosen.accelerator == "cpu" or ranks.rank() != 0:
        return lambda: ""
    try:
        return LostGpus(visible(find_gpus(), os.environ)).text
    except DeviceError:  # the driver does not work; torch says so itself when it needs the driver
        return lambda: ""


def _callback(supervision: Supervision) -> Any:
    """Lightning's callback that notes signs of life and where the training is. Costs no wait for the GPU."""
    from lightning.pytorch.callbacks import Callback

    class SignsOfLife(Callback):
        def setup(self, trainer: Any, pl_module: Any, stage: str) -> None:  # noqa: ARG002 - Lightning's, as below
            supervision.watch()

        def on_train_batch_start(self, trainer: Any, pl_module: Any, batch: Any, batch_idx: int) -> None:
            text = f"epoch {trainer.current_epoch}, training step {batch_idx + 1} of {trainer.num_training_batches}"
            supervision.begin(text, batch, pl_module)

        def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:  # noqa: ARG002
            supervision.done()

        def on_validation_batch_start(self, trainer: Any, pl_module: Any, batch: Any, batch_idx: int, *_: Any) -> None:
            supervision.begin(f"epoch {trainer.current_epoch}, validation step {batch_idx + 1}", batch, pl_module)

        def on_validation_batch_end(self, *_: Any) -> None:
            supervision.done()

        def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:  # noqa: ARG002
            supervision.sign(f"epoch {trainer.current_epoch}, all steps done, before its checkpoint")

        def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:  # noqa: ARG002
            supervision.tell(exception)  # at once: what follows may wait for a broken device

    return SignsOfLife()
