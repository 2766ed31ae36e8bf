"""A launcher that starts the runs of a deployment, through its Dagster's GraphQL, and waits for them.

A run goes through the queue, the pools and the launcher of the deployment, as a run of the UI does. Somebody else may be at
work on the same voice: another client, the UI, the schedule, or this client before it was killed. So a run that is already on
its way to the same partition is followed and not started again. Two clients that start one at the same moment find both: the
later run is ended, and both clients follow the earlier one.

Ctrl-C ends the runs that this client started, and no other.
"""

import time
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import islice
from typing import Any

from dagster._core.storage.tags import PARTITION_NAME_TAG

from voice_assets.orchestration.launch import ASSET_JOB, LOCATION
from voice_assets.orchestration.launcher import Outcome, Task
from voice_assets.orchestration.server import SECONDS_BETWEEN_TRIES, Server, ServerError, ServerGoneError
from voice_assets.orchestration.unfinished_runs import UNFINISHED

CLIENT_TAG = "voice_assets/client"
"""The tag of a run with the client that started it: a new text for every command."""
SECONDS_BETWEEN_POLLS = 1.0
LAUNCH = """mutation($params: ExecutionParams!) {
  launchPipelineExecution(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on Error { message }
    ... on RunConfigValidationInvalid { errors { message } } } }"""
RUNS = """query($filter: RunsFilter!) {
  runsOrError(filter: $filter) { ... on Runs { results { runId status } } ... on Error { message } } }"""
TERMINATE = """mutation($ids: [String!]!) {
  terminateRuns(runIds: $ids, terminatePolicy: SAFE_TERMINATE) { __typename ... on Error { message } } }"""


class ServerLauncher:
    """A ``Launcher`` on ``server``."""

    def __init__(self, server: Server):
        self._server = server
        self._client = uuid.uuid4().hex
        self._mine: set[str] = set()

    def run(self, tasks: Iterable[Task], width: int, ended: Callable[[Task, Outcome], None]) -> None:
        """See ``Launcher.run``."""
        waiting, going = iter(tasks), dict[str, Task]()
        try:
            while True:
                for task in islice(waiting, max(width - len(going), 0)):
                    going[self._start(task)] = task
                if not going:
                    return
                over = self._over(going)
                for outcome in over:
                    ended(going.pop(outcome.run_id), outcome)
                if not over:
                    time.sleep(SECONDS_BETWEEN_POLLS)
        except BaseException:  # Ctrl-C too
            self._end_mine()
            raise

    def _start(self, task: Task) -> str:
        """The run that makes ``task``: one that is on its way already, or a new one."""
        while (found := self._on_its_way(task)) is None:
            try:
                started = self._launch(task)
            except ServerGoneError:  # the server may have started the run all the same: look again
                time.sleep(SECONDS_BETWEEN_TRIES)
                continue
            self._mine.add(started)
            found = self._on_its_way(task) or started
            if found == started:
                return started
            self._terminate([started])
        self._server.notice(f"{task.target}: run {found[:8]} is on its way already; it is followed, and no other is started")
        return found

    def _on_its_way(self, task: Task) -> str | None:
        checks = None if task.checks is None else sorted(check.name for check in task.checks)
        target = {"of": task.target.key.path, "partition": task.target.partition, "checks": checks}
        return self._server.patiently(lambda: self._server.ask("unfinished", **target))["run_id"]

    def _launch(self, task: Task) -> str:
        """The id of a new run.

        Raises:
            ServerError: Dagster refused it.
        """
        answer = self._server.graphql(LAUNCH, params=self._parameters(task))["launchPipelineExecution"]
        if "run" not in answer:
            why = answer.get("message") or "; ".join(one["message"] for one in answer.get("errors", []))
            raise ServerError(f"{task.target}: Dagster did not start the run: {answer['__typename']}: {why}")
        return str(answer["run"]["runId"])

    def _parameters(self, task: Task) -> dict[str, Any]:
        tags = {CLIENT_TAG: self._client}
        if task.target.partition is not None:
            tags[PARTITION_NAME_TAG] = task.target.partition
        asset = {"path": task.target.key.path}
        selection: dict[str, Any] = {"assetSelection": [asset]}
        if task.checks is not None:
            checks = [{"assetKey": asset, "name": name} for name in sorted(check.name for check in task.checks)]
            selection = {"assetSelection": [], "assetCheckSelection": checks}
        job = {"repositoryLocationName": LOCATION, "repositoryName": "__repository__", "pipelineName": ASSET_JOB}
        marked = {"tags": [{"key": key, "value": value} for key, value in tags.items()]}
        return {"selector": {**job, **selection}, "mode": "default", "executionMetadata": marked}

    def _over(self, going: Mapping[str, Task]) -> list[Outcome]:
        """The outcomes of those runs that have ended."""
        states = self._server.patiently(lambda: self._states({"runIds": list(going)}))
        return [
            self._outcome(run_id, states.get(run_id))
            for run_id in going
            if states.get(run_id) not in {status.value for status in UNFINISHED}
        ]

    def _states(self, wanted: Mapping[str, Any]) -> dict[str, str]:
        """The status of each run that ``wanted``, a filter of Dagster, selects."""
        answer = self._server.graphql(RUNS, filter=wanted)["runsOrError"]
        if "results" not in answer:
            raise ServerError(f"{self._server.url}: {answer['message']}")
        return {run["runId"]: run["status"] for run in answer["results"]}

    def _outcome(self, run_id: str, state: str | None) -> Outcome:
        followed = run_id not in self._mine
        if state == "SUCCESS":
            return Outcome(run_id, True, followed=followed)
        if state != "FAILURE":
            how = "deleted" if state is None else "ended by somebody"
            return Outcome(run_id, False, f"run {run_id[:8]} was {how}", followed=followed)
        why = self._server.patiently(lambda: self._server.ask("failure", run_id=run_id))
        return Outcome(run_id, False, why["reason"], why["closed"], followed)

    def _terminate(self, run_ids: Collection[str]) -> None:
        self._server.graphql(TERMINATE, ids=list(run_ids))

    def _end_mine(self) -> None:
        """End the runs that this client started, and wait until they have ended. Another Ctrl-C leaves them to the server.

        The tag finds them, and not the answers: Ctrl-C may have come before the answer to a launch.
        """
        tags = [{"key": CLIENT_TAG, "value": self._client}]
        wanted = {"tags": tags, "statuses": [status.value for status in UNFINISHED]}
        try:
            while going := self._states(wanted):
                self._terminate([run_id for run_id, state in going.items() if state != "CANCELING"])
                time.sleep(SECONDS_BETWEEN_POLLS)
        except ServerError as error:
            self._server.notice(f"the runs of this command could not be ended: {error}")
