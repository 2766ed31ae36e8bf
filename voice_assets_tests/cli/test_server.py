"""A server that is none, that is gone for a while or asks for a token; and Dagster's GraphQL as it is installed."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import dagster as dg
import pytest
from graphql import GraphQLSchema, parse, validate

from voice_assets.cli import run_on_server
from voice_assets.cli.main import main
from voice_assets.cli.server_option import FORWARDED, arguments_of
from voice_assets.orchestration import server, server_launcher
from voice_assets.orchestration.gates import AssetPartition
from voice_assets.orchestration.launcher import Outcome, Task
from voice_assets.orchestration.server import Server, ServerError, ServerGoneError
from voice_assets.orchestration.server_launcher import ServerLauncher
from voice_assets.runtime import running
from voice_assets_tests.cli.projects import error_of
from voice_assets_tests.ports import free_port
from voice_assets_tests.runtime.test_running import state as running_state

Reply = tuple[int, str]


@pytest.fixture(scope="session")
def schema() -> GraphQLSchema:
    from dagster_graphql.schema import create_schema  # loads for most of a second

    return create_schema().graphql_schema


@pytest.mark.parametrize("name", ["LAUNCH", "RUNS", "TERMINATE"])
def test_every_field_that_we_ask_for_is_in_the_installed_dagster(schema: GraphQLSchema, name: str) -> None:
    assert validate(schema, parse(getattr(server_launcher, name))) == []


def test_a_field_that_is_gone_is_found(schema: GraphQLSchema) -> None:
    assert validate(schema, parse(server_launcher.RUNS.replace("status", "state"))) != []


@contextmanager
def answering(reply: Callable[[str, dict[str, str], str], Reply]) -> Iterator[str]:
    """A server with these answers to (path, headers, body); yields its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            status, text = reply(self.path, dict(self.headers), body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        threading.Thread(target=httpd.serve_forever, args=[0.01], daemon=True).start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()


def test_a_server_that_is_down(project: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    for arguments in (("run", "toy"), ("watch", "toy"), ("status",), ("lineage", "toy"), ("waivers", "toy")):
        assert error_of(*arguments, "--server", url) == f"{url} does not answer: Connection refused"


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ((404, "<html>"), "is no server for a client (HTTP 404): start `voice-assets ui` of this version there"),
        ((200, "<html>"), "is no server for a client (HTTP 200)"),
        ((302, ""), "is no server for a client (HTTP 302)"),
        ((401, "open the address"), "asks for its token: give the whole URL that `voice-assets ui` printed"),
        ((403, "this server has the names of this machine only"), "(this server has the names of this machine only)"),
        ((422, json.dumps({"error": "there is no voice 'toy'"})), "there is no voice 'toy'"),
        ((500, "Internal Server Error"), "HTTP 500; the log of `voice-assets ui` there says why"),
    ],
)
def test_what_answers_is_no_server_of_ours_or_refuses(reply: Reply, words: str) -> None:
    with answering(lambda path, headers, body: reply) as url, pytest.raises(ServerError) as refused:
        Server(url).ask("plan")
    assert words in str(refused.value)
    assert not isinstance(refused.value, ServerGoneError)


@pytest.mark.parametrize("url", ["127.0.0.1:3000", "ftp://host/", "http://", ""])
def test_no_url(url: str) -> None:
    with pytest.raises(ServerError, match="is no address of a server such as"):
        Server(url)


def test_a_server_that_is_started_again_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "SECONDS_BETWEEN_TRIES", 0.0)
    replies, told = iter([(502, ""), (503, ""), (200, '{"run_id": "a"}')]), list[str]()
    with answering(lambda path, headers, body: next(replies)) as url:
        asked = Server(url, notice=told.append)
        assert asked.patiently(lambda: asked.ask("unfinished")) == {"run_id": "a"}
    assert told == [f"{url} does not answer: HTTP 502. The runs go on; waiting for the server."]


@pytest.mark.parametrize(
    ("query", "variable", "expected"), [("?token=a", None, "a"), ("/?token=a", "b", "a"), ("", "b", "b"), ("", None, None)]
)
def test_the_token_of_the_url_or_of_the_shell(query: str, variable: str | None, expected: str | None) -> None:
    seen: list[str | None] = []

    def reply(path: str, headers: dict[str, str], body: str) -> Reply:
        seen.append(headers.get("Authorization"))
        return 200, "{}"

    with answering(reply) as url:
        Server(f"{url}{query}", variable).ask("progress")
    assert seen == [None if expected is None else f"Bearer {expected}"]


