"""`--server URL`: a laptop that has nothing but the program works on a real deployment, a web server with its daemon."""

import json
import re
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest

from voice_assets.orchestration import server as server_room
from voice_assets.orchestration.dead_runs import process_of
from voice_assets.orchestration.gates import AssetPartition
from voice_assets.orchestration.launcher import Outcome, Task
from voice_assets.orchestration.server import Server, ServerError, own_version
from voice_assets.orchestration.server_launcher import CLIENT_TAG, ServerLauncher
from voice_assets.orchestration.unfinished_runs import UNFINISHED
from voice_assets_tests.cli.projects import call
from voice_assets_tests.cli.test_run import rows
from voice_assets_tests.held_config import HeldConfig
from voice_assets_tests.laptop import Client, Laptop, read_until
from voice_assets_tests.served_ui import Ui, served
from voice_assets_tests.toy_project import SHARDS, ToyProject, break_first_text, copied, opened

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def ui(validated_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ui]:
    with opened(copied(validated_once, tmp_path_factory.mktemp("deployment"))) as project, served(project) as ui:
        ui.wait_until(lambda: ui.ask("query { version }"))
        yield ui


@pytest.fixture
def toy(ui: Ui) -> Iterator[ToyProject]:
    """The project of the deployment; its data set is as it was, after the test."""
    metadata = ui.toy.dataset / "metadata_2col.csv"
    before = metadata.read_bytes()
    yield ui.toy
    metadata.write_bytes(before)
    assert unfinished(ui.toy) == []


@pytest.fixture
def laptop(ui: Ui, tmp_path: Path) -> Iterator[Laptop]:
    laptop = Laptop(tmp_path / "laptop", f"http://127.0.0.1:{ui.port}")
    yield laptop
    laptop.end()


def unfinished(toy: ToyProject) -> list[dg.DagsterRun]:
    return list(toy.instance.get_runs(dg.RunsFilter(statuses=list(UNFINISHED))))


def lines(output: str) -> list[str]:
    """What a run printed, without what differs between two runs: times, runs, folders and links."""
    shown = [line for line in output.splitlines() if not line.startswith(("  report: ", "  open: "))]
    return sorted(re.sub(r"[\d.]+ s, run \w+|run \w{8}|/\S+toy\.yaml( of the server)?", "…", line) for line in shown)


def reasons(output: str) -> list[str]:
    return [line for line in lines(output) if "toy/base_validation: " in line or line.startswith("What to do")]


def without_ages(table: str) -> str:
    return re.sub(r"\d+ (s|min) ago|[\s─━]+", "", table)


def change_every_text(toy: ToyProject, word: str) -> None:
    metadata = toy.dataset / "metadata_2col.csv"
    metadata.write_text(re.sub(r"\|.*? предложение", f"|{word} предложение", metadata.read_text(encoding="utf-8")), "utf-8")


def test_a_run_on_a_server_is_that_of_this_machine(
    toy: ToyProject, laptop: Laptop, validated_once: Path, tmp_path: Path
) -> None:
    change_every_text(toy, "Третье")
    there = laptop.call("run", "toy", "--to", "base_validation")
    assert (there.returncode, there.stderr) == (0, "")
    with opened(copied(validated_once, tmp_path)) as same:
        change_every_text(same, "Третье")
        here = call("run", "toy", "--to", "base_validation")
    assert lines(there.stdout) == lines(here.output)
    assert rows(there.stdout)["clips"] == ["PASS", "2 made", "10 clips, 10.0 s, 0 with findings"]
    (link,) = re.findall(r"  open: (\S+)", there.stdout)
    with urllib.request.urlopen(link) as page:
        assert page.status == 200
    runs = toy.instance.get_runs(dg.RunsFilter(tags={"dagster/partition": SHARDS[0]}))
    assert runs[0].remote_job_origin is not None  # the UI can run it again
    assert CLIENT_TAG in runs[0].tags
    assert toy.blockers("clip_stats", SHARDS[0]) == []
    again = laptop.call("run", "toy", "--to", "base_validation")
    assert rows(again.stdout)["clips"][1] == "2 current"


def test_a_failed_rule_and_what_a_person_decides_about_it(toy: ToyProject, laptop: Laptop) -> None:
    break_first_text(toy)
    there = laptop.call("run", "toy", "--to", "clip_stats")
    assert there.returncode == 1
    assert reasons(there.stdout) == reasons(call("run", "toy", "--to", "clip_stats").output)
    assert "FAIL The gate after base_validation is closed, because rules failed:" in there.stdout
    assert re.search(r"toy/base_validation: text_length: .*clip-000.*\(observed 1, limit 3 to 400\)", there.stdout)
    assert "Not run: clip_stats." in there.stdout

    outcomes: list[Outcome] = []
    task = Task(AssetPartition(dg.AssetKey(["toy", "clip_stats"]), SHARDS[0]), "a click in the UI")
    ServerLauncher(Server(laptop.url)).run([task], 1, lambda _, outcome: outcomes.append(outcome))
    assert [(one.success, one.closed, one.followed) for one in outcomes] == [(False, True, False)]
    assert "toy/base_validation: text_length" in outcomes[0].message

    status = laptop.call("status", "toy", "--json")
    assert status.returncode == 0
    assert json.loads(status.stdout)[0]["verdict"] == "FAIL"
    assert without_ages(laptop.call("status").stdout) == without_ages(call("status").output)
    (rule,) = set(re.findall(r"toy/base_validation: (\w+): failed", there.stdout))
    waived = laptop.call("waive", "toy", f"base_validation/{rule}", "--reason", "--by is no option", "--until", "2999-12-31")
    assert waived.returncode == 0, waived.stderr
    assert toy.blockers("clip_stats", SHARDS[0]) == []
    assert "--by is no option" in laptop.call("waivers", "toy").stdout
    assert laptop.call("waive", "toy", "base_validation/no_such", "--reason", "r", "--until", "2999-12-31").returncode == 2


