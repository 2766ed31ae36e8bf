"""From the gradients of batches to the steps of the optimizers: adding up batches, averaging over processes, clipping.

The step asks autograd for gradients itself (``piper.vits_step``), so torch's DDP sees no backward pass and averages nothing.
Here the gradients are averaged over the processes once per optimizer step, however many batches are added up.

Not here: computing gradients.
"""

from collections.abc import Iterator, Sequence
from typing import Any

BUCKET_BYTES = 25_000_000
"""Gradients travel between processes in pieces of about this size, as in DDP."""


def group_size(batch: int, batches: int, accumulate: int) -> int:
    """How many batches are added up with ``batch`` (from 0) of an epoch: ``accumulate``, or what is left at the end."""
    return min(accumulate, batches - batch // accumulate * accumulate)


def begins(batch: int, accumulate: int) -> bool:
    """Whether ``batch`` is the first of its group."""
    return batch % accumulate == 0


def ends(batch: int, batches: int, accumulate: int) -> bool:
    """Whether the optimizers step after ``batch``: a group is full, or the epoch ends."""
    return (batch + 1) % accumulate == 0 or batch + 1 == batches


def add(parameters: Sequence[Any], gradients: Sequence[Any]) -> None:
    """Add ``gradients`` to what the parameters have; None adds nothing.

    Gradients get the memory layout of their parameters, which the fused AdamW expects and ``autograd.grad`` does not promise.
    """
    import torch

    for parameter, gradient in zip(parameters, gradients, strict=True):
        if gradient is None:
            continue
        if parameter.grad is not None:
            parameter.grad.add_(gradient)
        elif gradient.stride() == parameter.stride():
            parameter.grad = gradient
        else:
            parameter.grad = torch.empty_like(parameter).copy_(gradient)


def multiply(parameters: Sequence[Any], factor: float) -> None:
    """Multiply the gradients of the parameters by ``factor``."""
    for parameter in parameters:
        if parameter.grad is not None:
            parameter.grad.mul_(factor)


def average_over_processes(parameters: Sequence[Any]) -> None:
    """Replace each gradient by its mean over the processes of this training. A training of one process changes nothing.

    Every process must have gradients for the same parameters, and call this at the same steps.
    """
    import torch
    from torch import distributed

    if not (distributed.is_available() and distributed.is_initialized() and distributed.get_world_size() > 1):
        return
    for bucket in _buckets([parameter.grad for parameter in parameters if parameter.grad is not None]):
        flat = torch.cat([gradient.reshape(-1) for gradient in bucket])
        distributed.all_reduce(flat)
        flat /= distributed.get_world_size()
        for gradient, mean in zip(bucket, flat.split([one.numel() for one in bucket]), strict=True):
            gradient.copy_(mean.view_as(gradient))


def _buckets(gradients: Sequence[Any]) -> Iterator[list[Any]]:
    """The gradients in order, in groups of one type and of about :data:`BUCKET_BYTES`."""
    bucket: list[Any] = []
    for gradient in gradients:
        if bucket and (bucket[0].dtype != gradient.dtype or sum(one.nbytes for one in bucket) >= BUCKET_BYTES):
            yield bucket
            bucket = []
        bucket.append(gradient)
    if bucket:
        yield bucket
