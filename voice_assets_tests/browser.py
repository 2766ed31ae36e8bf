"""A headless Chromium that a test drives as a person does: it opens pages, presses keys and reads what the page shows."""

import json
import shutil
import subprocess
import time
import urllib.request
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--mute-audio", "--remote-debugging-port=0"),
)
SECONDS_TO_WAIT = 60
needs_chromium = pytest.mark.skipif(shutil.which("chromium") is None, reason="Debian's chromium is not installed")

_CODES = {" ": "Space", "Enter": "Enter", "Escape": "Escape", "ArrowLeft": "ArrowLeft", "ArrowRight": "ArrowRight"}
_TEXTS = {"Enter": "\r", "Escape": "", "ArrowLeft": "", "ArrowRight": ""}
_NUMBERS = {"Enter": 13, "Escape": 27, " ": 32, "ArrowLeft": 37, "ArrowRight": 39}

_PLACE = """(async () => {
  const frame = () => new Promise(requestAnimationFrame)
  const place = () => { const box = (ELEMENT).getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2] }
  try {
    (ELEMENT).scrollIntoView({block: "center"})
    const before = place(); await frame(); await frame()
    const [x, y] = place(), there = document.elementFromPoint(x, y)
    return x === before[0] && y === before[1] && (ELEMENT).contains(there) ? [x, y] : null
  } catch { return null }
})()"""
"""The middle of an element, or null while the element moves, is covered or replaced, as on a page that still loads."""


class Page:
    """One tab."""

    def __init__(self, socket: ClientConnection):
        self._socket, self._number = socket, 0
        self.errors: list[str] = []
        """What the page's scripts did wrong, and what its security policy refused."""
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """One command of the DevTools protocol."""
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": params}))
        while True:
            message = json.loads(self._socket.recv(timeout=SECONDS_TO_WAIT))
            if message.get("id") == self._number:
                assert "error" not in message, (method, message["error"])
                return message["result"]
            self._notice(message)

    def _notice(self, message: dict[str, Any]) -> None:
        if message["method"] == "Runtime.exceptionThrown":
            self.errors.append(json.dumps(message["params"]["exceptionDetails"]))
        elif message["method"] == "Log.entryAdded" and message["params"]["entry"]["level"] == "error":
            entry = message["params"]["entry"]
            self.errors.append(f"{entry['text']} {entry.get('url', '')}")

    def open(self, url: str) -> None:
        self.call("Page.navigate", url=url)

    def value(self, script: str) -> Any:
        """The value of a JavaScript expression in the page."""
        found = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def wait_for(self, script: str) -> None:
        """Wait until a JavaScript expression is true; an error in it, as on a page that still loads, is false."""
        end = time.monotonic() + SECONDS_TO_WAIT
        safe = f"(() => {{ try {{ return Boolean({script}) }} catch {{ return false }} }})()"
        while not self.value(safe):
            assert time.monotonic() < end, (script, self.errors, self.value("document.body?.innerText"))
            time.sleep(0.05)

    def press(self, *keys: str) -> None:
        """Press keys one after the other: letters, or names such as ``Enter``. A letter can be of any script."""
        for key in keys:
            letter = key.lower()
            code = _CODES.get(key) or (f"Key{letter.upper()}" if "a" <= letter <= "z" else "")
            self._key(key, code, _TEXTS.get(key, key), _NUMBERS.get(key, ord(letter[0].upper())))

    def press_place(self, key: str, place: str) -> None:
        """Press the key in the place of the Latin letter ``place``, where another layout has ``key``."""
        self._key(key, f"Key{place.upper()}", key, ord(place.upper()))

    def _key(self, key: str, code: str, text: str, number: int) -> None:
        for kind in ("keyDown" if text else "rawKeyDown", "keyUp"):
            content = {"text": text} if kind == "keyDown" else {}
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=code, windowsVirtualKeyCode=number, **content)

    def type(self, text: str) -> None:
        """Type into the field that has the focus."""
        self.call("Input.insertText", text=text)

    def click(self, element: str) -> None:
        """Click with the mouse on the element that a JavaScript expression finds, when it stands still and is on top."""
        end = time.monotonic() + SECONDS_TO_WAIT
        while (place := self.value(_PLACE.replace("ELEMENT", element))) is None:
            assert time.monotonic() < end, (element, self.value("document.body?.innerText"))
        x, y = place
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def wait_for_tab(self, url: str) -> None:
        """Wait until another tab shows ``url``."""
        end = time.monotonic() + SECONDS_TO_WAIT
        while url not in (tabs := {one["url"]: one["type"] for one in self.call("Target.getTargets")["targetInfos"]}):
            assert time.monotonic() < end, (url, tabs)
            time.sleep(0.05)

    def picture(self, file: Path, width: int, height: int, dark: bool = False) -> None:
        """Save a picture of the page."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        file.write_bytes(b64decode(self.call("Page.captureScreenshot", format="png")["data"]))


@contextmanager
def browser(profile: Path) -> Iterator[Page]:
    """A new Chromium with one empty tab, ended at the end."""
    command = ["chromium", *FLAGS, f"--user-data-dir={profile}", "about:blank"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        port = _port(profile / "DevToolsActivePort", process)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json", timeout=SECONDS_TO_WAIT) as answer:
            tab = next(one for one in json.load(answer) if one["type"] == "page")
        with connect(tab["webSocketDebuggerUrl"], max_size=None) as socket:
            yield Page(socket)
    finally:
        process.terminate()
        process.wait()


def _port(file: Path, process: "subprocess.Popen[bytes]") -> int:
    end = time.monotonic() + SECONDS_TO_WAIT
    while not (file.exists() and (lines := file.read_text().splitlines())):
        assert process.poll() is None, "chromium has ended"
        assert time.monotonic() < end, "chromium does not answer"
        time.sleep(0.05)
    return int(lines[0])
