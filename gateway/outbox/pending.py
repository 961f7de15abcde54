"""Items that are neither sealed nor packed yet: on disk, and in memory as they are there."""

import logging
import sqlite3
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import takewhile
from typing import NamedTuple

from gateway.errors import ItemUnfit
from gateway.outbox.file import OutboxFile
from gateway.outbox.items import dump_item, load_item
from gateway.outbox.packing import Session, session_of
from gateway.outbox.sums import checked, summed
from gateway.sessions.urgency import is_alarm
from vocabulary.wire.batches import Item, SampleBlock

_log = logging.getLogger(__name__)


class Row(NamedTuple):
    """An item, its row, and the boot it came in."""

    row: int
    boot: int
    item: Item


class Change:
    """What one transaction adds and removes."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.added: list[Row] = []
        self.removed: set[int] = set()

    def add(self, items: Iterable[Item], boot: int) -> None:
        """Items that came in a boot; one that does not fit the wire is logged and left out."""
        for item in items:
            try:
                kind, content = dump_item(item)
            except ItemUnfit as unfit:
                _log.error("%s. It is left out", unfit)
                continue
            cursor = self.connection.execute(
                "INSERT INTO pending (boot, kind, content) VALUES (?, ?, ?)", (boot, kind, summed(content, kind, boot))
            )
            self.added.append(Row(cursor.lastrowid or 0, boot, item))

    def remove(self, rows: Iterable[Row]) -> None:
        """They are sealed or packed in the same transaction."""
        gone = [row.row for row in rows]
        self.connection.executemany("DELETE FROM pending WHERE id = ?", ((row,) for row in gone))
        self.removed.update(gone)

    def set_aside(self, kind: str, content: bytes, reason: str) -> None:
        """Keep what does not read, where nobody sends it."""
        self.connection.execute(
            "INSERT INTO unreadable (kind, content, reason) VALUES (?, ?, ?)", (kind, content, reason)
        )


class Pending:
    """What waits in an outbox's file to be sealed or packed; `rows` in the order they came."""

    def __init__(self, file: OutboxFile) -> None:
        self._file = file
        self.rows: list[Row] = []

    def load(self) -> list[str]:
        """Read what is there; what does not read is kept aside, and named in what this returns."""
        problems = list[str]()
        for row, boot, kind, content in self._file.select("SELECT id, boot, kind, content FROM pending ORDER BY id"):
            try:
                self.rows.append(Row(row, boot, load_item(kind, checked(content, kind, boot))))
            except ItemUnfit as unfit:
                problems.append(str(unfit))
                with self._file.transaction() as connection:
                    Change(connection).set_aside(kind, content, unfit.problem)
                    connection.execute("DELETE FROM pending WHERE id = ?", (row,))
        return problems

    @contextmanager
    def change(self) -> Generator[Change]:
        """A transaction; what it changes shows in `rows` once it is on disk."""
        with self._file.transaction() as connection:
            change = Change(connection)
            yield change
        if change.removed:
            self.rows = [row for row in self.rows if row.row not in change.removed]
        self.rows += change.added

    def portions(self, chosen: Callable[[Item], bool], most: int) -> Iterator[list[Row]]:
        """The items that are chosen, a few of one boot at a time; the caller removes them."""
        while rows := [row for row in self.rows if chosen(row.item)]:
            yield _of_one_boot(rows[:most])

    def runs(self) -> list[list[Row]]:
        """The samples, by their session; those over the alarm line apart."""
        runs: dict[tuple[int, bool, Session], list[Row]] = {}
        for row in self.rows:
            if isinstance(row.item, SampleBlock):
                runs.setdefault((row.boot, is_alarm(row.item), session_of(row.item)), []).append(row)
        return list(runs.values())


def _of_one_boot(rows: Sequence[Row]) -> list[Row]:
    """The first of them, as far as they came in one boot."""
    return list(takewhile(lambda row: row.boot == rows[0].boot, rows))
