"""``voice-assets run --server URL``: the same run as ``run``, of a deployment. Its runs work there, and are shown here.

The planner, the launcher and the progress are the server's; the runner, the bars, the table and the exit codes are those of
every run.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from voice_assets.cli.errors import without_traceback
from voice_assets.cli.server_option import connected
from voice_assets.cli.terminal import console
from voice_assets.runtime.running import Running

if TYPE_CHECKING:
    from voice_assets.orchestration.gates import AssetPartition
    from voice_assets.orchestration.runner import AssetStatus
    from voice_assets.orchestration.server import Server

SECONDS_BETWEEN_QUESTIONS = 3.0


@dataclass(frozen=True)
class ServedVoice:
    """The name of a voice, and its file on the server."""

    name: str
    file: str


def run_on_server(url: str, voice: str, asset: str | None, epoch: str | None) -> bool:
    """Run ``voice`` of the deployment at ``url`` as `run.run_voice` does here. Returns whether every gate is open.

    Raises:
        CommandError: the server does not answer or refuses: there is no such voice, asset or epoch.
    """
    from voice_assets.cli.bars import RunBars
    from voice_assets.cli.before_run import can_start
    from voice_assets.cli.closing import print_closing
    from voice_assets.cli.findings import Finding
    from voice_assets.orchestration.runner import Runner
    from voice_assets.orchestration.server import ServerError
    from voice_assets.orchestration.server_launcher import ServerLauncher
    from voice_assets.orchestration.server_planner import ServerPlanner

    out, server, asked = console(), connected(url), {"voice": voice, "asset": asset, "epoch": epoch}
    with without_traceback(ServerError):
        answer = server.ask("plan", **asked)
        found = [(name, Finding(**finding)) for name, finding in answer["in_the_way"]]
        if not can_start(out, voice, list(answer["assets"]), found):
            return False
        planner = ServerPlanner(server, asked, answer["assets"])
        with RunBars(out, voice, ServerProgress(connected(url), voice)) as bars:
            statuses = list(Runner(planner, ServerLauncher(server), bars).run())
    served = ServedVoice(voice, f"{answer['file']} of the server")
    names = list(answer["assets"])
    print_closing(out, served, statuses, names, bars.outcomes, lambda status: _pages(server, status))
    return len(statuses) == len(names) and all(status.open for status in statuses)


def _pages(server: "Server", status: "AssetStatus") -> Iterator[tuple[str, str]]:
    """The page of the newest report or package of an asset, on the server."""
    from voice_assets.orchestration.results import OPEN

    paths = [str(result.metadata[OPEN]) for result in status.results if OPEN in result.metadata]
    yield from (("open", f"{server.url}{path}") for path in paths[-1:])


class ServerProgress:
    """How far the runs of a voice are on a server. Asks at most every few seconds; an answer that fails changes nothing."""

    def __init__(self, server: "Server", voice: str):
        self._server, self._voice, self._asked = server, voice, 0.0
        self._states: dict[tuple[str, str | None], Running] = {}

    def __call__(self, target: "AssetPartition") -> Running | None:
        """The state of ``target``; None when it does not run."""
        if time.monotonic() - self._asked >= SECONDS_BETWEEN_QUESTIONS:
            self._asked = time.monotonic()
            self._states = self._ask()
        return self._states.get((target.key.path[-1], target.partition))

    def _ask(self) -> dict[tuple[str, str | None], Running]:
        from voice_assets.cli.watch_server import states_of
        from voice_assets.orchestration.server import ServerError

        try:
            states = states_of(self._server.ask("progress", voice=self._voice))
        except ServerError:
            return self._states
        return {(state.asset, state.partition): state for state in states}
