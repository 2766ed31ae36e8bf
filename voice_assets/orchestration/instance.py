"""The Dagster instance: its home folder, made ready on first use, and the lock of a voice's runner."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import dagster as dg

from voice_assets.orchestration.deployment_locks import DeploymentLock
from voice_assets.runtime import locks, project


class BusyError(RuntimeError):
    """Another process is at work on the same voice. The message names its holder."""


def ready_home() -> str:
    """Make ``DAGSTER_HOME`` exist, link ``dagster.yaml`` into it, and set the variable. Returns the folder."""
    home = project.dagster_home()
    home.mkdir(parents=True, exist_ok=True)
    config = home / "dagster.yaml"
    if not config.exists():
        config.unlink(missing_ok=True)  # a link to a checkout that has moved
        config.symlink_to(os.path.relpath(project.dagster_file("dagster.yaml"), home))
    os.environ["DAGSTER_HOME"] = str(home)
    return str(home)


@contextmanager
def open_instance() -> Iterator[dg.DagsterInstance]:
    """The project's instance."""
    ready_home()
    with dg.DagsterInstance.get() as instance:
        yield instance


def runs_in_a_shell(instance: dg.DagsterInstance, voice: str) -> bool:
    """Whether a `voice-assets run` of the voice is at work, on any machine of the deployment."""
    return _runner_lock(instance, voice).is_held()


def _runner_lock(instance: dg.DagsterInstance, voice: str) -> DeploymentLock:
    return DeploymentLock(instance, f"run {voice}", project.artifacts_dir(voice) / "running.lock")


@contextmanager
def only_runner(instance: dg.DagsterInstance, voice: str) -> Iterator[None]:
    """Hold the lock of a voice, so that two shells of a deployment never run the same voice at the same time.

    Raises:
        BusyError: another process holds the lock.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(_runner_lock(instance, voice).held())
        except locks.LockError as error:
            raise BusyError(f"another `voice-assets run {voice}` is running: {error}; wait for that run, or end it") from error
        yield
