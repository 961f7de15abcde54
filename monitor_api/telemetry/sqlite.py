"""Telemetry on SQLite: a row for each block as it came, one compressed row for a session that is complete."""

import sqlite3
import zlib
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Final
from uuid import UUID

import msgspec

from monitor_api.errors import StoreTooNew, StoreUnavailable, StoreUnusable
from monitor_api.telemetry.packing import digest, pack, pack_block, unpack
from monitor_api.telemetry.series import Series, SeriesKey, Stretch, assemble
from monitor_api.write_ahead import switch_on
from vocabulary.identity import ClinicId, SessionId
from vocabulary.wire.batches import SampleBlock

CACHE_KIB: Final = 64 * 1024
"""What a connection keeps of the file at most: the ends of the sessions that are under way, above all."""

_SCHEMA_VERSION: Final = 1
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS block (
    clinic BLOB, session BLOB, first INTEGER, digest BLOB, content BLOB,
    PRIMARY KEY (clinic, session, first, digest)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sealed (
    clinic BLOB, session BLOB, content BLOB,
    PRIMARY KEY (clinic, session)
) WITHOUT ROWID;
"""
_SESSIONS: Final = "SELECT clinic, session FROM block UNION SELECT clinic, session FROM sealed"

_encode = msgspec.msgpack.Encoder().encode
_decode_all = msgspec.msgpack.Decoder(list[tuple[int, bytes]]).decode


class SqliteTelemetry:
    """The embedded telemetry store, in one file; any number of processes may have it open.

    WAL lets readers work beside the writer; `synchronous=FULL` because what is appended is acknowledged.
    """

    def __init__(self, path: Path) -> None:
        self._lock = Lock()
        self._connection = _open(path)

    def append(self, blocks: Sequence[tuple[SeriesKey, SampleBlock]]) -> None:
        """Store blocks in one durable transaction."""
        rows = [_row(key, block) for key, block in blocks]
        with self._transaction() as connection:
            connection.executemany("INSERT OR IGNORE INTO block VALUES (?, ?, ?, ?, ?)", rows)

    def series(self, key: SeriesKey) -> Series:
        """All samples of a session, sealed and since."""
        return assemble(self.stretches(key))

    def stretches(self, key: SeriesKey) -> tuple[Stretch, ...]:
        """What is kept of a session: sealed, then each block since."""
        with self._lock, _transient_errors():
            return tuple(unpack(first, content) for first, content in self._contents(key))

    def sessions(self) -> Iterator[SeriesKey]:
        """Every session, sealed or not."""
        with self._lock, _transient_errors():
            found = self._connection.execute(_SESSIONS).fetchall()
        for clinic, session in found:
            yield SeriesKey(clinic=ClinicId(UUID(bytes=clinic)), session=SessionId(UUID(bytes=session)))

    def seal(self, key: SeriesKey) -> None:
        """Replace a session's rows by one; nothing changes for readers."""
        with self._transaction() as connection:
            contents = list(self._contents(key))
            series = assemble(unpack(first, content) for first, content in contents)
            if series.clashes or not contents:
                return
            packed = [(stretch.first, pack(stretch)) for stretch in _joined(series.stretches)]
            names = _names(key)
            connection.execute(
                "INSERT OR REPLACE INTO sealed VALUES (?, ?, ?)", (*names, zlib.compress(_encode(packed)))
            )
            connection.execute("DELETE FROM block WHERE clinic = ? AND session = ?", names)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def _contents(self, key: SeriesKey) -> Iterator[tuple[int, bytes]]:
        names = _names(key)
        for (sealed,) in self._connection.execute("SELECT content FROM sealed WHERE clinic = ? AND session = ?", names):
            yield from _decode_all(zlib.decompress(sealed))
        yield from self._connection.execute(
            "SELECT first, content FROM block WHERE clinic = ? AND session = ? ORDER BY first, digest", names
        )

    @contextmanager
    def _transaction(self) -> Generator[sqlite3.Connection]:
        with self._lock:
            try:
                with _transient_errors():
                    self._connection.execute("BEGIN IMMEDIATE")
                    yield self._connection
                    self._connection.execute("COMMIT")
            except BaseException:
                self._roll_back()
                raise

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")


def _names(key: SeriesKey) -> tuple[bytes, bytes]:
    return key.clinic.bytes, key.session.bytes


def _row(key: SeriesKey, block: SampleBlock) -> tuple[bytes, bytes, int, bytes, bytes]:
    content = pack_block(block)
    return (*_names(key), block.first, digest(content), content)


def _joined(stretches: Sequence[Stretch]) -> Iterator[Stretch]:
    """Stretches that follow each other in the same state and zone, as one: long columns compress well."""
    waiting: Stretch | None = None
    for stretch in stretches:
        if waiting and _follows(waiting, stretch):
            columns = {name: column + stretch.columns[name] for name, column in waiting.columns.items()}
            waiting = Stretch(first=waiting.first, state=waiting.state, zone=waiting.zone, columns=columns)
            continue
        if waiting:
            yield waiting
        waiting = stretch
    if waiting:
        yield waiting


def _follows(one: Stretch, other: Stretch) -> bool:
    return (one.first + one.count, one.state, one.zone, one.columns.keys()) == (
        other.first,
        other.state,
        other.zone,
        other.columns.keys(),
    )


@contextmanager
def _transient_errors() -> Generator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise StoreUnavailable("telemetry", str(error)) from error


def _open(path: Path) -> sqlite3.Connection:
    """Raises StoreTooNew, StoreUnusable."""
    try:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
    except sqlite3.Error as error:
        raise StoreUnusable("telemetry", f"{path}: {error}") from error
    try:
        _prepare(connection, path)
    except (sqlite3.Error, StoreTooNew) as error:
        connection.close()
        raise error if isinstance(error, StoreTooNew) else StoreUnusable("telemetry", f"{path}: {error}") from error
    return connection


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    switch_on(connection)
    for pragma in ("synchronous = FULL", "wal_autocheckpoint = 8000", f"cache_size = -{CACHE_KIB}"):
        connection.execute(f"PRAGMA {pragma}")
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    if found > _SCHEMA_VERSION:
        raise StoreTooNew(path, found, _SCHEMA_VERSION)
    connection.executescript(_SCHEMA)
    connection.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")
