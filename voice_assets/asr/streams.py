"""The threads of a transcription: audio is read ahead of the recogniser, and batches are decoded side by side.

Not here: what is read and decoded (``asr.transcriber``).
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def read_ahead(
    batches: Iterable[Sequence[T]], submit: Callable[[T], Future[R]], depth: int
) -> Iterator[tuple[Sequence[T], list[Future[R]]]]:
    """Each batch with the futures of its items. Up to ``depth`` further batches are submitted before a batch is given.

    So reading never waits for the recogniser, and at most ``depth`` read batches wait in memory beside those in work.
    """
    begun: deque[tuple[Sequence[T], list[Future[R]]]] = deque()
    for batch in batches:
        begun.append((batch, [submit(item) for item in batch]))
        if len(begun) > depth:
            yield begun.popleft()
    while begun:
        yield begun.popleft()


def side_by_side(work: Callable[[T], R], parts: Iterable[T], streams: int) -> Iterator[R]:
    """``work`` on each of ``parts``, ``streams`` at once; results as they come.

    After an error in ``work``, no further part begins. The results of the parts in work are given first, then the error is
    raised.
    """
    waiting = iter(parts)
    failed: BaseException | None = None
    with ThreadPoolExecutor(streams, "decoding") as pool:
        running: set[Future[R]] = {pool.submit(work, part) for part in islice(waiting, streams)}
        while running:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            failed = next((error for future in done if (error := future.exception()) is not None), failed)
            if failed is None:
                running |= {pool.submit(work, part) for part in islice(waiting, len(done))}
            yield from (future.result() for future in done if future.exception() is None)
    if failed is not None:
        raise failed
