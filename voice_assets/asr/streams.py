"""The threads of a transcription: audio is read ahead of the recogniser, and batches are decoded at the same time.

Not here: reading and decoding (``asr.transcriber``).
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
    """Yield each batch with the futures of its items. Up to ``depth`` further batches are submitted before a batch is yielded.

    So reading never waits for the recogniser. At most ``depth`` batches wait in memory besides the batches that are decoded.
    """
    begun: deque[tuple[Sequence[T], list[Future[R]]]] = deque()
    for batch in batches:
        begun.append((batch, [submit(item) for item in batch]))
        if len(begun) > depth:
            yield begun.popleft()
    while begun:
        yield begun.popleft()


def side_by_side(work: Callable[[T], R], parts: Iterable[T], streams: int) -> Iterator[R]:
    """Call ``work`` on each of ``parts``, ``streams`` at the same time, and yield the results in the order they are ready.

    After an error in ``work``, no further part begins. The results of the running parts are yielded, then the error is raised.
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
