"""A training on one device that gets stuck, or runs out of memory, ends with a message that says what to do."""

import subprocess
from pathlib import Path

import pytest

from voice_assets_tests.workers.test_train_devices import observed
from voice_assets_tests.workers.tiny_training import of, run_anew

pytestmark = pytest.mark.slow


def test_a_main_thread_that_hangs_in_c_code_is_ended(ivrvoice: Path, training_set: Path, tmp_path: Path) -> None:
    (tmp_path / "hang-0").touch()
    line = observed(ivrvoice, training_set, tmp_path, tmp_path, devices=1, stuck_after_s=86400)
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        for text in process.stdout:
            if '"progress"' in text:
                (tmp_path / "stuck").touch()
            if '"error"' in text:
                break
        assert process.wait() == 2
    assert "training is stuck: no step, validation or checkpoint was finished for 1000000000 s" in text
    assert f"rank 0 (process {process.pid}): epoch 0, training step 1 of 5 done" in text


def test_out_of_memory_says_what_to_lower(ivrvoice: Path, training_set: Path, tmp_path: Path) -> None:
    """A real failure of PyTorch's allocator on the CPU: a tensor of four pebibytes."""
    (tmp_path / "memory").touch()
    done, printed = run_anew(observed(ivrvoice, training_set, tmp_path, tmp_path, devices=1))
    assert done.returncode == 2, done.stderr
    message = of("error", printed)[-1]["message"]
    assert message.startswith("out of memory at epoch 0, training step 1 of 5 with a batch of 2 clips of 1.")
    assert "you tried to allocate 4503599627370496 bytes" in message
    assert "(1) training.batch_size: 1 with training.accumulate: 2" in message
    assert "training.segment_size: 1024 (now 2048)" in message
