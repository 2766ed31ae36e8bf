"""Which process did something, and whether that process still runs. This module is the only test for that.

A process id alone is not enough: the system gives the id of an ended process to a new process, and two machines or two
containers use the same ids. So an identity holds the id, the start time and the host.

The host is a text of four parts, ``<name>/<machine>/<boot>/<namespaces>``. On Linux:

* the host name, which people read in messages. Containers often share a name, so the name decides nothing alone;
* a hash of ``/etc/machine-id``, empty where there is no such file;
* the beginning of the kernel's boot id, a new one at every start of the machine. Containers on one machine share it;
* the numbers of the PID namespace and of the time namespace. Every running container has a PID namespace of its own.

Two processes can see each other exactly when all four parts are equal. A boot id that differs on one machine outside any
container means that the machine was started again, and that every process of the earlier start has ended. Any other
difference means that the processes run in different places: then nobody can tell, and the state is ``unknown``.

Where Linux hides the boot id (some sandboxes) every state is ``unknown``. Other systems run containers on a Linux kernel of
their own, so there the host name alone is the host. Measured on Linux only.

Belongs here: identities, parents and users of processes. Does not belong here: starting workers (``orchestration.processes``).
"""

import getpass
import hashlib
import os
import socket
import sys
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

import psutil

_PROC = Path("/proc")
_MACHINE_ID = Path("/etc/machine-id")
_FIRST_PID_NAMESPACE = "4026531836"
"""The PID namespace outside all containers: a fixed number of Linux, ``PROC_PID_INIT_INO`` in ``linux/proc_ns.h``."""
_ENDED_STATES = (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
_CLOCK_TICK_S = 0.01


class ProcessState(StrEnum):
    """What is known about a process at this moment."""

    RUNNING = "running"
    ENDED = "ended"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class ProcessIdentity:
    """One process, told from every other process.

    Attributes:
        host: where the process runs, as this module describes.
        pid: the process id on this host.
        started: seconds from the start of the machine to the start of the process. Setting the clock changes nothing.
    """

    host: str
    pid: int
    started: float

    @classmethod
    def own(cls) -> Self:
        """The process that calls."""
        return cls(_own_host(), os.getpid(), _started(os.getpid()))

    @classmethod
    def of(cls, pid: int) -> Self | None:
        """The process that has this id on this host now; None when there is none."""
        try:
            return cls(_own_host(), pid, _started(pid))
        except psutil.NoSuchProcess:
            return None

    @property
    def state(self) -> ProcessState:
        """``running`` and ``ended`` are certain; ``unknown`` where the process cannot be seen from here.

        A process that has ended, and that its parent has not collected yet, has ended.
        """
        here = _own_host()
        if _started_again(self.host, here):
            return ProcessState.ENDED
        if self.host != here or not _certain(here):
            return ProcessState.UNKNOWN
        try:
            same = abs(_started(self.pid) - self.started) < _CLOCK_TICK_S / 2
            status = psutil.Process(self.pid).status()
        except psutil.NoSuchProcess:
            return _state_of_invisible(self.pid)
        except psutil.AccessDenied:
            return ProcessState.UNKNOWN
        return ProcessState.RUNNING if same and status not in _ENDED_STATES else ProcessState.ENDED

    @property
    def ended(self) -> bool:
        """True only when the process has certainly ended. False also means that nobody can tell from here."""
        return self.state is ProcessState.ENDED

    @property
    def host_name(self) -> str:
        """The name of the host, for messages."""
        return self.host.partition("/")[0]

    @property
    def text(self) -> str:
        """The identity as one short text, such as a tag of a run; :meth:`parse` reads it."""
        return f"{self.pid}/{self.started}/{self.host}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The identity that :attr:`text` wrote.

        Raises:
            ValueError: the text is no identity.
        """
        try:
            pid, started, host = text.strip().split("/", 2)
            return cls._checked(host, int(pid), float(started))
        except ValueError as error:
            raise ValueError(f"{text!r} names no process: <pid>/<start>/<host> is wanted") from error

    def as_json(self) -> dict[str, Any]:
        """The identity as values of JSON; :meth:`from_json` reads them."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: object) -> Self:
        """The identity that :meth:`as_json` wrote.

        Raises:
            ValueError: the value is no identity.
        """
        if isinstance(value, dict):
            host, pid, started = (value.get(key) for key in ("host", "pid", "started"))
            if isinstance(host, str) and isinstance(pid, int) and isinstance(started, int | float):
                return cls._checked(host, pid, started)
        raise ValueError(f"{value!r} names no process: host, pid and started are wanted")

    @classmethod
    def _checked(cls, host: str, pid: int, started: float) -> Self:
        if pid <= 0 or host.count("/") != 3:
            raise ValueError(f"no process has id {pid} on host {host!r}")
        return cls(host, pid, started)

    def __str__(self) -> str:
        """The process in the words of a message, such as ``process 4242 on host studio``."""
        return f"process {self.pid} on host {self.host_name}"


def user_name() -> str:
    """The user of this process; empty where the system does not know the user."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


def ancestors(pid: int) -> list[int]:
    """The ids of a process's parent, of the parent's parent and so on; empty when the process is gone or hidden."""
    try:
        return [parent.pid for parent in psutil.Process(pid).parents()]
    except psutil.Error:
        return []


def _started(pid: int) -> float:
    """Seconds from the start of the machine to the start of a process.

    psutil gives two times of day, and both move when somebody sets the clock; their difference does not.

    Raises:
        psutil.NoSuchProcess: there is no such process.
    """
    while True:
        boot = psutil.boot_time()
        started = psutil.Process(pid).create_time()
        if psutil.boot_time() == boot:  # else somebody set the clock between the two
            return round(started - boot, 2)


def _state_of_invisible(pid: int) -> ProcessState:
    """The state of a process that is not in the list of processes, which may hide the processes of other users."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return ProcessState.ENDED
    except PermissionError:
        pass
    return ProcessState.UNKNOWN


def _own_host() -> str:
    name = socket.gethostname().replace("/", "_")
    machine = _read(_MACHINE_ID)
    hashed = hashlib.sha256(f"voice_assets {machine}".encode()).hexdigest()[:12] if machine else ""
    boot = _read(_PROC / "sys/kernel/random/boot_id").replace("-", "")[:12]
    return f"{name}/{hashed}/{boot}/{_namespace('pid')}.{_namespace('time')}"


def _read(file: Path) -> str:
    """The text of a file of the system; empty where the system has no such file."""
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def _namespace(kind: str) -> str:
    """The number of a namespace of this process; empty where the system does not tell it."""
    try:
        return (_PROC / "self/ns" / kind).readlink().name.partition("[")[2].rstrip("]")
    except OSError:
        return ""


def _certain(host: str) -> bool:
    """Whether no other host has this text: on Linux, a host with a boot id and a PID namespace."""
    _, _, boot, namespaces = host.split("/")
    return sys.platform != "linux" or bool(boot and namespaces.partition(".")[0])


def _started_again(earlier: str, here: str) -> bool:
    """Whether ``earlier`` is this machine before its last start, seen outside any container both times."""
    (name, machine, boot, namespaces), own = earlier.split("/"), here.split("/")
    outside = namespaces.startswith(f"{_FIRST_PID_NAMESPACE}.") and namespaces == own[3]
    return bool(machine and boot and own[2]) and outside and [name, machine] == own[:2] and boot != own[2]
