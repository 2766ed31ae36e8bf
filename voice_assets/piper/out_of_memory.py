"""Out of memory: which errors say so, and what to lower, in words.

Here: the error of a process that still runs. A process that the system killed for its memory has no words of its own; for
this case see ``orchestration.processes``. UNMEASURED on a real GPU: the texts of CUDA's errors are those of PyTorch's source.
"""

from collections.abc import Sequence

from voice_assets.piper.errors import TrainingError
from voice_assets.voice_faults import HOP_LENGTH
from voice_assets.voices import Training

NO_MEMORY = (
    "out of memory",  # CUDA, and torch.OutOfMemoryError
    "can't allocate memory",  # DefaultCPUAllocator on Linux
    "not enough memory",  # DefaultCPUAllocator on Windows
    "cannot allocate memory",  # the system, such as a loader process that cannot start
    "alloc_failed",  # CUBLAS_STATUS_ALLOC_FAILED, CUDNN_STATUS_ALLOC_FAILED
)
LONGEST_SHOWN = 8


class OutOfMemoryError(TrainingError):
    """The memory of a device or of the machine does not hold a training step. The message says what to lower."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether ``error`` says that memory ran out, on a GPU or in the machine."""
    text = str(error).lower()
    return isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError | OSError) and any(sign in text for sign in NO_MEMORY)
    )


def out_of_memory_text(error: BaseException, chosen: Training, where: str, lengths_s: Sequence[float]) -> str:
    """What happened and what to lower, with the present values.

    Args:
        error: the error that :func:`is_out_of_memory` knows.
        chosen: the settings of the training.
        where: epoch and step, in words.
        lengths_s: the lengths of the clips in the batch, in seconds; empty when no batch was there.
    """
    cause = next(iter(str(error).splitlines()), "").strip().rstrip(".") or type(error).__name__
    batch = f" with a batch of {len(lengths_s)} clips of {_lengths(lengths_s)} s" if lengths_s else ""
    advice = "; ".join(f"({number}) {one}" for number, one in enumerate(_advice(chosen, lengths_s), 1))
    return f"out of memory at {where}{batch}: {cause}. Lower one of these in the voice file: {advice}"


def _lengths(lengths_s: Sequence[float]) -> str:
    longest = sorted(lengths_s, reverse=True)
    shown = ", ".join(f"{length:.1f}" for length in longest[:LONGEST_SHOWN])
    return f"{shown} and shorter" if len(longest) > LONGEST_SHOWN else shown


def _advice(chosen: Training, lengths_s: Sequence[float]) -> list[str]:
    """What to lower, the change that costs the voice least first."""
    advice = []
    if chosen.batch_size > 1:
        half, more = _half_batch(chosen)
        kept = chosen.batch_size * chosen.accumulate == half * more
        effect = "the same number of clips for each step of the optimizers" if kept else "fewer clips for each step"
        advice.append(
            f"training.batch_size: {half} with training.accumulate: {more}, {effect} (now "
            f"{chosen.batch_size} and {chosen.accumulate})"
        )
    if chosen.precision in ("32-true", "64-true"):
        advice.append(f"training.precision: 16-mixed on a GPU, bf16-mixed where the device has it (now {chosen.precision})")
    segment = chosen.segment_size // 2 // HOP_LENGTH * HOP_LENGTH
    if segment:
        advice.append(f"training.segment_size: {segment} (now {chosen.segment_size})")
    if chosen.num_workers:
        advice.append(f"training.num_workers: 0, if the machine's memory ran out and not the GPU's (now {chosen.num_workers})")
    longest = f", the longest clip of this batch has {max(lengths_s):.1f} s" if lengths_s else ""
    advice.append(f"limits.max_duration_s, which leaves out the longest clips{longest}")
    return advice


def _half_batch(chosen: Training) -> tuple[int, int]:
    """Half of the batch size, and the accumulation that keeps their product, where that divides."""
    half = chosen.batch_size // 2
    whole = chosen.batch_size * chosen.accumulate
    return half, whole // half if whole % half == 0 else round(whole / half)
