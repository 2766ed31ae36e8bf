import pytest

from voice_assets.release.clients.environment import ClientEnvironment, prepare
from voice_assets.runtime import project


@pytest.fixture(scope="session")
def clients() -> ClientEnvironment:
    """The clients' environment in the project's cache; the first test that needs it makes it, which takes pip a minute."""
    return prepare(project.cache_dir() / "clients")
