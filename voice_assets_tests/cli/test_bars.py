"""Progress bars: lines in a file, bars on a terminal, fed by whoever runs the asset; nothing cut off at 80 columns."""

import io
import re
import time
from pathlib import Path

import dagster as dg
import pytest
from rich.console import Console

from voice_assets.cli.bars import RunBars, counting
from voice_assets.orchestration.gates import AssetPartition
from voice_assets.orchestration.launcher import Outcome
from voice_assets.runtime import running
from voice_assets_tests.cli.progress_states import write_progress
from voice_assets_tests.runtime.test_running import ended_process

TARGET = AssetPartition(dg.AssetKey(["toy", "whisper_shard"]), "0-of-2")
REASON = "out of date: built from [red]\x1b[2J"


def console(*, terminal: bool, width: int = 80) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=width, markup=False, emoji=False, highlight=False)


def printed(on: Console) -> str:
    assert isinstance(on.file, io.StringIO)
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", on.file.getvalue())


def wait_for(on: Console, words: str) -> str:
    """What was printed, as soon as ``words`` are in it, folded or not."""
    deadline = time.monotonic() + 60
    while words not in " ".join(printed(on).split()):
        assert time.monotonic() < deadline, printed(on)
        time.sleep(0.05)
    return printed(on)


def test_in_a_file_a_line_for_each_start_and_end(project: Path) -> None:
    on = console(terminal=False)
    with RunBars(on, "toy") as bars:
        bars.starting(TARGET, REASON)
        bars.ended(TARGET, Outcome("0123456789", True))
        bars.starting(TARGET, "again")
        bars.ended(TARGET, Outcome("abcdefghij", False, "no"))
    lines = [re.sub(r"[\d.]+ s", "N s", line) for line in printed(on).splitlines()]
    assert lines == [
        r"  start whisper_shard[0-of-2]: out of date: built from [red]\x1b[2J",
        "  done  whisper_shard[0-of-2] N s, run 01234567",
        "  start whisper_shard[0-of-2]: again",
        "  failed whisper_shard[0-of-2] N s, run abcdefgh",
    ]
    assert bars.outcomes == {TARGET: Outcome("abcdefghij", False, "no")}


@pytest.mark.parametrize("width", [80, 120])
def test_on_a_terminal_the_bar_tells_what_the_asset_tells(project: Path, width: int) -> None:
    on = console(terminal=True, width=width)
    with RunBars(on, "toy") as bars:
        bars.starting(TARGET, REASON)
        assert r"starting, out of date: built from [red]\x1b[2J" in wait_for(on, "starting,")
        figures = {"mean_similarity": 0.98, "low": 2, "decoded": 23, "from_cache": 7}
        write_progress("0-of-2", done=30, total=18377, rate_per_s=0.5, remaining_s=3700.0, figures=figures)
        text = wait_for(on, "mean similarity 0.980, 2 low (6.7 %), 23 decoded, 7 from the cache")
        assert "30 of 18,377 clips, 30.0 clips/min" in text
        assert ("━" in text) == (width == 120)
        assert "1:01:40 to go" in " ".join(text.split())
        bars.ended(TARGET, Outcome("0123456789", True))
    assert r"run 01234567 (out of date: built from [red]\x1b[2J)" in printed(on)
    assert max(map(len, re.split(r"[\r\n]+", text))) <= width


def test_what_a_killed_run_left_is_not_shown(project: Path) -> None:
    on = console(terminal=True)
    write_progress("0-of-2", process=ended_process(), done=39, total=40)
    other = AssetPartition(TARGET.key, "1-of-2")
    write_progress("1-of-2", done=7, total=40)
    with RunBars(on, "toy") as bars:
        bars.starting(TARGET, "never materialised")
        bars.starting(other, "never materialised")
        assert "39 of 40" not in wait_for(on, "7 of 40 clips")
        bars.ended(TARGET, Outcome("a", True))
        bars.ended(other, Outcome("b", True))
    assert running.read(running.progress_file("toy", "whisper_shard", "0-of-2")) is not None


def test_counting_shows_nothing_in_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    with counting("recordings") as tell:
        tell(1, 2)
        tell(2, 2)
    assert capsys.readouterr() == ("", "")
