"""``python -m voice_assets.cli.web_server HOST PORT``: Dagster's web server behind the guard. ``voice-assets ui`` starts it."""

import os
import sys

from voice_assets.cli.web_guard import Guard

TOKEN = "VOICE_ASSETS_TOKEN"
"""The environment variable with the token. A command line can be seen by every user of the machine."""
POLL_MS = 2000
"""How often the pages ask for news: Dagster's own default."""


def main(host: str, port: int) -> None:
    """Serve the project's instance and code location until the process is told to end."""
    import uvicorn
    from dagster._core.workspace.context import WorkspaceProcessContext
    from dagster._core.workspace.load_target import WorkspaceFileTarget
    from dagster_webserver.app import create_app_from_workspace_process_context
    from dagster_webserver.version import __version__

    from voice_assets.orchestration.instance import open_instance
    from voice_assets.runtime import project

    token = os.environ.pop(TOKEN, "") or None  # the code server, a child of this process, does not inherit it
    target = WorkspaceFileTarget([str(project.root() / "workspace.yaml")])
    with open_instance() as instance, WorkspaceProcessContext(instance, target, version=__version__) as process:
        app = create_app_from_workspace_process_context(process, live_data_poll_rate=POLL_MS)
        uvicorn.run(Guard(app, token), host=host, port=port, log_level="warning")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
