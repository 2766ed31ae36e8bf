"""Packages that want to do harm are refused with the file and the reason: no byte outside, bounded memory, nothing runs.

All kinds are opened by one process with a limit of memory, so that a kind that fills the memory fails here.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from voice_assets_tests.release.hostile_folders import FOLDERS, write_folders
from voice_assets_tests.release.hostile_zips import ZIPS, write_zips

pytestmark = pytest.mark.slow
MEMORY = 1536 << 20
SECONDS = 300
VERIFY_EACH = """
import json, resource, sys
from pathlib import Path
from voice_assets.release.sums import PackageError
from voice_assets.release.verification import verify

import onnx, numpy, soundfile  # their own memory is not that of a package

resource.setrlimit(resource.RLIMIT_DATA, (int(sys.argv[1]), int(sys.argv[1])))
said = {}
for kind, path in json.loads(sys.stdin.read()).items():
    try:
        said[kind] = verify(Path(path), speak=False).problems
    except (PackageError, OSError) as error:
        said[kind] = [str(error)]
print(json.dumps(said))
"""


def everything(folder: Path) -> list[tuple[str, int]]:
    """Every path under ``folder`` without following links, with its time of change."""
    return sorted((str(path), path.lstat().st_mtime_ns) for path in folder.rglob("*"))


@pytest.fixture(scope="module")
def refusals(small_package: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What is said about each kind, and a check that nothing was written outside the place for temporary files."""
    place = tmp_path_factory.mktemp("hostile")
    (place / "folders").mkdir()
    packages = {**write_folders(small_package, place / "folders"), **write_zips(place)}
    temporary = tmp_path_factory.mktemp("temporary")
    before = everything(place)
    done = subprocess.run(
        [sys.executable, "-c", VERIFY_EACH, str(MEMORY)],
        input=json.dumps({kind: str(path) for kind, path in packages.items()}),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        cwd=place,
        env={**os.environ, "TMPDIR": str(temporary)},
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert everything(place) == before
    assert {path.name for path in temporary.iterdir()} <= {".ses"}  # onnxruntime writes that one when it is imported
    assert not Path("/tmp/hostile_voice_package").exists()
    return json.loads(done.stdout)


@pytest.mark.parametrize("kind", [*ZIPS, *FOLDERS])
def test_a_hostile_package_is_refused(refusals: dict[str, list[str]], kind: str) -> None:
    words = {**ZIPS, **FOLDERS}[kind][1]
    assert any(words in problem for problem in refusals[kind]), refusals[kind]
    assert not any(character in problem for problem in refusals[kind] for character in "\x1b\u202e\0")


def test_kinds_have_names_of_their_own() -> None:
    assert not ZIPS.keys() & FOLDERS.keys()
    assert len(ZIPS) + len(FOLDERS) >= 80
