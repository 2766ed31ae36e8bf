"""A planner that asks a server: what each asset of a voice needs, and what its rules say, as JSON in both directions.

``answer_work`` and ``answer_judge`` are the server's side and ask its own planner; ``ServerPlanner`` is the client's side, and
knows neither voice files nor records.

Not here: how runs start (``server_launcher``).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from voice_assets.orchestration.gates import AssetPartition
from voice_assets.orchestration.launcher import Task
from voice_assets.orchestration.records import Materialisation
from voice_assets.orchestration.runner import AssetStatus, Planner, SelectionError, Work
from voice_assets.orchestration.server import Server

AT_ONCE = 32
"""So many runs of one asset wait or work at the same time. The queue and the pools of the deployment say how many work."""


def answer_work(planner: Planner, key: dg.AssetKey) -> dict[str, Any]:
    """What ``key`` needs; or under ``impossible`` why it cannot be made."""
    try:
        work = planner.work(key)
    except SelectionError as error:
        return {"impossible": str(error)}
    return {"tasks": [_task_json(task) for task in work.tasks], "current": work.current}


def _task_json(task: Task) -> dict[str, Any]:
    checks = None if task.checks is None else sorted(check.name for check in task.checks)
    return {"partition": task.target.partition, "reason": task.reason, "checks": checks}


def _task(key: dg.AssetKey, task: Mapping[str, Any]) -> Task:
    checks = None if task["checks"] is None else frozenset(dg.AssetCheckKey(key, name) for name in task["checks"])
    return Task(AssetPartition(key, task["partition"]), task["reason"], checks)


def answer_judge(planner: Planner, key: dg.AssetKey, verdict: str) -> dict[str, Any]:
    """How ``key`` stands after runs that came to ``verdict``: the verdict, the reasons, what is recorded."""
    status = AssetStatus(key, verdict)
    try:
        planner.judge(key, status)
    except SelectionError as error:
        return {"impossible": str(error)}
    results = [vars(result) | {"key": result.key.path} for result in status.results]
    return {"verdict": status.verdict, "reasons": status.reasons, "results": results}


class ServerPlanner:
    """A ``Planner`` of one voice, on a server.

    Args:
        server: the deployment.
        asked: ``voice``, ``asset`` and ``epoch``, as the command got them.
        assets: the names of the assets, upstream first; with each, the names of the inputs that it reports on, or None.
    """

    def __init__(self, server: Server, asked: Mapping[str, str | None], assets: Mapping[str, Sequence[str] | None]):
        self._server, self._asked, self._assets = server, asked, assets
        self.keys = [self._key(name) for name in assets]

    def _key(self, name: str) -> dg.AssetKey:
        return dg.AssetKey([str(self._asked["voice"]), name])

    def reports_on(self, key: dg.AssetKey) -> frozenset[dg.AssetKey] | None:
        """See ``Planner.reports_on``."""
        inputs = self._assets[key.path[-1]]
        return None if inputs is None else frozenset(map(self._key, inputs))

    def work(self, key: dg.AssetKey) -> Work:
        """See ``Planner.work``."""
        answer = self._ask("work", key)
        return Work([_task(key, task) for task in answer["tasks"]], answer["current"], AT_ONCE)

    def judge(self, key: dg.AssetKey, status: AssetStatus) -> None:
        """See ``Planner.judge``."""
        answer = self._ask("judge", key, verdict=status.verdict)
        status.verdict = answer["verdict"]
        status.reasons += answer["reasons"]
        status.results += [Materialisation(**result | {"key": dg.AssetKey(result["key"])}) for result in answer["results"]]

    def _ask(self, question: str, key: dg.AssetKey, **values: str) -> Any:
        asked = {**self._asked, "of": key.path[-1], **values}
        answer = self._server.patiently(lambda: self._server.ask(question, **asked))
        if "impossible" in answer:
            raise SelectionError(answer["impossible"])
        return answer
