"""A folder is built beside its place, and what a killed builder left goes when the place is built again."""

import subprocess
import sys
from pathlib import Path

import pytest

from voice_assets.runtime.building import beside

BUILDER = """
import sys
from pathlib import Path
from voice_assets.runtime.building import beside
with beside(Path(sys.argv[1])) as folder:
    (folder / "half").write_text("half")
    print(folder, flush=True)
    sys.stdin.read()
"""


def builder(place: Path) -> tuple[subprocess.Popen[str], Path]:
    """Another process that is building ``place``, and its folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", BUILDER, str(place)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def spoil(place: Path) -> None:
    with beside(place) as folder:
        (folder / "file").touch()
        raise ValueError("spoilt")


def test_a_folder_is_renamed_whole_or_gone(tmp_path: Path) -> None:
    place = tmp_path / "cache" / "1.0.0"
    with beside(place) as folder:
        assert (folder.parent, folder.stat().st_mode & 0o777) == (place.parent, 0o755)
        (folder / "file").touch()
        folder.rename(place)
    with pytest.raises(ValueError, match="spoilt"):
        spoil(place)
    assert sorted(tmp_path.rglob("*")) == [place.parent, place, place / "file"]


def test_the_next_builder_removes_what_a_killed_one_left_and_nothing_else(tmp_path: Path) -> None:
    place = tmp_path / "1.0.0"
    killed, left = builder(place)
    killed.kill()
    killed.communicate()
    living, its = builder(tmp_path / "1.0.1")
    others = [tmp_path / ".1.0.0-rc.1.abcdefgh", tmp_path / ".1.0.0.abc"]
    for other in others:
        other.mkdir()
    (tmp_path / ".1.0.0.abcdefgh").touch()
    (tmp_path / ".1.0.0.linklink").symlink_to(its)
    before = {*tmp_path.iterdir()}
    assert left in before
    with beside(place) as folder:
        assert {*tmp_path.iterdir()} == before - {left} | {folder}
    living.communicate()
    assert not its.exists()


def test_the_folder_of_a_builder_that_lives_stays(tmp_path: Path) -> None:
    living, its = builder(tmp_path / "1.0.0")
    with beside(tmp_path / "1.0.0") as folder:
        assert {*tmp_path.iterdir()} == {its, folder}
    assert (its / "half").read_text(encoding="utf-8") == "half"
    living.communicate()
    assert list(tmp_path.iterdir()) == []
