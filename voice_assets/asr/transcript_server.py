"""The transcript cache of several machines: one PostgreSQL database for all voices.

A URL such as ``postgresql://dagster@db:5432/dagster`` names the database. The password is in ``PGPASSWORD`` or in a file that
``PGPASSFILE`` names, and never in the URL: requests and logs show the URL. PostgreSQL's own variables (``PGHOST``, ``PGPORT``,
``PGUSER``, ``PGDATABASE``) fill in what the URL leaves out.

A server that was restarted is found again at the next batch. A batch in which the server ends is an error, and the next run
decodes only that batch again.
"""

import contextlib
from collections.abc import Iterator

from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from voice_assets.asr.transcript_tables import LAYOUT, TranscriptCacheError, reason

DRIVER = "postgresql+psycopg2"
_PREFIX = "postgresql"
_LOCK = 0x564F4943
"""PostgreSQL's number for "somebody makes the tables now": two processes that make one table at once fail."""


@contextlib.contextmanager
def database(place: str) -> Iterator[tuple[Engine, str, list[str]]]:
    """Open the database at a URL: the connections, its name for messages, and no notes. Missing tables are created.

    Raises:
        TranscriptCacheError: the URL is of another kind or holds a password; the server cannot be reached or refuses.
    """
    try:
        engine = create_engine(_url(place), pool_size=1, max_overflow=0, pool_pre_ping=True, hide_parameters=True)
    except ImportError as error:
        raise TranscriptCacheError(f"{place}: {error}; pip install 'voice-assets[cluster]'") from error
    try:
        _make_tables(engine, place)
        yield engine, place, []
    finally:
        engine.dispose()


def require_usable(place: str) -> None:
    """Return when ``place`` is a URL that `database` can open. Nothing is connected.

    Raises:
        TranscriptCacheError: the URL is of another kind or holds a password.
    """
    _url(place)


def _url(place: str) -> str:
    try:
        url = make_url(place)
    except ArgumentError as error:
        raise TranscriptCacheError("the URL of the transcript cache cannot be read: write postgresql://USER@HOST/DB") from error
    if url.password is not None or "password" in url.query:
        raise TranscriptCacheError(
            f"{url.drivername}://…: this URL holds a password, which requests and logs would show; use PGPASSWORD or PGPASSFILE"
        )
    if url.drivername not in (_PREFIX, DRIVER):
        raise TranscriptCacheError(
            f"{place}: the transcript cache is a file, or {_PREFIX}://USER@HOST/DB; not {url.drivername}"
        )
    return url.set(drivername=DRIVER).render_as_string()  # SQLAlchemy would take `postgresql` for another driver


def _make_tables(engine: Engine, place: str) -> None:
    try:
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            LAYOUT.create_all(connection)
    except SQLAlchemyError as error:
        advice = "check VOICE_TRANSCRIPTS, PGPASSWORD, the server and the rights of the account"
        raise TranscriptCacheError(f"{place}: cannot be used: {reason(error)}; {advice}") from error
