"""`voice-assets watch`: one picture from files and a fixed listing; live, it ends on Ctrl-C."""

import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from voice_assets.cli import watch
from voice_assets.cli.main import main
from voice_assets.runtime import running
from voice_assets.runtime.nvidia import GpuUse
from voice_assets.voices import Voice, load_voice
from voice_assets_tests.datasets import write_voice
from voice_assets_tests.runtime.fake_nvml import MISMATCH, NOT_SUPPORTED, FakeGpu, FakeNvml
from voice_assets_tests.runtime.test_running import ended_process, state


@pytest.fixture
def voice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Voice:
    monkeypatch.setenv("VOICE_ASSETS_ROOT", str(tmp_path))
    return load_voice(write_voice(tmp_path / "voices" / "toy.yaml", tmp_path / "data"))


def clip(name: str, similarity: float) -> dict[str, object]:
    return {"clip_id": name, "reference": f"Текст {name}.", "hypothesis": "услышано [bold]", "similarity": similarity}


def shown(voice: Voice, gpus: Sequence[GpuUse] = ()) -> str:
    console = Console(width=180, record=True, file=open(os.devnull, "w"))  # noqa: SIM115
    console.print(watch.render(watch.snapshot(voice, gpus)))
    return console.export_text()


def write(partition: str | None, asset: str = "whisper_shard", **changes: object) -> None:
    running.write(running.progress_file("toy", asset, partition), state(**changes))


def test_a_row_a_shard_and_their_sum(voice: Voice) -> None:
    write("0-of-2", done=30, total=100, rate_per_s=4.0, remaining_s=17.5, recent=(clip("a", 0.9), clip("b", 0.2)),
          figures={"mean_similarity": 0.9, "low": 2, "from_cache": 7})  # fmt: skip
    write("1-of-2", done=10, total=50, rate_per_s=2.0, remaining_s=20.0, recent=(clip("c", 1.0),),
          figures={"mean_similarity": 0.5, "low": 1, "from_cache": 0})  # fmt: skip
    text = shown(voice, [GpuUse(0, "NVIDIA GeForce RTX 3090", 8123, 24576, 97)])
    first, second, total = (
        next(line for line in text.splitlines() if name in line) for name in ("0-of-2", "1-of-2", "2 running")
    )
    assert all(part in first for part in ("running", "30/100", "30%", "4.0", "0:17", "0.9000", " 2 ", " 7 "))
    assert all(part in second for part in ("10/50", "20%", "0:20", "0.5000"))
    assert "toy: 2 running" in text
    total = next(line for line in text.splitlines() if "whisper_shard, 2 running" in line)
    assert all(part in total for part in ("40/150", "27%", "6.0", "0:20", "0.8000", " 3 ", " 7 "))
    clips = [line.split()[1] for line in text.splitlines() if "Текст" in line]
    assert clips == ["b", "c", "a"]
    assert "услышано [bold]" in text
    assert "8123 of 24576 MiB" in text
    assert "97 %" in text
    assert "Nothing is running" not in text


def test_a_dead_process_is_shown_as_such_and_with_the_last_result(voice: Voice, tmp_path: Path) -> None:
    process = ended_process()
    write("0-of-2", process=process, updated=time.time() - 125)
    for stamp, verdict in (("20260101_000000_000", "FAIL"), ("20260201_000000_000", "PASS"), ("old", "FAIL")):
        folder = tmp_path / "data" / "reports" / f"validation_whisper_sharded_{stamp}"
        folder.mkdir(parents=True)
        (folder / "SUMMARY.txt").write_text(f"{verdict}  Whisper\n\nMean similarity: 0.97\n\nRules\nhidden\n", encoding="utf-8")
    text = shown(voice)
    assert f"dead: process {process.pid} was killed, 2:0" in text
    assert "toy: 0 running" in text
    assert "Nothing is running for toy." in text
    assert "PASS  Whisper" in text
    assert "Mean similarity: 0.97" in text
    assert "FAIL" not in text
    assert "hidden" not in text
    assert "last clips" not in text


def test_before_the_first_clip_and_after_a_long_silence(voice: Voice) -> None:
    write("0-of-2", done=0, total=None, rate_per_s=0.0, remaining_s=None, figures={}, recent=())
    write("1-of-2", updated=time.time() - watch.QUIET_S - 5)
    lines = shown(voice).splitlines()
    assert any("0-of-2" in line and "starting" in line and "0/?" in line for line in lines)
    assert any("1-of-2" in line and "no news for 2:0" in line for line in lines)


def test_a_start_that_hangs_is_no_start_for_ever(voice: Voice) -> None:
    silent = time.time() - watch.QUIET_S - 5
    write("0-of-2", done=0, total=None, rate_per_s=0.0, remaining_s=None, figures={}, recent=(), updated=silent)
    text = shown(voice)
    assert "no news for 2:0" in text
    assert "starting" not in text


def test_once_from_the_command_line(voice: Voice) -> None:
    done = CliRunner().invoke(main, ["watch", "toy", "--once"])
    assert done.exit_code == 0
    assert "Nothing is running for toy." in done.output
    assert "no finished Whisper validation of its data set yet" in done.output
    unknown = CliRunner().invoke(main, ["watch", "toi", "--once"])
    assert unknown.exit_code == 2
    assert "there is no voice 'toi'; there are: toy" in unknown.output


def test_gpus_as_the_driver_reports_them(voice: Voice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", FakeNvml([FakeGpu(percent=NOT_SUPPORTED)]))
    shows = CliRunner().invoke(main, ["watch", "toy", "--once"])
    assert "8123 of 24576 MiB" in shows.output
    monkeypatch.setitem(sys.modules, "pynvml", FakeNvml([FakeGpu()], init=MISMATCH))
    leaves_out = CliRunner().invoke(main, ["watch", "toy", "--once"])
    assert leaves_out.exit_code == 0
    assert "MiB" not in leaves_out.output


def test_watching_imports_neither_dagster_nor_pandas(voice: Voice) -> None:
    script = "import sys; from voice_assets.cli.main import main; main(['watch', 'toy', '--once'], standalone_mode=False); "
    script += "print({'dagster', 'pandas', 'torch'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("set()\n")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_live_it_ends_cleanly(voice: Voice, how: signal.Signals) -> None:
    write("0-of-2")
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
