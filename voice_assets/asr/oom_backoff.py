"""Decoding in smaller parts where the device's memory does not hold a whole batch."""

import math
from collections.abc import Callable
from typing import TypeVar

from voice_assets.asr.recogniser import RecogniserError

T = TypeVar("T")

# Parts of the errors of CUDA and cuBLAS when memory runs out.
_NO_MEMORY = ("out of memory", "alloc_failed")


def oom_backoff(decode: Callable[[list[T]], list[str]], items: list[T], on_smaller: Callable[[int, int], None]) -> list[str]:
    """``decode(items)``. When memory runs out, decode halves, then quarters, and so on.

    ``on_smaller`` gets the number of items that did not fit and the number that is tried next.

    Raises:
        RecogniserError: one item alone does not fit.
        RuntimeError: ``decode`` raised it for another reason.
    """
    texts: list[str] = []
    size = len(items)
    while len(texts) < len(items):
        part = items[len(texts) : len(texts) + size]
        try:
            texts += decode(part)
        except RuntimeError as error:
            if not any(sign in str(error).lower() for sign in _NO_MEMORY):
                raise
            if len(part) < 2:
                raise RecogniserError(
                    f"one clip alone does not fit into the device's memory ({error}); use a smaller model or int8"
                ) from error
            size = math.ceil(len(part) / 2)
            on_smaller(len(part), size)
    return texts
