"""Which voices the process of a run needs, when Dagster and not `voice-assets` started it: the UI, the daemon, Ray, Kubernetes.

Dagster does not tell a code location which run it is loaded for. But every launcher's process calls one private function with
the run, and that call is on the stack while the definitions load. A Dagster without that function costs time and breaks
nothing: the run then loads every voice. ``test_run_process.py`` starts such runs.
"""

import inspect

import dagster as dg

EXECUTES = ("dagster._grpc.impl", "core_execute_run", "dagster_run")
"""The module, the function in it and its argument."""
VOICE = "voice_assets/voice"
"""The tag of runs of a job: the voice that the job belongs to. Such a run names no asset."""


def voices_of_own_run() -> frozenset[str] | None:
    """The voices of the run that this process executes. None stands for all: no run, or a run that names no asset."""
    module, function, argument = EXECUTES
    frame = inspect.currentframe()
    while frame is not None:
        if frame.f_code.co_name == function and frame.f_globals.get("__name__") == module:
            return voices_of(frame.f_locals[argument])
        frame = frame.f_back
    return None


def voices_of(run: dg.DagsterRun) -> frozenset[str] | None:
    """The voices of the assets and checks of a run, or the one that its tag names. None stands for all."""
    keys = [*(run.asset_selection or ()), *(check.asset_key for check in run.asset_check_selection or ())]
    tagged = [run.tags[VOICE]] if VOICE in run.tags else []
    return frozenset([key.path[0] for key in keys] or tagged) or None
