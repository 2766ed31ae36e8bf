"""What the web server answers to a client, below ``/client/``: questions about a voice that only its project can answer.

`voice-assets ui` serves it beside Dagster, behind the same guard and token (``web_server``). Each question is a POST of one
JSON object. A question changes nothing, but for the commands that a person could also type here: `waive`, `waivers --revoke`.

Not here: starting runs, which is Dagster's (``orchestration.server_launcher``), and the client (``server_option``,
``run_on_server``).
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from voice_assets.cli.errors import CommandError
from voice_assets.cli.server_option import FORWARDED, SERVER_VARIABLE, arguments_of
from voice_assets.cli.web_guard import JSON
from voice_assets.runtime import project

if TYPE_CHECKING:
    import dagster as dg

    from voice_assets.orchestration.runner import RecordedPlanner

Answer = Mapping[str, Any]
REFUSED, WRONG_VERSION = 422, 409


class ClientService:
    """Answers for the project of this process, with the records of ``instance``. Remembers nothing between two questions."""

    def __init__(self, instance: "dg.DagsterInstance"):
        self._instance = instance
        self._answers: dict[str, Callable[..., Answer]] = {
            "plan": self._plan,
            "work": self._work,
            "judge": self._judge,
            "unfinished": self._unfinished,
            "failure": self._failure,
            "progress": self._progress,
            "command": _command,
        }

    def app(self) -> Starlette:
        """The ASGI application."""
        from voice_assets.orchestration.server import PREFIX

        return Starlette(routes=[Route(f"{PREFIX}{{question}}", self._respond, methods=["POST"])])

    async def _respond(self, request: Request) -> Response:
        from voice_assets.orchestration.server import VERSION_HEADER, own_version

        question, theirs = request.path_params["question"], request.headers.get(VERSION_HEADER, "an unknown version")
        if theirs != own_version():
            return _response(
                {"error": f"the client has {theirs}, this server {own_version()}: install the same"}, WRONG_VERSION
            )
        if question not in self._answers or request.headers.get("content-type") != JSON:
            return _response({"error": f"{question!r} is no question of a client"}, REFUSED)
        values = await request.json()
        try:
            return _response(await run_in_threadpool(self._answers[question], **values))
        except CommandError as refused:
            return _response({"error": refused.message}, REFUSED)

    def _planner(self, voice: str, asset: str | None, epoch: str | None) -> "RecordedPlanner":
        from voice_assets.cli.errors import without_traceback
        from voice_assets.definitions import build_definitions
        from voice_assets.orchestration.runner import RecordedPlanner, SelectionError, assets_to

        graph = build_definitions().resolve_asset_graph()
        with without_traceback(SelectionError):
            return RecordedPlanner(graph, self._instance, assets_to(graph, voice, asset, epoch), epoch)

    def _plan(self, voice: str, asset: str | None, epoch: str | None) -> Answer:
        """The assets that a run comes to, the voice file, and what would stop the run later."""
        from voice_assets.cli.before_run import in_the_way
        from voice_assets.cli.run import require_epoch
        from voice_assets.cli.voice_argument import voice_named

        chosen, planner = voice_named(voice), self._planner(voice, asset, epoch)
        if epoch is not None:
            require_epoch(self._instance, chosen, epoch)
        found = in_the_way(chosen, planner.to_make()) if self._runs_here() else []
        inputs = {key: planner.reports_on(key) for key in planner.keys}
        assets = {key.path[-1]: None if of is None else [one.path[-1] for one in of] for key, of in inputs.items()}
        return {"assets": assets, "file": str(chosen.file), "in_the_way": [(name, asdict(one)) for name, one in found]}

    def _runs_here(self) -> bool:
        """Whether runs run on this machine, so that its devices and weights say something about a run."""
        from dagster._core.launcher import DefaultRunLauncher

        return isinstance(self._instance.run_launcher, DefaultRunLauncher)

    def _work(self, of: str, **asked: Any) -> Answer:
        from voice_assets.orchestration.server_planner import answer_work

        planner = self._planner(**asked)
        return answer_work(planner, _key(planner, of))

    def _judge(self, of: str, verdict: str, **asked: Any) -> Answer:
        from voice_assets.orchestration.server_planner import answer_judge

        planner = self._planner(**asked)
        return answer_judge(planner, _key(planner, of), verdict)

    def _unfinished(self, of: list[str], partition: str | None, checks: list[str] | None) -> Answer:
        """The run that is on its way to a partition; None when there is none."""
        import dagster as dg

        from voice_assets.orchestration.gates import AssetPartition
        from voice_assets.orchestration.unfinished_runs import run_of

        key = dg.AssetKey(of)
        wanted = None if checks is None else [dg.AssetCheckKey(key, name) for name in checks]
        return {"run_id": run_of(self._instance, AssetPartition(key, partition), wanted)}

    def _failure(self, run_id: str) -> Answer:
        """Why a run failed."""
        from voice_assets.orchestration.failures import failure_of

        return asdict(failure_of(self._instance, run_id))

    def _progress(self, voice: str) -> Answer:
        """What runs for a voice, and its last Whisper validation."""
        from voice_assets.cli.snapshot import last_result
        from voice_assets.cli.voice_argument import voice_named
        from voice_assets.orchestration.unfinished_runs import progress_of
        from voice_assets.runtime import running

        chosen = voice_named(voice)
        states, waiting = progress_of(self._instance, voice)
        return {
            "states": [running.as_json(one) | {"asset": one.asset, "partition": one.partition} for one in states],
            "waiting": waiting,
            "result": last_result(chosen.reports_dir),
            "low_similarity": chosen.whisper.low_similarity,
        }


def _key(planner: "RecordedPlanner", name: str) -> "dg.AssetKey":
    key = next((key for key in planner.keys if key.path[-1] == name), None)
    if key is None:
        raise CommandError(f"there is no asset {name!r} on this way; the voice file was changed: run the command again")
    return key


def _command(name: str, parameters: Mapping[str, Any], environment: Mapping[str, str]) -> Answer:
    """Run one of the `FORWARDED` commands here, in a process of its own; the terminal is the client's."""
    from voice_assets.cli.main import main

    if name not in FORWARDED or not set(environment) <= {"COLUMNS", "FORCE_COLOR", "TERM"}:
        raise CommandError(f"`{name}` cannot be run on a server")
    command = [sys.executable, "-m", "voice_assets.cli", name, *arguments_of(main.commands[name], parameters)]
    inherited = {key: value for key, value in os.environ.items() if key not in (SERVER_VARIABLE, *environment)}
    done = subprocess.run(
        command, cwd=project.root(), env=inherited | dict(environment), capture_output=True, text=True, encoding="utf-8"
    )
    return {"stdout": done.stdout, "stderr": done.stderr, "exit_code": done.returncode}


def _response(content: Answer, status: int = 200) -> Response:
    return Response(json.dumps(content, ensure_ascii=False, default=str), status, media_type=JSON)
