"""Runs a module as ``python -m`` does, or a file, and ends as soon as the parent process has ended.

``python -I with_parent.py MODULE-OR-FILE ARGUMENTS...``. The parent holds the other end of standard input and writes nothing,
so standard input ends when the parent ends, whatever ended the parent.
"""

import os
import runpy
import sys
import threading

ORPHANED = 3


def follow_parent() -> None:
    """End this process when standard input ends."""
    while os.read(0, 4096):
        pass
    os._exit(ORPHANED)


def main() -> None:
    """Run what the command line names, with the rest of the command line as its arguments."""
    threading.Thread(target=follow_parent, daemon=True).start()
    sys.argv = sys.argv[1:]
    if sys.argv[0].endswith(".py"):
        runpy.run_path(sys.argv[0], run_name="__main__")
    else:
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
