"""`voice-assets ui`: errors before it starts, and the pages of other web sites, which must not drive it."""

import http.client
import http.server
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from voice_assets.orchestration.history import History
from voice_assets_tests.browser import browser, needs_chromium
from voice_assets_tests.cli.projects import call, error_of
from voice_assets_tests.served_ui import Ui, served
from voice_assets_tests.toy_project import SHARDS, ToyProject, copied, opened


def test_a_port_that_is_in_use(project: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        error = error_of("ui", "--port", str(port))
    assert error == (
        f"nothing can listen on 127.0.0.1, port {port}: Address already in use; "
        "choose another port with --port, or another address with --host"
    )


@pytest.mark.parametrize("port", ["0", "65536", "web"])
def test_a_port_that_is_none(project: Path, port: str) -> None:
    done = call("ui", "--port", port)
    assert done.exit_code == 2
    assert "Invalid value for '--port'" in done.output


@pytest.fixture(scope="module")
def validated_ui(validated_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ui]:
    """The UI of a project with materialised clips."""
    with opened(copied(validated_once, tmp_path_factory.mktemp("ui"))) as project, served(project) as ui:
        ui.wait_until(lambda: ui.ask("query { version }"))
        yield ui


def status(ui: Ui, method: str, path: str, **headers: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", ui.port, timeout=60)
    connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    return connection.getresponse().status


def newest_clips(project: ToyProject) -> list[int]:
    """The storage ids of the newest clips of each shard."""
    found = [History(project.instance).latest(dg.AssetKey(["toy", "clips"]), shard) for shard in SHARDS]
    return [one.storage_id for one in found if one is not None]


@pytest.mark.slow
def test_the_ui_has_the_reports_behind_the_same_guard(validated_ui: Ui) -> None:
    report = str(validated_ui.toy.latest("base_validation").metadata["open"])
    assert status(validated_ui, "GET", "/reports/toy/") == 200
    assert status(validated_ui, "GET", report) == 307
    assert status(validated_ui, "GET", "/data/toy/wavs/clip-000.wav", Range="bytes=0-9") == 206
    assert status(validated_ui, "GET", "/review/toy/quality") == 404  # nobody has made the quality report
    for path in ("/reports/toy/", "/data/toy/wavs/clip-000.wav", "/review/toy/"):
        assert status(validated_ui, "GET", path, Host="evil.example") == 403
        assert status(validated_ui, "GET", path, Sec_Fetch_Site="cross-site", Sec_Fetch_Dest="audio") == 403


CHECKS = """query($assetKeys: [AssetKeyInput!]!) { assetNodes(assetKeys: $assetKeys) {
  staleStatus
  assetChecksOrError { ... on AssetChecks { checks { name partitionStatuses {
    ... on AssetCheckDefaultPartitionStatuses { succeededPartitions failedPartitions } } } } }
} }"""


@pytest.mark.slow
def test_the_graph_page_has_the_checks_of_epochs(validated_ui: Ui) -> None:
    """Dagster's own web server answers with an error for every check of an asset whose partitions are added over time."""
    answer = validated_ui.ask(CHECKS, assetKeys=[{"path": ["toy", "onnx_voice"]}])
    assert answer is not None
    (node,) = answer["assetNodes"]
    statuses = [check["partitionStatuses"] for check in node["assetChecksOrError"]["checks"]]
    assert statuses
    assert all(one == {"succeededPartitions": [], "failedPartitions": []} for one in statuses)


@pytest.mark.slow
@needs_chromium
def test_a_click_on_the_metadata_of_an_asset_opens_its_report(validated_ui: Ui, tmp_path: Path) -> None:
    own = f"http://127.0.0.1:{validated_ui.port}"
    report = str(validated_ui.toy.latest("base_validation").metadata["open"])
    link = f"document.querySelector('a[href=\"{report}\"]')"
    with browser(tmp_path / "profile") as page:
        page.open(f"{own}/assets/toy/base_validation?view=overview")
        page.wait_for(link)
        page.click(link)
        page.wait_for_tab(own + report.replace("/reports/toy/", "/data/toy/reports/"))
        page.open(f"{own}{report}")
        page.wait_for("document.body.innerText.startsWith('# Validation of Toy: PASS')")


WIPE = 'mutation{wipeAssets(assetPartitionRanges:[{assetKey:{path:["toy","clips"]}}]){__typename}}'


@pytest.mark.slow
def test_the_guard_stands_in_front_of_dagster(validated_ui: Ui) -> None:
    own = f"http://127.0.0.1:{validated_ui.port}"
    assert status(validated_ui, "GET", "/") == 200
    assert status(validated_ui, "GET", "/", Host="evil.example") == 403
    assert status(validated_ui, "POST", "/report_asset_materialization/toy/clips", Origin=own) == 403
    assert status(validated_ui, "GET", f"/graphql?query={WIPE}") == 403


HOSTILE = """<title>attack</title><body><script>
const wipe = "http://127.0.0.1:PORT/graphql?query=" + encodeURIComponent(`WIPE`)
const forged = "http://127.0.0.1:PORT/report_asset_materialization/toy/clips?partition=0-of-2&data_version=forged"
const tell = (name, how) => document.body.append(name + ": " + how + "; ")
const image = new Promise(done => { const one = new Image(); one.onload = one.onerror = done; one.src = wipe })
const plain = {method: "POST", mode: "no-cors", headers: {"Content-Type": "text/plain"}, body: "{}"}
const post = url => fetch(url, plain).catch(() => 0)
const socket = new Promise(done => {
  const one = new WebSocket("ws://127.0.0.1:PORT/graphql", "graphql-ws")
  one.onopen = () => done("open"); one.onerror = () => done("refused")
})
Promise.all([image, post(wipe), post(forged)]).then(() => tell("requests", "sent"))
socket.then(how => tell("websocket", how))
</script></body>"""


@pytest.mark.slow
@needs_chromium
def test_a_hostile_page_changes_nothing(validated_ui: Ui, tmp_path: Path) -> None:
    before = newest_clips(validated_ui.toy)
    page = HOSTILE.replace("PORT", str(validated_ui.port)).replace("WIPE", WIPE).encode()

    class Hostile(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_: object) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hostile) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
        command = [*browser, "--virtual-time-budget=20000", "--dump-dom", f"http://127.0.0.1:{server.server_port}/"]
        dom = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout
        server.shutdown()
    assert "requests: sent" in dom
    assert "websocket: refused" in dom
    assert len(before) == 2
    assert newest_clips(validated_ui.toy) == before
