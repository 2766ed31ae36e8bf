"""A data set on a local server of S3's protocol, and what was asked of the server."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from voice_assets.dataset.mirror import Mirror
from voice_assets.runtime import project, remote
from voice_assets.voices import Voice, load_voice
from voice_assets_tests.conftest import MakeDataset
from voice_assets_tests.datasets import write_voice
from voice_assets_tests.s3_server import Requests


@dataclass
class Stored:
    """A data set in the folder ``origin`` and, the same, on the store; its mirror holds nothing yet."""

    origin: Path
    mirror: Mirror
    requests: Requests

    def upload(self, *names: str) -> None:
        """Put files of ``origin`` on the store; all of them without ``names``."""
        target = remote.location(self.mirror.url)
        for name in names or [file.relative_to(self.origin).as_posix() for file in self.origin.rglob("*") if file.is_file()]:
            target.fs.pipe_file(f"{target.path}/{name}", (self.origin / name).read_bytes())

    def remove(self, name: str) -> None:
        remote.remove(remote.location(self.mirror.url) / name)

    def fetched(self) -> list[str]:
        """The objects that were asked for since the last call."""
        found = self.requests.objects(self.mirror.url)
        self.requests.seen.clear()
        return found

    def write_voice(self, **changes: object) -> Voice:
        """Write the voice file ``toy`` of this data set into the project; the voice's local copy is another than ``mirror``."""
        file = project.voices_dir() / "toy.yaml"
        return load_voice(write_voice(file, self.mirror.url, **changes))

    def forget(self) -> None:
        """Be another machine: no copies."""
        shutil.rmtree(self.mirror.folder)


@pytest.fixture
def stored(
    make_dataset: MakeDataset, s3_folder: str, s3_requests: Requests, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Stored:
    """A small valid data set on the store."""
    monkeypatch.setenv("VOICE_ASSETS_ROOT", str(tmp_path / "project"))
    found = Stored(make_dataset(), Mirror(s3_folder, tmp_path / "mirror"), s3_requests)
    found.upload()
    found.fetched()
    return found
