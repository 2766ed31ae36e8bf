"""The CPU seconds of everything that a benchmark started, also of processes that outlived their parents."""

import ctypes
import os
import resource

_SUBREAPER = 36
"""Linux' PR_SET_CHILD_SUBREAPER: a process whose parent has ended becomes a child of this one."""


def adopt_orphans() -> None:
    """Take over every process whose parent ends, so that its seconds count. Call it before anything is started."""
    ctypes.CDLL(None, use_errno=True).prctl(_SUBREAPER, 1)


def spent() -> float:
    """CPU seconds so far, of this process and of all that it started; waits for those that still run."""
    while True:
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            break
    mine, theirs = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return mine.ru_utime + mine.ru_stime + theirs.ru_utime + theirs.ru_stime
