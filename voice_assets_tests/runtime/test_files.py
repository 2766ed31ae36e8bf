"""Files are written whole, and an error names the file."""

import errno
import subprocess
import sys
from pathlib import Path

import pytest

from voice_assets.runtime.files import replacing, write_text

FULL = """
import resource, signal, sys
from pathlib import Path
import pandas as pd
from voice_assets.runtime.files import replacing, write_text
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
path = Path(sys.argv[1])
try:
    if path.suffix == ".parquet":
        with replacing(path) as temporary:
            pd.DataFrame({"text": [str(number) for number in range(10_000)]}).to_parquet(temporary)
    else:
        write_text(path, "x" * 5000)
except OSError as error:
    print(error.errno, error.filename)
"""


@pytest.mark.parametrize("name", ["report.md", "table.parquet"])
def test_a_disk_that_takes_no_more_is_named_with_the_file_and_nothing_is_left(tmp_path: Path, name: str) -> None:
    """A limit on the size of files stands for the full disk: both are an error of the system without a file name."""
    path = tmp_path / "folder" / name
    done = subprocess.run([sys.executable, "-c", FULL, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(errno.EFBIG), str(path)], done.stderr
    assert list(path.parent.iterdir()) == []


def test_an_error_with_a_name_keeps_it(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as error, replacing(tmp_path / "a"):
        (tmp_path / "others" / "b").read_bytes()
    assert error.value.filename == str(tmp_path / "others" / "b")


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = write_text(tmp_path / "a.txt", "old")
    with pytest.raises(ZeroDivisionError), replacing(path) as temporary:
        temporary.write_text("half" * (1 // 0))
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]
