"""Sealed batches, from their seal to their receipt.

Rules, kept here:
- Number and sealed bytes are stored before anybody can send them, and never change.
- An epoch is drawn at each opening, so a copied or restored outbox never seals twice under one nonce.
- A batch leaves only on a receipt that carries its tag. A refused one is kept aside and holds nobody up.
- A batch whose seal does not hold any more is not sent: it is set aside, and reported.
- The newest of what is live goes first, then the backlog.
"""

import secrets
import sqlite3
from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Final

from gateway.outbox.file import OutboxFile
from gateway.outbox.packing import pack
from vocabulary.clock import Clock
from vocabulary.errors import WireError
from vocabulary.identity import GatewayId
from vocabulary.wire.batches import Item, encode_body
from vocabulary.wire.envelope import Header, read_header, seal, tag_of, unseal
from vocabulary.wire.keys import GatewayKey
from vocabulary.wire.receipts import Receipt
from vocabulary.wire.topics import batch_topic

COMPRESS_FROM: Final = 4096
"""Bodies of this many bytes or more are compressed."""

KEPT: Final = timedelta(days=7)
"""How long a batch stays after its receipt: a service restored from a backup can ask for it."""

KEPT_BYTES: Final = 20 * 1024 * 1024
"""What those batches may take, and as much again what was refused; the oldest go first."""

FORGET_EVERY: Final = 500
"""Receipted batches between two looks at what may be dropped."""

Name = tuple[int, int]
"""Epoch and number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A batch as it is sent, the same bytes for ever."""

    epoch: int
    number: int
    sealed: bytes

    @property
    def name(self) -> Name:
        """What a receipt names it by, beside its tag."""
        return self.epoch, self.number


class Batches:
    """The sealed batches in an outbox's file."""

    def __init__(self, file: OutboxFile, gateway: GatewayId, key: GatewayKey, clock: Clock) -> None:
        self._file, self._key, self._clock, self._topic = file, key, clock, batch_topic(gateway)
        self.epoch = secrets.randbits(64)
        self._cipher = lru_cache(maxsize=16)(key.batch_cipher)
        self._number = 0
        self._settled = FORGET_EVERY

    def seal(self, connection: sqlite3.Connection, items: Sequence[Item], boot: int, *, live: bool) -> None:
        """Seal items of one boot in the caller's transaction. A number whose transaction failed is not used again."""
        self._number += 1
        body = encode_body(pack(items, self._clock(), boot))
        header = Header(
            key_id=self._key.id, epoch=self.epoch, number=self._number, compressed=len(body) >= COMPRESS_FROM
        )
        sealed = seal(body, header, self._cipher(self.epoch), self._topic)
        connection.execute(
            "INSERT INTO batch (live, key_id, epoch, number, tag, sealed, state) VALUES (?, ?, ?, ?, ?, ?, 'waiting')",
            (live, self._key.id, f"{self.epoch:016x}", self._number, tag_of(sealed), sealed),
        )

    def as_many_wait(self, many: int, *, live: bool) -> bool:
        """Whether so many have no receipt, of those that are live or of those that are not."""
        ((count,),) = self._file.select(
            "SELECT count(*) FROM (SELECT 1 FROM batch WHERE state = 'waiting' AND live = ? LIMIT ?)", live, many
        )
        return int(count) >= many

    def waiting(self, most: int, under_way: Container[Name]) -> tuple[list[Sealed], list[str]]:
        """Of the `most` batches that are next to be sent those that are not `under_way`; and what became unreadable."""
        found, problems = list[Sealed](), list[str]()
        for row, epoch, number in self._next(most):
            if (_number(epoch), number) not in under_way:
                try:
                    found.append(self._load(row))
                except WireError as error:
                    problems.append(f"batch {number}: {error}")
                    self._set_aside(row, str(error))
        return found, problems

    def settle(self, receipt: Receipt) -> int:
        """Let go of the batches that a receipt names with their tag, and give how many those are."""
        now = self._clock().isoformat()
        settled = [
            *(("taken", None, now, receipt.epoch, number, tag) for number, tag in receipt.taken),
            *(("refused", reason, now, receipt.epoch, number, tag) for number, tag, reason in receipt.refused),
        ]
        with self._file.transaction() as connection:
            count = connection.executemany(
                "UPDATE batch SET state = ?, reason = ?, settled_at = ?"
                " WHERE epoch = ? AND number = ? AND tag = ? AND state = 'waiting'",
                settled,
            ).rowcount
            self._settled += count
            if self._settled >= FORGET_EVERY:
                self._forget(connection)
        return count

    def drop_oldest_taken(self, most: int) -> int:
        """Drop copies of what the service has, to make room; how many there were."""
        with self._file.transaction() as connection:
            return connection.execute(
                "DELETE FROM batch WHERE id IN (SELECT id FROM batch WHERE state = 'taken' ORDER BY id LIMIT ?)",
                (most,),
            ).rowcount

    def counts(self) -> dict[str, int]:
        """How many are waiting, taken (and still kept) and refused."""
        return dict(self._file.select("SELECT state, count(*) FROM batch GROUP BY state"))

    def _next(self, most: int) -> list[tuple[int, str, int]]:
        """The newest of what is live, then the oldest of the backlog."""
        waiting = "SELECT id, epoch, number FROM batch WHERE state = 'waiting' AND live = ? ORDER BY id"
        live = self._file.select(f"{waiting} DESC LIMIT ?", 1, most)
        return live + self._file.select(f"{waiting} LIMIT ?", 0, most - len(live))

    def _load(self, row: int) -> Sealed:
        """A batch that is what it was when it was sealed. Raises WireError.

        One under an earlier key cannot be opened here; its row must still say what it says itself.
        """
        ((key_id, epoch, number, tag, sealed),) = self._file.select(
            "SELECT key_id, epoch, number, tag, sealed FROM batch WHERE id = ?", row
        )
        header = read_header(sealed)
        if (header.key_id, f"{header.epoch:016x}", header.number, tag_of(sealed)) != (key_id, epoch, number, tag):
            raise WireError("envelope", "it is not the batch that its row names")
        if key_id == self._key.id:
            unseal(sealed, header, self._cipher(header.epoch), self._topic)
        return Sealed(epoch=header.epoch, number=number, sealed=sealed)

    def _set_aside(self, row: int, reason: str) -> None:
        with self._file.transaction() as connection:
            connection.execute(
                "INSERT INTO unreadable (kind, content, reason) SELECT 'batch', sealed, ? FROM batch WHERE id = ?",
                (reason, row),
            )
            connection.execute("DELETE FROM batch WHERE id = ?", (row,))

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


def _number(epoch: str) -> int:
    """The epoch of a row; no epoch has the number of one that does not read."""
    try:
        return int(epoch, 16)
    except ValueError:
        return -1