def test_lineage_by_name_and_of_a_file_of_this_machine(toy: ToyProject, laptop: Laptop, tmp_path: Path) -> None:
    named = laptop.call("lineage", "toy/clips", "--json")
    assert named.stdout == call("lineage", "toy/clips", "--json").output
    copy = tmp_path / "copy.parquet"
    copy.write_bytes(toy.file("clips", "table", SHARDS[0]).read_bytes())
    (first, *_) = json.loads(laptop.call("lineage", str(copy), "--json").stdout)["materialisations"]
    assert (first["asset"], first["partition"]) == ("toy/clips", SHARDS[0])
    refused = laptop.call("lineage", "toy", "--picture", "toy.svg")
    assert refused.returncode == 2
    assert "--picture names a file of this machine" in refused.stderr


def wait_for(found: Callable[[], object], *processes: Client) -> None:
    """Wait for an event while the processes run."""
    while not found():
        assert all(process.poll() is None for process in processes), [process.communicate() for process in processes]
        time.sleep(0.1)


def at_work(toy: ToyProject) -> list[dg.DagsterRun]:
    """The runs of shards whose process is at work."""
    return [run for run in of_shards(toy) if run.status is dg.DagsterRunStatus.STARTED and process_of(run) is not None]


def of_shards(toy: ToyProject) -> list[dg.DagsterRun]:
    return [run for run in toy.instance.get_runs() if "dagster/partition" in run.tags]


def test_ctrl_c_ends_the_runs_that_the_command_started(toy: ToyProject, laptop: Laptop) -> None:
    change_every_text(toy, "Первое")
    with HeldConfig(toy.dataset):
        process = laptop.start("run", "toy", "--to", "clips")
        wait_for(lambda: len(at_work(toy)) == len(SHARDS), process)
        started = at_work(toy)
        seen = laptop.call("watch", "toy", "--once")
        assert "clips[0-of-2]" in seen.stdout
        assert "starting" in seen.stdout
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate()
        assert process.returncode == 130, errors
        assert "Stopped. The same command continues from here." in errors
    ended = [toy.instance.get_run_by_id(run.run_id) for run in started]
    assert [run.status for run in ended if run is not None] == [dg.DagsterRunStatus.CANCELED] * len(SHARDS)


def test_two_clients_and_a_killed_one_share_each_run(toy: ToyProject, laptop: Laptop) -> None:
    change_every_text(toy, "Второе")
    before = len(of_shards(toy))
    with HeldConfig(toy.dataset) as held:
        killed = laptop.start("run", "toy", "--to", "clips")
        wait_for(lambda: len(at_work(toy)) == len(SHARDS), killed)
        killed.kill()
        killed.communicate()
        first, second = (laptop.start("run", "toy", "--to", "clips") for _ in range(2))
        told = [read_until(process, r"toy/clips\[1-of-2\]: run \w+ is on its way already") for process in (first, second)]
        with held.released():
            for process, errors in zip((first, second), told, strict=True):
                output, _ = process.communicate()
                assert process.returncode == 0, (output, errors)
                assert rows(output)["clips"][:2] == ["PASS", "2 made"]
    assert len(of_shards(toy)) - before == len(SHARDS)


def test_what_a_server_refuses_is_one_message(laptop: Laptop, monkeypatch: pytest.MonkeyPatch) -> None:
    for arguments, words in (
        (("run", "toi"), "there is no voice 'toi'; there are: toy"),
        (("run", "toy", "--to", "clip"), "there is no asset 'clip' in toy; there are: raw_dataset, clips,"),
        (("run", "toy", "--epoch", "v7-e0001"), "there is no epoch 'v7-e0001'"),
        (("watch", "toi"), "there is no voice 'toi'"),
    ):
        refused = laptop.call(*arguments)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert refused.stderr.startswith(f"Error: {words}")
    monkeypatch.setattr(server_room, "own_version", lambda: "voice-assets 9.9")
    with pytest.raises(ServerError, match=re.escape(f"the client has voice-assets 9.9, this server {own_version()}: install")):
        Server(laptop.url).ask("plan", voice="toy", asset=None, epoch=None)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("run", {"voice": "toy"}),
        ("lineage", {"subject": "toy", "picture": "x.svg"}),
        ("lineage", {"subject": "/etc/hostname"}),
        ("lineage", {"subject": "../voices/toy.yaml"}),
        ("status", {"server": "http://127.0.0.1:1"}),
    ],
)
def test_only_some_commands_and_no_files_of_the_server(laptop: Laptop, name: str, parameters: dict[str, str]) -> None:
    with pytest.raises(ServerError, match=r"cannot be run on a server|has no parameter|is a path"):
        Server(laptop.url).ask("command", name=name, parameters=parameters, environment={})


def test_pages_of_other_sites_ask_nothing(laptop: Laptop) -> None:
    headers = {"Content-Type": "application/json", "Origin": "http://evil.example", server_room.VERSION_HEADER: own_version()}
    request = urllib.request.Request(f"{laptop.url}/client/progress", b'{"voice": "toy"}', headers)
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(request)
