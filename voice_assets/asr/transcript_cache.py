"""The transcript cache: every hypothesis, by audio, model, language and decoding options.

Here: storing and finding hypotheses, in either of two places. One machine keeps an SQLite file for each voice
(``asr.transcript_file``). Several machines keep one PostgreSQL database (``asr.transcript_server``). Not here: references and
scores. An edited text changes neither the audio nor its hypotheses, so nothing is decoded.

- Every decoding pass has its own rows, under a key. The key is a hash of exactly the options that decide that pass
  (``asr.cache_keys``). A new beam size needs new wide and full passes; every hypothesis of the fast pass stays valid.
- A batch is one transaction: stored as a whole when ``add`` returns, also after ``kill -9`` of every process.
- A row with a wrong checksum is not found and is written again. ``notes`` says so.
"""

import contextlib
import hashlib
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from voice_assets.asr import transcript_file, transcript_server
from voice_assets.asr.cache_keys import CacheKey
from voice_assets.asr.transcript_tables import CACHE_KEYS, HYPOTHESES, reason
from voice_assets.asr.transcript_tables import TranscriptCacheError as TranscriptCacheError

_ASKED_AT_ONCE = 500  # SQLite's oldest limit of variables in one statement is 999
_INSERT: dict[str, Any] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}
_BEGIN = {"sqlite": "BEGIN IMMEDIATE"}
"""SQLite can fail a transaction that began with a read at once, in spite of the busy timeout."""


def _checksum(key: str, audio: str, hypothesis: str, engine: str) -> str:
    line = "\0".join((key, audio, hypothesis, engine))
    return hashlib.blake2b(line.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


class TranscriptCache:
    """Open with `opened`. For one thread; any number of processes may have the same cache open.

    Attributes:
        notes: for people: problems of the cache and the actions taken; empty without problems.
    """

    def __init__(self, database: Engine, place: str, engine: str, notes: Sequence[str] = ()) -> None:
        self._database, self._place, self._engine = database, place, engine
        self._known: set[str] = set()
        self.notes = list(notes)

    def find(self, key: CacheKey, audio: Iterable[str]) -> dict[str, str]:
        """The stored texts for ``audio`` (SHA-256 of files), by hash; audio without an undamaged row is left out.

        Raises:
            TranscriptCacheError: the cache cannot be read.
        """
        hashes, found = sorted(set(audio)), {}
        for start in range(0, len(hashes), _ASKED_AT_ONCE):
            for sha, hypothesis, engine, checksum in self._rows(key, hashes[start : start + _ASKED_AT_ONCE]):
                if checksum == _checksum(key.key, sha, hypothesis, engine):
                    found[sha] = hypothesis
                else:
                    self.notes.append(f"{self._place}: the row of audio {sha[:12]} is damaged; the audio is decoded again")
        return found

    def _rows(self, key: CacheKey, hashes: Sequence[str]) -> list[tuple[str, str, str, str]]:
        table = HYPOTHESES.c
        wanted = (table.cache_key == key.key) & table.audio_sha256.in_(hashes)
        asked = select(table.audio_sha256, table.hypothesis, table.engine, table.checksum).where(wanted)
        try:
            with self._database.connect() as connection:
                return [tuple(row) for row in connection.execute(asked)]
        except (SQLAlchemyError, UnicodeError) as error:
            raise TranscriptCacheError(f"{self._place}: cannot be read: {reason(error)}; run again") from error

    def add(self, texts: Mapping[CacheKey, Mapping[str, str]]) -> None:
        """Store a batch, ``{key: {audio hash: text}}``, in one transaction. An existing row is replaced.

        Raises:
            TranscriptCacheError: the disk is full, the server is gone, or other processes held the file too long. Nothing of
                the batch was stored.
        """
        now = time.strftime("%Y-%m-%dT%H:%M:%S%z")
        rows = [
            (key.key, sha, text, self._engine, now, _checksum(key.key, sha, text, self._engine))
            for key, by_audio in sorted(texts.items(), key=lambda one: one[0].key)  # in one order for all writers: no deadlock
            for sha, text in sorted(by_audio.items())
        ]
        new = {key.key: key.text for key in texts if key.key not in self._known}
        try:
            self._write(rows, sorted(new.items()))
        except (SQLAlchemyError, UnicodeError) as error:
            raise TranscriptCacheError(f"{self._place}: {len(rows)} hypotheses could not be stored: {reason(error)}") from error
        self._known.update(new)

    def _write(self, rows: Sequence[tuple[str, ...]], keys: Sequence[tuple[str, str]]) -> None:
        insert = _INSERT[self._database.dialect.name]
        once = insert(CACHE_KEYS).on_conflict_do_nothing()
        upsert = insert(HYPOTHESES)
        names = HYPOTHESES.c.keys()
        replaced = {name: upsert.excluded[name] for name in names[2:]}
        upsert = upsert.on_conflict_do_update(index_elements=names[:2], set_=replaced)
        with self._database.begin() as connection:
            if begin := _BEGIN.get(self._database.dialect.name):
                connection.exec_driver_sql(begin)
            if keys:
                connection.execute(once, [dict(zip(CACHE_KEYS.c.keys(), key, strict=True)) for key in keys])
            if rows:
                connection.execute(upsert, [dict(zip(names, row, strict=True)) for row in rows])


@contextlib.contextmanager
def opened(place: str | Path, engine: str) -> Iterator[TranscriptCache]:
    """Open the transcript cache in ``place``: an SQLite file, or a URL of PostgreSQL. Missing tables are created.

    Each new row says that ``engine`` made it.

    Raises:
        TranscriptCacheError: the place cannot be used; see ``transcript_file`` and ``transcript_server``.
    """
    place = str(place)
    where = transcript_server.database(place) if "://" in place else transcript_file.database(Path(place))
    with where as (database, name, notes):
        yield TranscriptCache(database, name, engine, notes)
