"""The hook of ``project.yaml``: a command or a webhook gets the line; secrets come from the environment and are never shown."""

import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from voice_assets.runtime import notify
from voice_assets.runtime.notify import Hook, HookError, project_hook


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notify, "PAUSES_S", (0, 0))


def write(file: Path, content: str) -> Path:
    file.write_text(content, encoding="utf-8")
    return file


def test_a_command_reads_the_line(tmp_path: Path) -> None:
    out = tmp_path / "line.txt"
    program = f"import sys; open({str(out)!r}, 'w').write(sys.stdin.read())"
    Hook(command=[sys.executable, "-c", program]).send("closed gate: $(rm -rf ~) `x`")
    assert out.read_text() == "closed gate: $(rm -rf ~) `x`\n"


def test_a_hook_that_fails_twice_gets_the_line_the_third_time(tmp_path: Path) -> None:
    tries = tmp_path / "tries"
    program = f"import sys, pathlib; p = pathlib.Path({str(tries)!r}); p.open('a').write('x'); sys.exit(len(p.read_text()) < 3)"
    Hook(command=[sys.executable, "-c", program]).send("line")
    assert tries.read_text() == "xxx"


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ([sys.executable, "-c", "import sys; sys.exit('no network')"], "exit code 1: no network"),
        (["/no/such/program"], "No such file"),
    ],
)
def test_a_command_that_fails_is_an_error(command: list[str], message: str) -> None:
    with pytest.raises(HookError, match=message):
        Hook(command=command).send("line")


class Webhook(HTTPServer):
    """A server that keeps what it gets."""

    def __init__(self) -> None:
        self.got: list[tuple[str, dict[str, str], Any]] = []
        super().__init__(("127.0.0.1", 0), Receiver)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert isinstance(self.server, Webhook)
        self.server.got.append((self.path, dict(self.headers), body))
        self.send_response(500 if "broken" in self.path else 204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    with Webhook() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_webhook_gets_the_line_and_the_secret(webhook: Webhook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_PATH", "services/T0")
    monkeypatch.setenv("HOOK_SECRET", "s3cret")
    Hook(webhook=f"{webhook.url}/${{HOOK_PATH}}", secret_variable="HOOK_SECRET").send("failed run: «тест»")
    ((path, headers, body),) = webhook.got
    assert (path, headers["Authorization"], body) == ("/services/T0", "Bearer s3cret", {"text": "failed run: «тест»"})


def test_an_error_shows_no_secret(webhook: Webhook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_PATH", "broken/T0-s3cret")
    with pytest.raises(HookError) as error:
        Hook(webhook=f"{webhook.url}/${{HOOK_PATH}}").send("line")
    assert "500" in str(error.value)
    assert "s3cret" not in str(error.value)


def test_a_missing_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOOK_SECRET", raising=False)
    with pytest.raises(HookError, match="the environment variable HOOK_SECRET is not set"):
        Hook(webhook="http://127.0.0.1:9/", secret_variable="HOOK_SECRET").send("line")


def test_a_secret_with_a_line_end_is_refused_without_showing_it(webhook: Webhook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_SECRET", "s3cret\r")
    with pytest.raises(HookError, match="the environment variable HOOK_SECRET has a control character") as error:
        Hook(webhook=webhook.url, secret_variable="HOOK_SECRET").send("line")
    assert "s3cret" not in str(error.value)
    assert webhook.got == []


def test_only_http(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK", "file:///etc/passwd")
    with pytest.raises(HookError, match="begins with http"):
        Hook(webhook="${HOOK}").send("line")


def test_the_hook_of_a_project(tmp_path: Path) -> None:
    assert project_hook(tmp_path / "project.yaml") is None
    file = write(tmp_path / "project.yaml", "notify:\n  command: [mail, -s, voices]\n")
    assert project_hook(file) == Hook(command=["mail", "-s", "voices"])
    assert project_hook(write(file, "notify:\n")) is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("notify: {}\n", "give either `command` or `webhook`"),
        ("notify: {command: [a], webhook: 'http://b'}\n", "give either `command` or `webhook`"),
        ("notify: {webhook: 'ftp://b'}\n", "notify.webhook"),
        ("notify: {comand: [a]}\n", "notify.comand"),
        ("notify: {command: []}\n", "notify.command"),
        ("other: 1\n", "the only key there is `notify`"),
        ("[1]\n", "the only key there is `notify`"),
        ("notify: {command: [a\n", "project.yaml"),
    ],
)
def test_a_wrong_file_is_named_with_the_key(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(HookError) as error:
        project_hook(write(tmp_path / "project.yaml", content))
    assert message in str(error.value)
    assert "project.yaml" in str(error.value)
