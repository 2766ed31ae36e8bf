"""What the server of ``subprocess_runs`` imports first, and no other process imports.

Until a fork server has loaded its modules, Ctrl-C would end it with a traceback in the terminal. So Ctrl-C ends it in silence.
"""

import signal

signal.signal(signal.SIGINT, signal.SIG_DFL)
