"""The tables of the transcript cache, the same in SQLite and in PostgreSQL, and its error."""

from typing import Any

from sqlalchemy import Column, Dialect, LargeBinary, MetaData, Table, Text
from sqlalchemy.types import TypeDecorator, TypeEngine


class TranscriptCacheError(ValueError):
    """A cache that cannot be used or written. The message names the file or the server, and what to do."""


def reason(error: Exception) -> str:
    """The words of the database; SQLAlchemy adds the statement and the address of a page."""
    return " ".join(str(getattr(error, "orig", None) or error).split())


class AnyText(TypeDecorator[str]):
    """Text of any characters. PostgreSQL's own text refuses NUL, so the column there holds the bytes in UTF-8.

    For people: ``SELECT convert_from(hypothesis, 'UTF8') FROM hypotheses``.
    """

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The type of the column."""
        return dialect.type_descriptor(LargeBinary() if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: str | None, dialect: Dialect) -> Any:
        """The value as it is stored."""
        return value.encode() if value is not None and dialect.name == "postgresql" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        """The value as it was given."""
        return bytes(value).decode() if value is not None and dialect.name == "postgresql" else value


LAYOUT = MetaData()
"""The tables, the same in both places."""
HYPOTHESES = Table(
    "hypotheses",
    LAYOUT,
    Column("cache_key", Text, primary_key=True),
    Column("audio_sha256", Text, primary_key=True),
    Column("hypothesis", AnyText, nullable=False),
    Column("engine", Text, nullable=False),
    Column("written_at", Text, nullable=False),
    Column("checksum", Text, nullable=False),
    sqlite_with_rowid=False,
)
CACHE_KEYS = Table(
    "cache_keys",
    LAYOUT,
    Column("cache_key", Text, primary_key=True),
    Column("options", Text, nullable=False),
    sqlite_with_rowid=False,
)
