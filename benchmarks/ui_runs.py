"""What the runs of a backfill cost that `voice-assets ui` starts. Part of `make bench-scale`."""

from collections.abc import Sequence
from pathlib import Path

import dagster as dg
from dagster._core.execution.backfill import BULK_ACTION_TERMINAL_STATUSES

from benchmarks.processor_time import Meter
from voice_assets.orchestration.instance import open_instance
from voice_assets_tests.served_ui import Ui, served
from voice_assets_tests.toy_project import ToyProject

BACKFILL = """mutation($params: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $params) {
  ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }"""


def cpu_seconds_per_run(root: Path, key: dg.AssetKey, partitions: Sequence[str]) -> float:
    """CPU seconds of a run, with its share of the web server, the daemon and the code server; without their start.

    Args:
        root: the project.
        key: an asset whose inputs are current.
        partitions: what the backfill makes. The first of them is made before, and does not count.
    """
    with open_instance() as instance, served(ToyProject(root, root / "dataset", instance)) as ui:
        ui.wait_until(lambda: ui.ask("{ version }"))
        _backfill(ui, key, partitions[:1])
        with Meter() as meter:
            _backfill(ui, key, partitions[1:])
        runs = len(partitions) - 1
        print({kind: round(seconds / runs, 2) for kind, seconds in meter.by_kind(KINDS, "servers").items()}, flush=True)
        return meter.seconds / runs


KINDS = {"run_host": "runs", "spawn_main": "runs", "voice_assets.workers": "workers", "run_client": "clients"}


def _backfill(ui: Ui, key: dg.AssetKey, partitions: Sequence[str]) -> None:
    """Make ``partitions`` of ``key``, as the button *Materialize* does.

    Raises:
        SystemExit: a run failed.
    """
    answer = ui.ask(BACKFILL, params={"assetSelection": [{"path": key.path}], "partitionNames": list(partitions)})
    assert answer is not None
    backfill = answer["launchPartitionBackfill"]["backfillId"]

    def ended() -> bool:
        found = ui.toy.instance.get_backfill(backfill)
        return found is not None and found.status in BULK_ACTION_TERMINAL_STATUSES

    ui.wait_until(ended)
    runs = ui.toy.instance.get_runs(dg.RunsFilter(tags={"dagster/backfill": backfill}))
    if len(runs) != len(partitions) or not all(run.is_success for run in runs):
        raise SystemExit(f"the backfill of {key.to_user_string()} failed: {[str(run.status) for run in runs]}\n{ui.printed()}")
