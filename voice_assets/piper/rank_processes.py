"""Starting and ending the processes of a training on several devices. One fate: when one process fails, all end.

Lightning can start the processes too. But when one of them dies, Lightning kills the first one within five seconds, and nobody
learns why. So the first rank starts its own command line again for each further device, before Lightning does, and sets the
variables by which Lightning and torch know the ranks. Each further rank has a pipe to the first one, and writes a line of JSON
for each sign of life, and one for its error.

Belongs here: processes and pipes. Does not belong here: what happens on a failure (``piper.supervision``).
"""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psutil

PIPE = "VOICE_ASSETS_RANK_PIPE"
"""The variable with the number of the file that a further rank writes its lines into."""
SECONDS_TO_READ = 2.0
SECONDS_TO_END = 60.0


@dataclass
class FurtherRank:
    """A rank that this process started.

    Attributes:
        number: the rank, from 1.
        process: its process.
        last: its last sign of life, in words.
        error: the message of its error; empty when there is none.
    """

    number: int
    process: subprocess.Popen[bytes]
    last: str = "it has not begun"
    error: str = ""
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def text(self) -> str:
        """The rank, the state of its process and its last sign of life, for messages."""
        try:
            state = psutil.Process(self.process.pid).status()
        except psutil.NoSuchProcess:
            state = "ended"
        return f"rank {self.number} (process {self.process.pid}, {state}): {self.last}"


class FurtherRanks:
    """The ranks after the first. ``on_failure`` is called once, in a thread, when one of them fails, with what happened."""

    def __init__(self, devices: int, on_failure: Callable[[str], None]) -> None:
        self._on_failure, self._lock, self._closing = on_failure, threading.Lock(), False
        self._failed = threading.Event()
        self.ranks: list[FurtherRank] = []
        for number in range(1, devices):
            self.ranks.append(self._start(number, devices))

    @property
    def texts(self) -> list[str]:
        """Every rank in words."""
        return [one.text for one in self.ranks]

    def wait_for_failure(self, seconds: float) -> None:
        """Wait until a rank has failed, but no longer than ``seconds``. ``on_failure`` is called in another thread."""
        self._failed.wait(seconds)

    def wait_for_the_end(self) -> None:
        """Let the ranks end by themselves after a whole training. Afterwards nothing counts as a failure."""
        with self._lock:
            self._closing = True
        for one in self.ranks:
            one.ended.wait(SECONDS_TO_END)

    def kill(self) -> None:
        """End the ranks and the processes that they started, at once."""
        with self._lock:
            self._closing = True
        for one in self.ranks:
            kill_with_children(one.process.pid)

    def _start(self, number: int, devices: int) -> FurtherRank:
        reading, writing = os.pipe()
        os.set_inheritable(writing, True)
        variables = {**os.environ, **_variables(number, devices), PIPE: str(writing)}
        try:
            # Open files stay open in the rank: a lease of the GPUs then lasts as long as any rank lives.
            process = subprocess.Popen(own_command(), env=variables, stdin=subprocess.DEVNULL, close_fds=False)
        finally:
            os.close(writing)
        one = FurtherRank(number, process)
        reader = threading.Thread(target=self._read, args=(one, reading), name=f"read-rank-{number}", daemon=True)
        reader.start()
        threading.Thread(target=self._wait, args=(one, reader), name=f"wait-rank-{number}", daemon=True).start()
        return one

    def _read(self, one: FurtherRank, reading: int) -> None:
        with os.fdopen(reading, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                try:
                    kind, text = json.loads(line)
                except ValueError:  # the half line of a killed process
                    continue
                if kind == "error":
                    one.error = text
                    self._fail(f"rank {one.number} of the training: {text}")
                else:
                    one.last = text

    def _wait(self, one: FurtherRank, reader: threading.Thread) -> None:
        code = one.process.wait()
        reader.join(SECONDS_TO_READ)  # its loaders have the pipe too, so the pipe may stay open
        one.ended.set()
        if code != 0 and not one.error:
            how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
            self._fail(
                f"rank {one.number} of the training (process {one.process.pid}) {how}; its last sign of life: {one.last}. See "
                "the end of the log. Signal 9 often means that the system ran out of memory: lower training.num_workers or "
                "training.batch_size. Run again: training goes on from its last checkpoint"
            )

    def _fail(self, message: str) -> None:
        with self._lock:
            if self._closing:
                return
            self._closing = True
        self._failed.set()
        self._on_failure(message)


def tell_first(kind: str, text: str) -> None:
    """Write a line to the first rank: a ``sign`` of life or the ``error`` of this rank. Does nothing in the first rank."""
    number = os.environ.get(PIPE)
    if number is not None:
        try:
            os.write(int(number), (json.dumps([kind, text]) + "\n").encode())
        except BrokenPipeError:  # the first rank has ended, and this process is about to
            return


@contextmanager
def as_first(devices: int) -> Iterator[None]:
    """Make this process the first of ``devices`` ranks while the block runs, by the variables that Lightning reads."""
    address = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(_free_port())}
    before = dict(os.environ)
    os.environ.update(address | _variables(0, devices))
    try:
        yield
    finally:
        for name in (*address, *_variables(0, devices)):
            os.environ.pop(name, None)
            if name in before:
                os.environ[name] = before[name]


def own_command() -> list[str]:
    """The command line of this process, to run again."""
    import __main__

    spec = __main__.__spec__
    program = [sys.argv[0]] if spec is None else ["-m", spec.name]
    return [sys.executable, *program, *sys.argv[1:]]


def children() -> list[int]:
    """The ids of the processes that this process started and that run."""
    return [child.pid for child in psutil.Process().children()]


def kill_with_children(pid: int) -> None:
    """Kill a process and all that it started. A process in a collective does not hear SIGTERM."""
    try:
        process = psutil.Process(pid)
        doomed = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    for one in doomed:
        try:
            one.kill()
        except psutil.NoSuchProcess:
            continue


def _variables(number: int, devices: int) -> dict[str, str]:
    return {"LOCAL_RANK": str(number), "NODE_RANK": "0", "WORLD_SIZE": str(devices)}


def _free_port() -> int:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return int(opened.getsockname()[1])
