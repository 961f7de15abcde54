"""The outbox on disk: SQLite, WAL, `synchronous=FULL`. Used by one thread.

Rules, kept here:
- An item is on disk before `put` returns.
- Items leave as sealed batches; number and sealed bytes are stored before anybody can send them, and never change.
- An epoch is drawn at each opening, so a copied or restored outbox never seals twice under one nonce.
- A batch leaves only on a receipt that carries its tag. A refused one is kept aside and holds nobody up.
- An item that does not fit the wire is refused alone; one that waits already and no longer fits is kept aside.
"""

import logging
import secrets
import sqlite3
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from gateway.errors import ItemUnfit, OutboxFailed, OutboxTooNew
from gateway.outbox.items import dump_item, dump_memory, load_item, load_memory
from gateway.outbox.packing import pack
from gateway.sessions.entries import Entry, Memory
from vocabulary.clock import Clock
from vocabulary.identity import DeviceUid, GatewayId
from vocabulary.wire.batches import Item, encode_body
from vocabulary.wire.envelope import Header, seal, tag_of
from vocabulary.wire.keys import GatewayKey
from vocabulary.wire.receipts import Receipt
from vocabulary.wire.topics import batch_topic

SCHEMA_VERSION: Final = 1
SCHEMA: Final = (Path(__file__).parent / "schema.sql").read_text()

ITEMS_AT_ONCE: Final = 500
"""Items in one batch at most."""

COMPRESS_FROM: Final = 4096
"""Bodies of this many bytes or more are compressed."""

KEPT: Final = timedelta(days=7)
"""How long a batch stays after its receipt: a service restored from a backup can ask for it."""

KEPT_BYTES: Final = 20 * 1024 * 1024
"""What those batches may take, and as much again what was refused; the oldest go first."""

FORGET_EVERY: Final = 500
"""Receipted batches between two looks at what may be dropped."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A batch as it is sent, the same bytes for ever."""

    epoch: int
    number: int
    sealed: bytes


