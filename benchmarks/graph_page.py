"""What one poll of the UI's graph page costs the web server: the two queries of the page, answered in this process.

The text of the queries is that of Dagster's page, without the fields of time windows.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg

from voice_assets.cli.web_server import SHARDS_COMPARED

LIVE = """query AssetGraphLiveQuery($assetKeys: [AssetKeyInput!]!) {
  assetNodes(assetKeys: $assetKeys, loadMaterializations: true) {
    id opNames repository { id } assetKey { path }
    assetMaterializations(limit: 1) { timestamp runId stepKey }
    assetObservations(limit: 1) { timestamp runId stepKey }
    assetChecksOrError { ... on AssetChecks { checks {
      name canExecuteIndividually
      executionForLatestMaterialization { id runId status timestamp stepKey evaluation { severity } }
      partitionDefinition { name description }
      partitionStatuses { ... on AssetCheckDefaultPartitionStatuses {
        succeededPartitions failedPartitions inProgressPartitions skippedPartitions executionFailedPartitions } }
    } } }
    partitionStats { numMaterialized numMaterializing numPartitions numFailed }
  }
  assetsLatestInfo(assetKeys: $assetKeys) {
    id assetKey { path } unstartedRunIds inProgressRunIds latestRun { id status startTime endTime }
  }
}"""
STALE = """query AssetStaleStatusDataQuery($assetKeys: [AssetKeyInput!]!) {
  assetNodes(assetKeys: $assetKeys) {
    id assetKey { path } staleStatus staleCauses { key { path } reason category dependency { path } }
  }
}"""
QUERIES = {"live": LIVE, "stale": STALE}


class GraphPage:
    """The graph page of the assets ``keys``."""

    def __init__(self, workspace: Any, keys: list[dg.AssetKey]):
        from dagster_graphql.schema import create_schema

        self._schema, self._workspace = create_schema(), workspace
        self._keys = [{"path": list(key.path)} for key in keys]

    def ask(self, query: str) -> Any:
        """The answer to one of ``QUERIES``."""

        async def answer() -> Any:
            context = self._workspace.create_request_context()
            return await self._schema.execute_async(query, context=context, variables={"assetKeys": self._keys})

        done = asyncio.run(answer())
        if done.errors:
            raise SystemExit(f"the graph page fails: {done.errors}")
        return done

    def poll(self) -> None:
        """What the page asks again and again."""
        for query in QUERIES.values():
            self.ask(query)


@contextmanager
def graph_page(instance: dg.DagsterInstance, workspace: Path, voice: str) -> Iterator[GraphPage]:
    """The page of all assets of a voice, on the code location of ``workspace.yaml``, with the settings of our web server."""
    from dagster._core.definitions import data_version
    from dagster._core.workspace.context import WorkspaceProcessContext
    from dagster._core.workspace.load_target import WorkspaceFileTarget

    data_version.SKIP_PARTITION_DATA_VERSION_DEPENDENCY_THRESHOLD = SHARDS_COMPARED
    loading = dg.partition_loading_context(dynamic_partitions_store=instance)
    with WorkspaceProcessContext(instance, WorkspaceFileTarget([str(workspace)])) as process, loading:
        keys = process.create_request_context().asset_graph.get_all_asset_keys()
        yield GraphPage(process, sorted(key for key in keys if key.path[0] == voice))
