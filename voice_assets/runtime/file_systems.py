"""Which kind of file system a path lies on: a network file system shares no memory and weaker locks between hosts."""

from pathlib import Path

import psutil

NETWORK = frozenset(
    {
        "9p", "afs", "beegfs", "ceph", "cifs", "drvfs", "fuse.ceph", "fuse.glusterfs", "fuse.juicefs", "fuse.rclone",
        "fuse.s3fs", "fuse.sshfs", "gfs2", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "orangefs", "pvfs2",
        "smb2", "smb3", "smbfs", "vboxsf", "virtiofs",
    }
)  # fmt: skip
"""Linux's names of file systems whose files another host, or the host of a virtual machine, may have open."""


def file_system(path: Path) -> str:
    """The type of the file system that ``path`` lies on, or will lie on, such as ``ext4``; empty where nobody tells."""
    place = path.resolve()
    mounts = {Path(one.mountpoint): one.fstype for one in psutil.disk_partitions(all=True)}  # the last mount hides earlier ones
    return next((mounts[folder] for folder in (place, *place.parents) if folder in mounts), "")


def network_file_system(path: Path) -> str:
    """The type of the network file system that ``path`` lies on; empty for a local one."""
    kind = file_system(path).lower()
    return kind if kind in NETWORK else ""