class Outbox:
    """What the home has and the service does not yet: kept on disk until a receipt names it."""

    def __init__(self, path: Path, gateway: GatewayId, key: GatewayKey, clock: Clock) -> None:
        self._key, self._clock = key, clock
        self._topic = batch_topic(gateway)
        self._connection = _open(path)
        self.epoch = secrets.randbits(64)
        self._cipher = key.batch_cipher(self.epoch)
        self._number = 0
        self._settled = FORGET_EVERY
        self.boot = self._begin_epoch()
        self.pending: list[Item] = self._load_pending()

    def put(self, entries: Iterable[Entry]) -> None:
        """Store items and memories in one durable transaction. Raises OutboxFailed, and then nothing is stored.

        An item that does not fit the wire is logged and left out.
        """
        entries = list(entries)
        dumped = list(_dumped(item for entry in entries for item in entry.items))
        memories = [entry.memory for entry in entries if entry.memory is not None]
        with self._transaction() as connection:
            connection.executemany("INSERT INTO pending (kind, content) VALUES (?, ?)", (row for _, row in dumped))
            connection.executemany("INSERT OR REPLACE INTO memory VALUES (?, ?)", map(dump_memory, memories))
        self.pending += [item for item, _ in dumped]

    def seal(self) -> int:
        """Seal everything pending, and give the number of batches that made."""
        count = 0
        while self.pending:
            self._seal(self.pending[:ITEMS_AT_ONCE])
            count += 1
        return count

    def waiting(self, most: int) -> list[Sealed]:
        """Up to `most` batches that have no receipt, oldest first. Raises OutboxFailed, as every look into it does."""
        rows = self._select("SELECT epoch, number, sealed FROM batch WHERE state = 'waiting' ORDER BY id LIMIT ?", most)
        return [Sealed(epoch=int(epoch, 16), number=number, sealed=sealed) for epoch, number, sealed in rows]

    def settle(self, receipt: Receipt) -> int:
        """Let go of the batches that a receipt names with their tag, and give how many those are."""
        now = self._clock().isoformat()
        settled = [
            *(("taken", None, now, receipt.epoch, number, tag) for number, tag in receipt.taken),
            *(("refused", reason, now, receipt.epoch, number, tag) for number, tag, reason in receipt.refused),
        ]
        with self._transaction() as connection:
            count = connection.executemany(
                "UPDATE batch SET state = ?, reason = ?, settled_at = ?"
                " WHERE epoch = ? AND number = ? AND tag = ? AND state = 'waiting'",
                settled,
            ).rowcount
            self._settled += count
            if self._settled >= FORGET_EVERY:
                self._forget(connection)
        return count

    def memories(self) -> dict[DeviceUid, Memory]:
        """What is remembered of each device; one that does not read is forgotten, and its device read anew."""
        found: dict[DeviceUid, Memory] = {}
        for device, content in self._select("SELECT device, content FROM memory"):
            try:
                found[DeviceUid(device)] = load_memory(content)
            except ItemUnfit as unfit:
                _log.error("%s: %s. All its records are read anew", device, unfit)
        return found

    def counts(self) -> dict[str, int]:
        """How many batches are waiting, taken (and still kept) and refused."""
        return dict(self._select("SELECT state, count(*) FROM batch GROUP BY state"))

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _begin_epoch(self) -> int:
        with self._transaction() as connection:
            row = connection.execute(
                "INSERT INTO opening (epoch, at) VALUES (?, ?) RETURNING boot",
                (f"{self.epoch:016x}", self._clock().isoformat()),
            ).fetchone()
        return int(row[0])

    def _load_pending(self) -> list[Item]:
        """What was not sealed when the outbox was closed; what no longer reads is kept aside with the reason."""
        items: list[Item] = []
        for row, kind, content in self._select("SELECT id, kind, content FROM pending ORDER BY id"):
            try:
                items.append(load_item(kind, content))
            except ItemUnfit as unfit:
                _log.error("%s. It is kept aside", unfit)
                self._set_aside(row, unfit)
        return items

    def _set_aside(self, row: int, unfit: ItemUnfit) -> None:
        with self._transaction() as connection:
            connection.execute(
                "INSERT INTO unreadable (kind, content, reason) SELECT kind, content, ? FROM pending WHERE id = ?",
                (unfit.problem, row),
            )
            connection.execute("DELETE FROM pending WHERE id = ?", (row,))

    def _seal(self, items: Sequence[Item]) -> None:
        body = encode_body(pack(items, self._clock(), self.boot))
        number = self._number + 1
        header = Header(key_id=self._key.id, epoch=self.epoch, number=number, compressed=len(body) >= COMPRESS_FROM)
        sealed = seal(body, header, self._cipher, self._topic)
        with self._transaction() as connection:
            connection.execute(
                "INSERT INTO batch (epoch, number, tag, sealed, state) VALUES (?, ?, ?, ?, 'waiting')",
                (f"{self.epoch:016x}", number, tag_of(sealed), sealed),
            )
            connection.execute(
                "DELETE FROM pending WHERE id IN (SELECT id FROM pending ORDER BY id LIMIT ?)", (len(items),)
            )
        self._number = number
        del self.pending[: len(items)]

    def _forget(self, connection: sqlite3.Connection) -> None:
        """Drop taken batches that are old, and taken or refused ones that are more than may be kept."""
        self._settled = 0
        old = (self._clock() - KEPT).isoformat()
        connection.execute("DELETE FROM batch WHERE state = 'taken' AND settled_at < ?", (old,))
        connection.execute(
            "DELETE FROM batch WHERE id IN (SELECT id FROM (SELECT id, sum(length(sealed)) OVER"
            " (PARTITION BY state ORDER BY id DESC) AS total FROM batch WHERE state != 'waiting') WHERE total > ?)",
            (KEPT_BYTES,),
        )

    def _select(self, query: str, *parameters: object) -> list[Any]:
        with _sqlite_speaking():
            return self._connection.execute(query, parameters).fetchall()

    @contextmanager
    def _transaction(self) -> Generator[sqlite3.Connection]:
        with _sqlite_speaking():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")


@contextmanager
def _sqlite_speaking() -> Generator[None]:
    """What SQLite raises is an OutboxFailed."""
    try:
        yield
    except sqlite3.Error as error:
        raise OutboxFailed(str(error)) from error


def _dumped(items: Iterable[Item]) -> Iterator[tuple[Item, tuple[str, bytes]]]:
    for item in items:
        try:
            yield item, dump_item(item)
        except ItemUnfit as unfit:
            _log.error("%s. It is left out", unfit)


def _open(path: Path) -> sqlite3.Connection:
    """Raises OutboxTooNew, OutboxFailed (a directory, no outbox, no right to write)."""
    try:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    except sqlite3.Error as error:
        raise OutboxFailed(f"{path}: {error}") from error
    try:
        _prepare(connection, path)
    except sqlite3.Error as error:
        connection.close()
        raise OutboxFailed(f"{path}: {error}") from error
    except OutboxTooNew:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON"):
        connection.execute(f"PRAGMA {pragma}")
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    if found > SCHEMA_VERSION:
        raise OutboxTooNew(path, found, SCHEMA_VERSION)
    connection.executescript(SCHEMA)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
