"""The launcher of the runs that the UI starts: ``voice-assets ui`` has a run host, and each run is forked from it.

Dagster's default launcher starts a new Python for each run, which spends seconds of processor time on imports. Where no run
host answers, as under `dagster dev`, the runs start as Dagster starts them.
"""

import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress

import dagster as dg
from dagster._core.launcher.base import LaunchRunContext
from dagster._grpc.types import ExecuteRunArgs

from voice_assets.orchestration.dead_runs import CLIENT_TAG, process_of, process_tags
from voice_assets.orchestration.run_client import ADDRESS, WAIT
from voice_assets.runtime.processes import ProcessIdentity

CLIENT = [sys.executable, "-m", "voice_assets.orchestration.run_client"]


class HostedLauncher(dg.DefaultRunLauncher):
    """``DefaultRunLauncher``, whose runs are forked by the run host at the address in ``VOICE_RUN_HOST``.

    The client of each run is a child of the process that launches, mostly the daemon. A signal to the client reaches the run.
    """

    def launch_run(self, context: LaunchRunContext) -> None:
        """Start the run of ``context``."""
        origin = context.job_code_origin
        if origin is None or not _answers(os.environ.get(ADDRESS)):
            super().launch_run(context)
            return
        run_id = context.dagster_run.run_id
        arguments = ExecuteRunArgs(origin, run_id, self._instance.get_ref(), set_exit_code_on_failure=True)
        command = [*CLIENT, WAIT, "dagster", *arguments.get_command_args()[-3:]]
        # Standard output has each event as JSON, for launchers of other machines. Standard error has the log.
        client = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        assert client.stdin is not None
        try:
            identity = ProcessIdentity.of(client.pid)
            assert identity is not None  # the system keeps the id of a child that nobody has waited for
            # Before the run begins: of two processes that tag a run at once, Dagster keeps one's tags.
            self._instance.add_run_tags(run_id, process_tags(run_id, identity, CLIENT_TAG))
        except BaseException:
            client.kill()
            raise
        client.stdin.close()

    def terminate(self, run_id: str) -> bool:
        """End the run, which records its end. Returns whether it could be told to."""
        run = self._instance.get_run_by_id(run_id)
        client = None if run is None else process_of(run, CLIENT_TAG)
        if run is None or client is None:
            return bool(super().terminate(run_id))  # type: ignore[no-untyped-call]
        if run.is_finished or ProcessIdentity.of(client.pid) != client:  # it has ended, or runs on another host
            return False
        self._instance.report_run_canceling(run)
        with suppress(ProcessLookupError):
            os.kill(client.pid, signal.SIGTERM)
        return True


def _answers(address: str | None) -> bool:
    """Whether a run host listens at ``address``."""
    if not address:
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as probe:
        return probe.connect_ex(address) == 0
