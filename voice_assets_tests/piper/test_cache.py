"""What a full disk says."""

import errno
from pathlib import Path

import pytest

from voice_assets.piper import cache as vits_cache
from voice_assets.piper.errors import TrainingError


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        RuntimeError("[enforce fail at inline_container.cc:672] . unexpected pos 64 vs 0\nframes"),
        RuntimeError("PytorchStreamWriter failed writing file data/0: file write failed"),
    ],
)
def test_the_error_of_a_full_disk_is_in_words(error: Exception, tmp_path: Path) -> None:
    message = rf"^{tmp_path}: not written \(.*\): is the disk full\? .* has [0-9.]+ GB free"
    with pytest.raises(TrainingError, match=message), vits_cache.writing(tmp_path):
        raise error


@pytest.mark.parametrize("error", [FileNotFoundError(errno.ENOENT, "no such clip"), RuntimeError("shape mismatch")])
def test_other_errors_are_themselves(error: Exception, tmp_path: Path) -> None:
    with pytest.raises(type(error)) as raised, vits_cache.writing(tmp_path):
        raise error
    assert raised.value is error
