"""Ray's launcher of runs, with the run host of the worker machine between Ray and the run (``run_client``)."""

import dagster as dg
from dagster_ray import RayRunLauncher

CLIENT = "python -m voice_assets.orchestration.run_client"


class HostedRuns(RayRunLauncher):
    """``RayRunLauncher``, whose command goes through the client of the run host."""

    def _launch_ray_job(self, submission_id: str, entrypoint: str, run: dg.DagsterRun) -> None:
        super()._launch_ray_job(submission_id, f"{CLIENT} {entrypoint}", run)
