"""``python -m voice_assets.cli.web_server HOST PORT``: Dagster's web server, with our own pages and answers beside it.

The review pages, the reports, and what clients ask (``client_service``). ``voice-assets ui`` starts the server. The guard
stands in front of everything.
"""

import os
import sys

from voice_assets.cli.web_guard import App, Guard, Receive, Scope, Send

TOKEN = "VOICE_ASSETS_TOKEN"
"""The environment variable with the token. A command line can be seen by every user of the machine."""
POLL_MS = 2000
"""How often the pages ask for news: Dagster's own default."""
SHARDS_COMPARED = 32
"""Up to how many shards of an input the graph page compares with those an asset was built from, to show "unsynced". Dagster
compares up to 100, one after the other, for every poll. The gates compare all shards."""


class BesideDagster:
    """An ASGI application: pages and reports come from ``review``, answers for ``client``, everything else from ``dagster``."""

    def __init__(self, review: App, client: App, dagster: App):
        self._review, self._client, self._dagster = review, client, dagster

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        await self._app(scope)(scope, receive, send)

    def _app(self, scope: Scope) -> App:
        from voice_assets.orchestration.server import PREFIX
        from voice_assets.review.app import is_ours

        if scope["type"] != "http":
            return self._dagster
        if scope["path"].startswith(PREFIX):
            return self._client
        return self._review if is_ours(scope["path"]) else self._dagster


def main(host: str, port: int) -> None:
    """Serve the project's instance and code location until the process is told to end."""
    import dagster as dg
    import uvicorn
    from dagster._core.definitions import data_version
    from dagster._core.workspace.context import WorkspaceProcessContext
    from dagster._core.workspace.load_target import WorkspaceFileTarget
    from dagster_webserver.app import create_app_from_workspace_process_context
    from dagster_webserver.version import __version__

    from voice_assets.cli.client_service import ClientService
    from voice_assets.cli.review_comparisons import RecordedComparisons
    from voice_assets.cli.review_subjects import RecordedSubjects
    from voice_assets.orchestration.instance import open_instance
    from voice_assets.review.app import create_app
    from voice_assets.runtime import project

    token = os.environ.pop(TOKEN, "") or None  # the code server, a child of this process, does not inherit it
    target = WorkspaceFileTarget([str(project.dagster_file("workspace.yaml"))])
    data_version.SKIP_PARTITION_DATA_VERSION_DEPENDENCY_THRESHOLD = SHARDS_COMPARED
    with (
        open_instance() as instance,
        WorkspaceProcessContext(instance, target, version=__version__) as process,
        dg.partition_loading_context(dynamic_partitions_store=instance),  # without it, checks of epochs show no status
    ):
        dagster = create_app_from_workspace_process_context(process, live_data_poll_rate=POLL_MS)
        review = create_app(RecordedSubjects(instance), RecordedComparisons(instance))
        app = BesideDagster(review, ClientService(instance).app(), dagster)
        uvicorn.run(Guard(app, token), host=host, port=port, log_level="warning")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
