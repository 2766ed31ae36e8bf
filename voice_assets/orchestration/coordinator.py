"""The run queue of a deployment of several machines: what a run's pools ask of the engine becomes tags of the run.

Ray and Kubernetes read the resources of a run (a GPU, memory) from its tags. An asset can only name its pool, and tags of its
step do not reach the run. So the deployment's ``dagster.yaml`` says once which tags a pool stands for, and every run gets
them, whoever started the run: the UI, a client, a sensor or a backfill.

Not here: how many runs of a pool are started at once; that is the pool's limit in Dagster.
"""

import json
from collections.abc import Mapping
from typing import Any

import dagster as dg

TAGS_BY_POOL = "tags_by_pool"


class PoolTags(dg.QueuedRunCoordinator):
    """Dagster's queue, after a look at the pools of the run. In ``dagster.yaml``: ``tags_by_pool: {pool: {tag: value}}``.

    A mapping as the value of a tag becomes JSON. A tag that the run already has stays, so one run can ask for more.
    """

    tags_by_pool: Mapping[str, Mapping[str, Any]] = {}

    @classmethod
    def config_type(cls) -> Any:
        """The settings of Dagster's queue, and ours."""
        dagsters: Any = super().config_type()
        return {**dagsters, TAGS_BY_POOL: dg.Field(dict, is_required=False)}

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Mapping[str, Any]) -> "PoolTags":
        """Dagster's class takes its settings one by one and drops all others without a word."""
        made = super().from_config_value(inst_data, config_value)
        made.tags_by_pool = config_value.get(TAGS_BY_POOL, {})
        return made

    def submit_run(self, context: dg.SubmitRunContext) -> dg.DagsterRun:
        """Queue the run with the tags of its pools."""
        run = context.dagster_run
        pools = run.run_op_concurrency.all_pools if run.run_op_concurrency else None
        tags = {name: value for pool in sorted(pools or ()) for name, value in self.tags_by_pool.get(pool, {}).items()}
        wanted = {name: _text(value) for name, value in tags.items() if name not in run.tags}
        if wanted:
            self._instance.add_run_tags(run.run_id, wanted)
        return super().submit_run(context)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
