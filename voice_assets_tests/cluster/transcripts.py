"""What the transcript cache of a deployment holds, and workers that are held in the middle of a shard."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from voice_assets.asr import transcript_server
from voice_assets_tests.postgres_server import url_of

ROWS = 4
HOLD = f"""
CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE mine int := coalesce(nullif(current_setting('test.rows', true), ''), '0')::int + 1;
BEGIN
  PERFORM set_config('test.rows', mine::text, false);
  IF mine > {ROWS} THEN PERFORM pg_advisory_xact_lock(1); END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER hold BEFORE INSERT ON hypotheses FOR EACH ROW EXECUTE FUNCTION hold();
SELECT pg_advisory_lock(1);
"""
"""Lets every connection store some rows. Then its next batch waits for the lock, which the test has."""
RELEASE = "SELECT pg_advisory_unlock_all(); DROP TRIGGER IF EXISTS hold ON hypotheses; DROP FUNCTION IF EXISTS hold;"


@contextmanager
def connected(database: dict[str, str]) -> Iterator[Any]:
    """A function that executes a statement in the cache's database and returns the rows. The tables are there."""
    with transcript_server.database(url_of(database)) as (engine, _, _):
        connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")

        def execute(statement: str) -> list[tuple[Any, ...]]:
            result = connection.exec_driver_sql(statement)
            return [tuple(row) for row in result] if result.returns_rows else []

        yield execute
        connection.close()


def stored(database: dict[str, str]) -> dict[tuple[str, str], str]:
    """The transaction that wrote each hypothesis, by its key and its audio: a hypothesis that is written again has another."""
    with connected(database) as execute:
        rows = execute("SELECT cache_key, audio_sha256, xmin::text FROM hypotheses")
    return {(key, audio): transaction for key, audio, transaction in rows}


class Held:
    """Workers that have stored some hypotheses and wait before the next batch."""

    def __init__(self, execute: Any):
        self._execute = execute
        execute("DELETE FROM hypotheses")
        execute(HOLD)

    def waiting(self) -> int:
        """How many workers wait."""
        ((number,),) = self._execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        return int(number)

    def release(self) -> None:
        """Let the workers go on."""
        self._execute(RELEASE)


@contextmanager
def held(database: dict[str, str]) -> Iterator[Held]:
    """An empty cache, whose every writer stops in the middle of its shard until it is released."""
    with connected(database) as execute:
        workers = Held(execute)
        try:
            yield workers
        finally:
            workers.release()
