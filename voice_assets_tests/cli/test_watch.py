"""`voice-assets watch`: one snapshot in a file, live on a terminal until Ctrl-C, and light enough to start at once."""

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from voice_assets_tests.cli.progress_states import write_progress
from voice_assets_tests.cli.projects import call
from voice_assets_tests.datasets import write_voice
from voice_assets_tests.runtime.fake_nvml import MISMATCH, NOT_SUPPORTED, FakeGpu, FakeNvml


@pytest.fixture
def voice(project: Path) -> Path:
    (project / "data").mkdir()
    return write_voice(project / "voices" / "toy.yaml", project / "data")


@pytest.mark.parametrize("options", [["--once"], []])
def test_in_a_file_it_is_one_snapshot(voice: Path, options: list[str]) -> None:
    done = call("watch", "toy", *options)
    assert done.exit_code == 0
    assert done.output == "Nothing is running for toy.\nIts data set has no finished Whisper validation yet.\n"


def test_watching_imports_neither_dagster_nor_pandas(voice: Path) -> None:
    script = "import sys; from voice_assets.cli.main import main; main(['watch', 'toy', '--once'], standalone_mode=False); "
    script += "print({'dagster', 'pandas', 'torch'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("set()\n")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_live_it_ends_cleanly(voice: Path, how: signal.Signals) -> None:
    write_progress("0-of-2")
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "voice_assets.cli", "watch", "toy"]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "150"}
    process = subprocess.Popen(command, stdout=theirs, stderr=theirs, stdin=theirs, env=environment, start_new_session=True)
    os.close(theirs)
    seen = b""
    while b"whisper_shard[0-of-2]" not in seen:
        seen += os.read(ours, 65536)
    process.send_signal(how)
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # the other side is closed: it ended
            break
        if not part:
            break
        seen += part
    assert process.wait() == 0
    assert b"Traceback" not in seen
    assert b"\x1b[?25h" in seen  # the cursor is back


def test_gpus_as_the_driver_reports_them(voice: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", FakeNvml([FakeGpu(percent=NOT_SUPPORTED)]))
    shows = call("watch", "toy", "--once")
    assert "8,123 of 24,576 MiB" in shows.output
    monkeypatch.setitem(sys.modules, "pynvml", FakeNvml([FakeGpu()], init=MISMATCH))
    leaves_out = call("watch", "toy", "--once")
    assert leaves_out.exit_code == 0
    assert "MiB" not in leaves_out.output
