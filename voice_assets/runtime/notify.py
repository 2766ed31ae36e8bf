"""The hook that gets a line for every closed gate and failed run: ``notify`` in the project's ``project.yaml``.

Either a command, which reads the line from its standard input, or a webhook, which gets it as JSON. A secret never stands in
the file: the file names the environment variable that has it.
"""

import http.client
import json
import os
import re
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from voice_assets.runtime import project, strict_yaml

SECONDS = 30
PAUSES_S = (1, 5)
"""How long to wait before the second and the third attempt."""
FILE = "project.yaml"


class HookError(ValueError):
    """A hook that cannot be used, or that did not take the line. The message names the file or the hook, never a secret."""


class Hook(BaseModel):
    """Where a line goes. Exactly one of ``command`` and ``webhook``.

    Attributes:
        command: a program and its arguments; no shell. It reads the line from its standard input.
        webhook: a URL. It gets ``POST`` with ``{"text": line}``. ``${NAME}`` in it is the environment variable of that name.
        secret_variable: the environment variable with the secret that ``webhook`` gets as ``Authorization: Bearer``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    command: list[str] | None = Field(None, min_length=1)
    webhook: Annotated[str, Field(pattern=r"^(https?://|\$\{)")] | None = None
    secret_variable: str | None = None

    @model_validator(mode="after")
    def _one(self) -> "Hook":
        if (self.command is None) == (self.webhook is None):
            raise ValueError("give either `command` or `webhook`")
        return self

    def send(self, line: str) -> None:
        """Hand ``line`` over; try again after each of `PAUSES_S`.

        Raises:
            HookError: the command or the server did not take it, or the secret is not set or no header.
        """
        for pause in PAUSES_S:
            try:
                return self._hand_over(line)
            except HookError:
                time.sleep(pause)
        return self._hand_over(line)

    def _hand_over(self, line: str) -> None:
        if self.command is not None:
            _to_command(self.command, line)
        else:
            self._to_webhook(line)

    def _to_webhook(self, line: str) -> None:
        headers = {"Content-Type": "application/json"}
        if self.secret_variable is not None:
            headers["Authorization"] = f"Bearer {_from_environment(self.secret_variable)}"
        url = re.sub(r"\$\{(\w+)\}", lambda name: _from_environment(name[1]), str(self.webhook))
        if not url.startswith(("http://", "https://")):
            raise HookError(f"notify.webhook: {self.webhook} is no URL that begins with http:// or https://")
        request = urllib.request.Request(url, json.dumps({"text": line}).encode(), headers)  # noqa: S310 - begins with http
        try:
            with urllib.request.urlopen(request, timeout=SECONDS):  # noqa: S310
                pass
        except OSError as error:
            raise HookError(f"notify.webhook: {self.webhook}: {error}") from error
        except (ValueError, http.client.HTTPException) as error:  # their texts may quote the URL
            raise HookError(f"notify.webhook: {self.webhook}: {type(error).__name__}") from None


def _from_environment(name: str) -> str:
    if name not in os.environ:
        raise HookError(f"notify: the environment variable {name} is not set where the daemon runs")
    value = os.environ[name]
    if not value.isprintable():
        raise HookError(f"notify: the environment variable {name} has a control character, perhaps at its end")
    return value


def _to_command(command: list[str], line: str) -> None:
    try:
        done = subprocess.run(command, input=f"{line}\n", text=True, capture_output=True, timeout=SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise HookError(f"notify.command: {error}") from error
    if done.returncode:
        raise HookError(f"notify.command: {command[0]} ended with exit code {done.returncode}: {done.stderr.strip()[-300:]}")


def project_hook(file: Path | None = None) -> Hook | None:
    """The hook in ``project.yaml``, or None where there is no file or no ``notify`` in it.

    Raises:
        HookError: the file cannot be used. The message names the file, the key and the rule.
    """
    file = file or project.root() / FILE
    if not file.is_file():
        return None
    try:
        content = strict_yaml.load(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise HookError(f"{file}: {error}") from error
    if not isinstance(content, dict) or set(content) - {"notify"}:
        raise HookError(f"{file}: the only key there is `notify`")
    if content.get("notify") is None:
        return None
    try:
        return Hook.model_validate(content["notify"])
    except ValidationError as error:
        lines = (f"{file}: notify.{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise HookError("\n".join(lines)) from error
