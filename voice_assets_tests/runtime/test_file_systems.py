from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from voice_assets.runtime.file_systems import file_system, network_file_system

MOUNTS = [
    ("/", "ext4"),
    ("/home", "nfs4"),
    ("/home/local", "xfs"),
    ("/mnt/share", "cifs"),
    ("/mnt/share", "ext4"),
    ("/gpfs", "GPFS"),
]


@pytest.fixture
def mounts(monkeypatch):
    listed = [SimpleNamespace(mountpoint=point, fstype=kind) for point, kind in MOUNTS]
    monkeypatch.setattr(psutil, "disk_partitions", lambda **_: listed)


@pytest.mark.parametrize(
    ("path", "network"),
    [
        ("/srv/data/x.sqlite", ""),
        ("/home/anna/artifacts/x.sqlite", "nfs4"),
        ("/homes/x.sqlite", ""),  # a name that only begins alike
        ("/home/local/x.sqlite", ""),
        ("/mnt/share/x.sqlite", ""),  # the later mount hides the earlier one
        ("/gpfs/x", "gpfs"),
    ],
)
def test_the_innermost_mount_decides(mounts, path, network):
    assert network_file_system(Path(path)) == network


def test_where_nothing_is_listed_nothing_is_claimed(monkeypatch):
    monkeypatch.setattr(psutil, "disk_partitions", lambda **_: [])
    assert file_system(Path("/anywhere")) == ""
    assert network_file_system(Path("/anywhere")) == ""


def test_this_machine_names_the_file_system_of_a_folder(tmp_path):
    assert file_system(tmp_path / "not" / "there" / "yet") == file_system(tmp_path) != ""