def test_a_password_for_a_proxy_is_in_no_message() -> None:
    with answering(lambda path, headers, body: (401, headers.get("Authorization", ""))) as url:
        asked = Server(url.replace("//", "//me:secret@"))
        with pytest.raises(ServerError, match="asks for its token") as refused:
            asked.ask("plan")
    assert "secret" not in str(refused.value)


NONE, OLDER = (200, '{"run_id": null}'), (200, '{"run_id": "older"}')
LAUNCHED = (200, '{"data": {"launchPipelineExecution": {"run": {"runId": "mine"}}}}')
TERMINATED = (200, '{"data": {"terminateRuns": {}}}')


def states(**states: str) -> Reply:
    results = [{"runId": run_id, "status": status} for run_id, status in states.items()]
    return 200, json.dumps({"data": {"runsOrError": {"results": results}}})


@pytest.mark.parametrize(
    ("replies", "outcome"),
    [
        ([NONE, LAUNCHED, OLDER, TERMINATED, OLDER, states(older="SUCCESS")], Outcome("older", True, followed=True)),
        ([NONE, (502, ""), OLDER, states(older="SUCCESS")], Outcome("older", True, followed=True)),
        ([NONE, (502, ""), NONE, LAUNCHED, NONE, states(mine="SUCCESS")], Outcome("mine", True)),
        ([NONE, LAUNCHED, NONE, states(mine="CANCELED")], Outcome("mine", False, "run mine was ended by somebody")),
        ([NONE, LAUNCHED, NONE, states()], Outcome("mine", False, "run mine was deleted")),
    ],
    ids=["two at the same moment", "answer lost", "not started", "ended", "deleted"],
)
def test_a_run_is_started_once(replies: list[Reply], outcome: Outcome, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_launcher, "SECONDS_BETWEEN_TRIES", 0.0)
    waiting, bodies, outcomes = iter(replies), list[str](), list[Outcome]()

    def reply(path: str, headers: dict[str, str], body: str) -> Reply:
        bodies.append(body)
        return next(waiting)

    task = Task(AssetPartition(dg.AssetKey(["toy", "clips"]), "0-of-2"), "never materialised")
    with answering(reply) as url:
        ServerLauncher(Server(url)).run([task], 4, lambda _, one: outcomes.append(one))
    assert outcomes == [outcome]
    assert next(waiting, None) is None
    assert [json.loads(body)["variables"] for body in bodies if "terminateRuns" in body] == [{"ids": ["mine"]}] * (
        TERMINATED in replies
    )


def test_dagster_refuses_a_run_and_the_others_are_ended() -> None:
    refused = {"__typename": "InvalidSubsetError", "message": "no such asset"}
    replies = iter([NONE, (200, json.dumps({"data": {"launchPipelineExecution": refused}})), states()])
    task = Task(AssetPartition(dg.AssetKey(["toy", "clips"])), "never materialised")
    with answering(lambda path, headers, body: next(replies)) as url, pytest.raises(ServerError) as error:
        ServerLauncher(Server(url)).run([task], 4, lambda *_: None)
    assert str(error.value) == "toy/clips: Dagster did not start the run: InvalidSubsetError: no such asset"
    assert next(replies, None) is None


def test_the_bars_show_the_last_answer_of_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    state = running.as_json(running_state(done=3)) | {"asset": "clips", "partition": "0-of-2"}
    replies = iter([(200, json.dumps({"states": [state]})), (500, ""), (200, json.dumps({"states": []}))])
    target = AssetPartition(dg.AssetKey(["toy", "clips"]), "0-of-2")
    with answering(lambda path, headers, body: next(replies)) as url:
        progress = run_on_server.ServerProgress(Server(url), "toy")
        assert [shown.done for _ in range(9) if (shown := progress(target)) is not None] == [3] * 9  # one question
        monkeypatch.setattr(run_on_server, "SECONDS_BETWEEN_QUESTIONS", 0.0)
        assert progress(target) is not None  # the server could not say
        assert progress(target) is None


def test_no_value_becomes_an_option() -> None:
    waive = main.commands["waive"]
    parameters = {"voice": "--help", "rule": "a/b", "reason": "--by=x", "last_day": "2999-12-31"}
    words = arguments_of(waive, parameters)
    assert words == ["--reason=--by=x", "--until=2999-12-31", "--", "--help", "a/b"]
    assert {name for name in FORWARDED if main.commands[name].name == name} == set(FORWARDED)
