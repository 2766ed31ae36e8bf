"""What nvidia-smi says: which GPUs there are, who computes on them and how busy they are. Nothing else runs it.

Follows nvidia-smi's documented output, is tested with listings written by hand, and is UNMEASURED: no machine of ours has
a GPU. Handing GPUs out is ``runtime.devices``.
"""

import subprocess
from dataclasses import dataclass

GPU_FIELDS = "--query-gpu=index,uuid,name"
USER_FIELDS = "--query-compute-apps=gpu_uuid,pid,used_memory,process_name"
USE_FIELDS = "--query-gpu=index,name,memory.used,memory.total,utilization.gpu"


class DeviceError(ValueError):
    """Devices that are not there, not visible or in use by somebody else. The message names them and what to do."""


@dataclass(frozen=True)
class Gpu:
    """A GPU as nvidia-smi counts it, in the order of the PCI bus. ``uuid`` and ``name`` are empty where it cannot tell."""

    index: int
    uuid: str = ""
    name: str = ""


@dataclass(frozen=True)
class GpuUser:
    """A process that computes on a GPU. ``memory_mib`` is None where the driver does not tell (WDDM, MIG, containers)."""

    gpu_uuid: str
    pid: int
    memory_mib: int | None
    name: str


@dataclass(frozen=True)
class GpuUse:
    """How busy a GPU is: use in per cent, memory in MiB; None for what the driver does not say."""

    index: int
    name: str
    used_mib: int | None
    total_mib: int | None
    busy_percent: int | None


def gpus(listing: str) -> list[Gpu]:
    """The GPUs in nvidia-smi's answer to `GPU_FIELDS`.

    Raises:
        DeviceError: naming the line that cannot be read.
    """
    found = []
    for line in filter(str.strip, listing.splitlines()):
        parts = [part.strip() for part in line.split(",", 2)]
        if len(parts) != 3 or not parts[0].isdigit():
            raise DeviceError(f"nvidia-smi listed a GPU in a way unknown to us: {line!r}")
        found.append(Gpu(int(parts[0]), parts[1], parts[2]))
    return found


def gpu_users(listing: str) -> list[GpuUser]:
    """The processes in nvidia-smi's answer to ``--query-compute-apps=gpu_uuid,pid,used_memory,process_name``
    with ``--format=csv,noheader,nounits``. Unknown memory reads ``[N/A]`` there.

    Raises:
        DeviceError: naming the line that cannot be read.
    """  # noqa: D205 - the two options are one thought
    found = []
    for line in filter(str.strip, listing.splitlines()):
        parts = [part.strip() for part in line.split(",", 3)]
        if len(parts) != 4 or not parts[1].isdigit():
            raise DeviceError(f"nvidia-smi listed a process in a way unknown to us: {line!r}")
        found.append(GpuUser(parts[0], int(parts[1]), int(parts[2]) if parts[2].isdigit() else None, parts[3]))
    return found


def gpu_use(listing: str) -> list[GpuUse]:
    """The GPUs in nvidia-smi's answer to `USE_FIELDS`. Lines of another form are left out: this is for people to look at."""
    found = []
    for line in filter(str.strip, listing.splitlines()):
        parts = [part.strip() for part in line.split(",")]
        if len(parts) >= 5 and parts[0].isdigit():
            used, total, busy = (int(part) if part.isdigit() else None for part in parts[-3:])
            found.append(GpuUse(int(parts[0]), ", ".join(parts[1:-3]), used, total, busy))
    return found


def nvidia_smi(*query: str, patience_s: float = 20) -> str:
    """nvidia-smi's answer as CSV; empty where the program is not installed. UNMEASURED on a real GPU.

    Raises:
        DeviceError: it is there and fails, such as after a driver update: nobody can tell what is free.
    """
    command = ["nvidia-smi", *query, "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=patience_s, check=False)
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise DeviceError(f"nvidia-smi cannot be run: {error}") from error
    except subprocess.TimeoutExpired as error:
        raise DeviceError(f"nvidia-smi did not answer within {patience_s:g} s") from error
    if done.returncode != 0:
        raise DeviceError(f"nvidia-smi failed with code {done.returncode}: {(done.stdout + done.stderr).strip()}")
    return done.stdout
