"""The outbox's file: SQLite, WAL, `synchronous=FULL`; looked through at opening, mended when it is damaged.

Rules, kept here:
- What a transaction stored outlives a power cut when it returns.
- A damaged file is kept beside the new one, named by its date; what still reads in it is carried over.
- The new file takes the damaged one's place only when it is whole, so a crash meanwhile costs nothing.
"""

import logging
import os
import sqlite3
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from gateway.errors import OutboxDamaged, OutboxFailed, OutboxTooNew

SCHEMA_VERSION: Final = 1
SCHEMA: Final = (Path(__file__).parent / "schema.sql").read_text()

APPLICATION: Final = 0x4C756D65
"""`application_id` of an outbox: "Lume"."""

_MAKING: Final = (
    f"BEGIN IMMEDIATE; {SCHEMA}PRAGMA user_version = {SCHEMA_VERSION}; PRAGMA application_id = {APPLICATION}; COMMIT"
)

_TABLES: Final = {
    "opening": "boot",
    "memory": "device",
    "pending": "id",
    "block": "id",
    "batch": "id",
    "unreadable": "id",
}
"""Every table, and what its rows are in order of."""

_DAMAGE: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_SURROUNDINGS: Final = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PERM,
    }
)
"""What is wrong around a file and says nothing about it."""

_Refusal = (sqlite3.Error, UnicodeDecodeError)
"""What SQLite raises; its words for what it found in a damaged file may be no text."""

_log = logging.getLogger(__name__)


class OutboxFile:
    """A sound file, whatever was found there. `damage` says what was wrong with it, None when nothing was.

    Raises OutboxTooNew, OutboxFailed (a directory, no right to write).
    """

    def __init__(self, path: Path, now: datetime) -> None:
        self._path = path
        self.damage: str | None = None
        _finish_mending(path)
        problem = _problem_of(path)
        if problem is not None:
            kept = _mend(path, now)
            self.damage = f"{problem}; what could be read goes on, the rest is kept in {kept.name}"
            _log.error("%s is damaged: %s", path, self.damage)
        self.connection = _open(path)

    @contextmanager
    def transaction(self) -> Generator[sqlite3.Connection]:
        """All or nothing, on disk when it ends. Raises OutboxFailed, OutboxDamaged."""
        try:
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self.connection
                self.connection.execute("COMMIT")
            except BaseException:
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
                raise
        except _Refusal as error:
            raise self._failure(error) from error

    def select(self, statement: str, *values: object) -> list[Any]:
        """All rows. Raises OutboxFailed, OutboxDamaged."""
        try:
            return self.connection.execute(statement, values).fetchall()
        except _Refusal as error:
            raise self._failure(error) from error

    def used_bytes(self) -> int:
        """What the file's content takes; pages that are free for reuse do not count."""
        ((size,),), ((pages,),), ((free,),) = (
            self.select(f"PRAGMA {name}") for name in ("page_size", "page_count", "freelist_count")
        )
        return int(size) * (int(pages) - int(free))

    def close(self) -> None:
        """Close the file."""
        self.connection.close()

    def _failure(self, error: Exception) -> OutboxFailed | OutboxDamaged:
        if _primary_code(error) in _DAMAGE:
            return OutboxDamaged(self._path, str(error))
        return OutboxFailed(str(error))


def _connect(path: Path) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    except sqlite3.Error as error:
        raise OutboxFailed(f"{path}: {error}") from error
    connection.text_factory = _lenient
    return connection


def _lenient(text: bytes) -> str:
    """Text that is none is noticed by its checksum, and must not stop a look at its neighbours."""
    return text.decode(errors="replace")


def _open(path: Path) -> sqlite3.Connection:
    connection = _connect(path)
    try:
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON"):
            connection.execute(f"PRAGMA {pragma}")
        if connection.execute("PRAGMA application_id").fetchone() != (APPLICATION,):
            connection.executescript(_MAKING)
    except sqlite3.Error as error:
        connection.close()
        raise OutboxFailed(f"{path}: {error}") from error
    return connection


def _problem_of(path: Path) -> str | None:
    """What is wrong with a file; None when it is sound, or there is none yet. Raises OutboxTooNew, OutboxFailed."""
    if path.exists() and not os.access(path, os.W_OK):
        raise OutboxFailed(f"{path} may not be written to")
    with closing(_connect(path)) as connection:
        try:
            return _look_through(connection, path)
        except _Refusal as error:
            if _primary_code(error) in _SURROUNDINGS:
                raise OutboxFailed(f"{path}: {error}") from error
            return str(error)


def _look_through(connection: sqlite3.Connection, path: Path) -> str | None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if application == version == tables == 0:
        return None
    if application != APPLICATION:
        return "it is no outbox"
    if version > SCHEMA_VERSION:
        raise OutboxTooNew(path, version, SCHEMA_VERSION)
    (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        return str(found)
    with closing(sqlite3.connect(":memory:")) as new:
        new.executescript(SCHEMA)
        if _schema_of(connection) != _schema_of(new):
            return "its tables are not as they were made"
    connection.execute("REINDEX")  # a damaged index hides rows, and the check leaves indices out
    return None


def _schema_of(connection: sqlite3.Connection) -> list[Any]:
    return connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name").fetchall()


def _primary_code(error: Exception) -> int:
    """The code without its detail; that of damage for what Python itself does not make out."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF


def _mend(path: Path, now: datetime) -> Path:
    """Put what still reads in a file into a new one in its place; where the old one is kept. Raises OutboxFailed."""
    mending, kept = _mending(path), path.with_suffix(f".damaged-{now:%Y%m%dT%H%M%S}.sqlite")
    _remove(mending)
    with closing(_connect(path)) as damaged, closing(_open(mending)) as new:
        try:
            _carry_over(damaged, new)
            new.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error as error:
            raise OutboxFailed(f"{mending}: {error}") from error
    try:
        for suffix in ("-wal", "-shm", ""):
            with suppress(FileNotFoundError):
                Path(f"{path}{suffix}").rename(f"{kept}{suffix}")
        mending.rename(path)
    except OSError as error:
        raise OutboxFailed(str(error)) from error
    return kept


def _finish_mending(path: Path) -> None:
    """A crash between the two renames left a whole new file; one before them, a part of one."""
    mending = _mending(path)
    if mending.exists() and not path.exists():
        mending.rename(path)
    _remove(mending)


def _mending(path: Path) -> Path:
    return path.with_suffix(".mending")


def _remove(path: Path) -> None:
    for suffix in ("-wal", "-shm", ""):
        Path(f"{path}{suffix}").unlink(missing_ok=True)


def _carry_over(damaged: sqlite3.Connection, new: sqlite3.Connection) -> None:
    new.execute("BEGIN")
    for table, order in _TABLES.items():
        for row in _readable(damaged, table, order):
            places = ", ".join("?" * len(row))
            with suppress(sqlite3.IntegrityError):  # a row that breaks a rule of the table is part of the damage
                new.execute(f"INSERT INTO {table} VALUES ({places})", row)  # noqa: S608 - names of our own
    new.execute("COMMIT")


def _readable(damaged: sqlite3.Connection, table: str, order: str) -> Iterator[tuple[Any, ...]]:
    """The rows of a table, from both ends to the damage."""
    seen = set[object]()
    for direction in ("ASC", "DESC"):
        with suppress(*_Refusal):
            for row in damaged.execute(f"SELECT * FROM {table} ORDER BY {order} {direction}"):  # noqa: S608 - ours
                if row[0] not in seen:
                    seen.add(row[0])
                    yield row
