"""Which errors mean that memory ran out, and what to lower. A real failure in training is in workers/test_train_stuck.py."""

import subprocess
import sys

import pytest

from voice_assets.piper.out_of_memory import is_out_of_memory, out_of_memory_text
from voice_assets.voices import Training

CUDA = (
    "CUDA out of memory. Tried to allocate 2.50 GiB. GPU 0 has a total capacity of 23.68 GiB of which 1.62 GiB is free.\n"
    "If reserved but unallocated memory is large try setting PYTORCH_CUDA_ALLOC_CONF"
)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (RuntimeError(CUDA), True),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"), True),
        (RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"), True),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes."), True),
        (RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 8 bytes."), True),
        (OSError(12, "Cannot allocate memory"), True),
        (MemoryError(), True),
        (RuntimeError("CUDA error: an illegal memory access was encountered"), False),
        (OSError(28, "No space left on device"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_which_errors_say_that_memory_ran_out(error: BaseException, expected: bool) -> None:
    assert is_out_of_memory(error) is expected


def test_the_message_names_the_step_the_clips_and_every_setting_to_lower() -> None:
    chosen = Training(batch_size=16, accumulate=2, segment_size=8192, num_workers=4)
    text = out_of_memory_text(RuntimeError(CUDA), chosen, "epoch 3, training step 7 of 90", [14.9, 2.0, 15.25])
    assert text.startswith(
        "out of memory at epoch 3, training step 7 of 90 with a batch of 3 clips of 15.2, 14.9, 2.0 s: CUDA out of memory. "
        "Tried to allocate 2.50 GiB. GPU 0 has a total capacity of 23.68 GiB of which 1.62 GiB is free. Lower one of these"
    )
    assert "(1) training.batch_size: 8 with training.accumulate: 4, the same number of clips" in text
    assert "(now 16 and 2); (2) training.precision: 16-mixed on a GPU" in text
    assert "; (3) training.segment_size: 4096 (now 8192); (4) training.num_workers: 0" in text
    assert text.endswith(
        "; (5) limits.max_duration_s, which leaves out the longest clips, the longest clip of this batch has 15.2 s"
    )
    assert "PYTORCH_CUDA_ALLOC_CONF" not in text


def test_settings_that_cannot_be_lower_are_not_named() -> None:
    chosen = Training(batch_size=1, segment_size=256, precision="16-mixed", num_workers=0)
    text = out_of_memory_text(MemoryError(), chosen, "the start", [])
    assert text == (
        "out of memory at the start: MemoryError. Lower one of these in the voice file: (1) limits.max_duration_s, which "
        "leaves out the longest clips"
    )


def test_an_odd_batch_size_says_that_the_product_changes() -> None:
    text = out_of_memory_text(MemoryError(), Training(batch_size=5), "the start", [1.0] * 9)
    assert "training.batch_size: 2 with training.accumulate: 2, fewer clips for each step (now 5 and 1)" in text
    assert "of 9 clips of 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0 and shorter s" in text


LIMITED = """
import resource
import torch
from voice_assets.piper.out_of_memory import is_out_of_memory
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 2**26, used + 2**26))
for make in (lambda: torch.ones(2**26), lambda: bytearray(2**27)):
    try:
        make()
    except Exception as error:
        print(type(error).__name__, is_out_of_memory(error))
"""


@pytest.mark.slow
def test_real_failures_of_the_allocators() -> None:
    """A limit of the system on the process's memory: PyTorch's allocator fails, then Python's."""
    done = subprocess.run([sys.executable, "-c", LIMITED], capture_output=True, text=True, check=True)
    assert done.stdout == "RuntimeError True\nMemoryError True\n"
