"""Groups of batches, and gradients over several processes."""

import pytest

from voice_assets.piper import optimizing


@pytest.mark.parametrize(
    ("batches", "accumulate", "sizes", "last"),
    [
        (4, 1, [1, 1, 1, 1], [0, 1, 2, 3]),
        (4, 2, [2, 2, 2, 2], [1, 3]),
        (5, 2, [2, 2, 2, 2, 1], [1, 3, 4]),
        (3, 8, [3, 3, 3], [2]),
        (7, 3, [3, 3, 3, 3, 3, 3, 1], [2, 5, 6]),
    ],
)
def test_groups(batches: int, accumulate: int, sizes: list[int], last: list[int]) -> None:
    """Every batch is in one group, and the weights of the batches of each group add up to 1."""
    numbers = range(batches)
    assert [optimizing.group_size(one, batches, accumulate) for one in numbers] == sizes
    assert [one for one in numbers if optimizing.ends(one, batches, accumulate)] == last
    assert [one for one in numbers if optimizing.begins(one, accumulate)] == [0, *(one + 1 for one in last[:-1])]
    assert sum(1 / size for size in sizes) == pytest.approx(len(last))


@pytest.mark.slow
def test_gradients_get_the_layout_of_their_parameters() -> None:
    import torch

    parameter = torch.nn.Parameter(torch.zeros(2, 3, 4, 4))
    gradient = torch.rand(2, 3, 4, 4).to(memory_format=torch.channels_last)
    optimizing.add([parameter], [gradient])
    assert parameter.grad.stride() == parameter.stride()
    assert torch.equal(parameter.grad, gradient)
    optimizing.add([parameter], [gradient])
    optimizing.add([parameter], [None])
    optimizing.multiply([parameter], 0.25)
    assert torch.allclose(parameter.grad, gradient / 2)


def averaged(rank: int, file: str, results: object) -> None:
    """One of two processes: its gradients are ``rank`` and twice that; one parameter has none."""
    import torch
    from torch import distributed

    distributed.init_process_group("gloo", init_method=f"file://{file}", rank=rank, world_size=2)
    parameters = [torch.nn.Parameter(torch.zeros(shape)) for shape in SHAPES]
    for factor, parameter in enumerate(parameters[:-1], 1):
        parameter.grad = torch.full_like(parameter, rank * factor)
    optimizing.BUCKET_BYTES = 100
    optimizing.average_over_processes(parameters)
    results.put([None if one.grad is None else one.grad.unique().tolist() for one in parameters])  # type: ignore[attr-defined]
    distributed.destroy_process_group()


SHAPES = [(3, 5), (40,), (2, 2), (7,)]


@pytest.mark.slow
def test_two_processes_have_the_mean_of_their_gradients(tmp_path) -> None:
    """Two real processes; the gradients travel in several buckets."""
    import multiprocessing

    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    both = [context.Process(target=averaged, args=(rank, str(tmp_path / "meet"), results)) for rank in range(2)]
    for one in both:
        one.start()
    found = [results.get(timeout=300) for _ in both]
    for one in both:
        one.join()
    assert found == [[[0.5], [1.0], [1.5], None]] * 2
    assert [one.exitcode for one in both] == [0, 0]


@pytest.mark.slow
def test_one_process_keeps_its_gradients() -> None:
    import torch

    parameter = torch.nn.Parameter(torch.zeros(3))
    parameter.grad = torch.ones(3)
    optimizing.average_over_processes([parameter])
    assert parameter.grad.tolist() == [1, 1, 1]
