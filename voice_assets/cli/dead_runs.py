"""What ``run`` and ``ui`` print about runs whose process was killed."""

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    import dagster as dg


def print_dead_runs(instance: "dg.DagsterInstance") -> None:
    """Mark runs as failed whose process has ended, and print a line for each."""
    from voice_assets.orchestration.dead_runs import fail_dead_runs

    for run_id in fail_dead_runs(instance):
        click.secho(f"run {run_id[:8]} was killed earlier: the run is marked as failed", fg="yellow")
