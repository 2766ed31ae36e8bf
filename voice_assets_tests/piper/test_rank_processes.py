"""Starting and ending further ranks: real processes that stand in for a training."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from voice_assets.piper import rank_processes
from voice_assets.piper.rank_processes import FurtherRanks, as_first, own_command, tell_first
from voice_assets.runtime.processes import ProcessIdentity

TELL = "from voice_assets.piper.rank_processes import tell_first\n"


class Failures:
    """Notes the failures, and waits for the first one."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.happened = threading.Event()

    def __call__(self, message: str) -> None:
        self.told.append(message)
        self.happened.set()


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch):
    """A function that starts the further ranks of a training, each with a script."""
    started = []

    def ranks(script: str, devices: int = 2) -> tuple[FurtherRanks, Failures]:
        failures = Failures()
        monkeypatch.setattr(rank_processes, "own_command", lambda: [sys.executable, "-c", script])
        started.append(FurtherRanks(devices, failures))
        return started[-1], failures

    yield ranks
    for one in started:
        one.kill()


def test_every_rank_knows_its_number_and_the_first_one_hears_its_signs(start) -> None:
    script = TELL + "import os\ntell_first('sign', 'I am ' + os.environ['LOCAL_RANK'] + ' of ' + os.environ['WORLD_SIZE'])"
    with as_first(3):
        ranks, failures = start(script, 3)
        ranks.wait_for_the_end()
    assert [one.last for one in ranks.ranks] == ["I am 1 of 3", "I am 2 of 3"]
    assert all(" (process " in text and text.endswith("of 3") for text in ranks.texts)
    assert failures.told == []


def test_the_error_of_a_rank_is_heard_while_it_still_runs(start) -> None:
    ranks, failures = start(TELL + "import time\ntell_first('error', 'no room on the disk')\ntime.sleep(3600)")
    failures.happened.wait()
    assert failures.told == ["rank 1 of the training: no room on the disk"]
    ranks.wait_for_failure(3600)
    ranks.kill()
    assert ranks.ranks[0].process.wait() == -9
    assert failures.told == ["rank 1 of the training: no room on the disk"]


@pytest.mark.parametrize(
    ("end", "how"), [("os.kill(os.getpid(), 9)", "was killed by signal 9"), ("os._exit(3)", "ended with exit code 3")]
)
def test_a_rank_that_ends_without_a_word_is_a_failure_too(start, end: str, how: str) -> None:
    script = (
        TELL
        + f"import os\ntell_first('sign', 'step 4 done')\nos.write(int(os.environ['{rank_processes.PIPE}']), b'[\"er')\n{end}"
    )
    ranks, failures = start(script)
    failures.happened.wait()
    (message,) = failures.told
    assert message.startswith(
        f"rank 1 of the training (process {ranks.ranks[0].process.pid}) {how}; its last sign of life: step 4 done."
    )


def test_only_the_first_failure_counts(start) -> None:
    ranks, failures = start("import os\nos._exit(3)", 4)
    for one in ranks.ranks:
        one.ended.wait()
        one.process.wait()
    failures.happened.wait()
    assert len(failures.told) == 1


def test_killing_a_rank_kills_what_it_started(start, tmp_path: Path) -> None:
    script = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(3600)'])\n"
        f"open({str(tmp_path / 'child')!r}, 'w').write(str(child.pid) + '.')\nchild.wait()"
    )
    ranks, failures = start(script)
    while not (tmp_path / "child").exists() or not (tmp_path / "child").read_text().endswith("."):
        pass
    child = ProcessIdentity.of(int((tmp_path / "child").read_text()[:-1]))
    ranks.kill()
    assert ranks.ranks[0].process.wait() == -9
    while child is not None and not child.ended:
        pass
    assert failures.told == []


def test_the_variables_of_the_ranks_are_gone_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASTER_PORT", "5")
    before = dict(os.environ)
    with as_first(2):
        assert (os.environ["LOCAL_RANK"], os.environ["WORLD_SIZE"], os.environ["MASTER_ADDR"]) == ("0", "2", "127.0.0.1")
        assert os.environ["MASTER_PORT"] != "5"
    assert dict(os.environ) == before


def test_the_first_rank_tells_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(rank_processes.PIPE, raising=False)
    written: list[bytes] = []
    monkeypatch.setattr(os, "write", lambda _, data: written.append(data) or len(data))
    tell_first("sign", "a step")
    assert written == []


def test_a_rank_whose_first_rank_is_gone_goes_on_until_it_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    monkeypatch.setenv(rank_processes.PIPE, str(writing))
    tell_first("sign", "a step")
    os.close(writing)


def test_the_command_line_to_run_again(tmp_path: Path) -> None:
    (tmp_path / "again.py").write_text("from voice_assets.piper.rank_processes import own_command\nprint(own_command())")
    env = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}

    def printed(*line: str) -> str:
        return subprocess.run([sys.executable, *line], capture_output=True, text=True, check=True, env=env).stdout

    assert printed("-m", "again", "request.json") == f"{[sys.executable, '-m', 'again', 'request.json']}\n"
    script = str(tmp_path / "again.py")
    assert printed(script, "x") == f"{[sys.executable, script, 'x']}\n"
    assert own_command()[0] == sys.executable
