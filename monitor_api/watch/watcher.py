"""The watch process: leads, or waits until it may, and while it leads does what is due.

Rules, kept here:
- Any number of watches may run; one leads. The others wait as standbys and take over when its lease is over.
- APScheduler wakes this up in UTC and knows nothing else. What is due is data in the store.
- Whatever fails is tried at the next wake-up, and keeps no other chore from being done.
- A long chore holds no lock while it is prepared. It begins once this watch has led for a while, for a service that
  starts has other things to do; one that fails or was killed is tried again a while later.
"""

import logging
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any, Final

from apscheduler.schedulers.background import BackgroundScheduler  # type: ignore[import-untyped]
from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor_api.clock import Clocks
from monitor_api.errors import MonitorError, StoreUnavailable
from monitor_api.records.database import Database
from monitor_api.records.upsert import insert_new
from monitor_api.records.watching import ChoreRow
from monitor_api.watch.aside import Aside
from monitor_api.watch.chores import Chore, LongChore
from monitor_api.watch.lease import give_back, is_held, take
from monitor_api.watch.turn import Turn

WATCH: Final = "watch"
"""The name of the leader's lease."""

WAKE_S: Final = 1.0
RENEW: Final = timedelta(seconds=5)

SETTLES: Final = timedelta(minutes=5)
"""How long a watch leads before it begins a long chore."""

TRY_AGAIN: Final = timedelta(minutes=10)
"""How long after a long chore was begun it is due again, unless it is done."""

_log = logging.getLogger(__name__)


class Watcher:
    """One of any number; `name` tells them apart, also those of two machines."""

    def __init__(self, database: Database, clocks: Clocks, name: str, chores: Sequence[Chore | LongChore]) -> None:
        self._database, self._clocks, self._name, self._chores = database, clocks, name, chores
        self._aside = Aside()
        self._leading_since: datetime | None = None
        self._renewed_at: datetime | None = None

    @property
    def leads(self) -> bool:
        """Whether this watch had the lease when it looked last."""
        return self._leading_since is not None

    def run(self, stop: Event, ready: Callable[[], None]) -> None:
        """Look every second until `stop` is set, then let another lead."""
        scheduler: Any = BackgroundScheduler(timezone=UTC)
        scheduler.add_job(
            self.look, "interval", seconds=WAKE_S, next_run_time=datetime.now(UTC), max_instances=1, coalesce=True
        )
        scheduler.start()
        ready()
        try:
            stop.wait()
        finally:
            scheduler.shutdown(wait=True)
            self._aside.end()
            self.resign()

    def look(self) -> None:
        """Take or renew the lease when it is time, and do what is due while it is ours."""
        try:
            if self._lead():
                for chore in self._due():
                    self._see_to(chore)
        except StoreUnavailable as failure:
            _log.warning("%s; trying again", failure)

    def resign(self) -> None:
        """Let another lead at once."""
        try:
            with self._database.write() as session:
                give_back(session, WATCH, self._name, self._clocks.wall())
        except StoreUnavailable as failure:
            _log.warning("%s; another watch leads once the lease is over", failure)
        self._leading_since = self._renewed_at = None

    def _lead(self) -> bool:
        now = self._clocks.wall()
        if self._renewed_at is not None and timedelta(0) <= now - self._renewed_at < RENEW:
            return True
        with self._database.write() as session:
            leads = take(session, WATCH, self._name, now)
        if leads != self.leads:
            _log.info("this watch %s", "leads" if leads else "stands by; another leads")
        self._leading_since = (self._leading_since or now) if leads else None
        self._renewed_at = now if leads else None
        return leads

    def _due(self) -> list[Chore | LongChore]:
        """The chores that are due; one that was never done is."""
        with self._database.read() as session:
            later = set(session.scalars(select(ChoreRow.name).where(ChoreRow.due_at > self._clocks.wall())))
        return [chore for chore in self._chores if chore.name not in later]

    def _see_to(self, chore: Chore | LongChore) -> None:
        try:
            if isinstance(chore, Chore):
                self._do(chore)
            else:
                self._begin(chore)
        except StoreUnavailable:
            raise
        except Exception:  # noqa: BLE001 - no fault in one chore may end the others
            _log.exception("chore %s failed; trying again", chore.name)

    def _do(self, chore: Chore) -> None:
        with self._leading() as (session, turn):
            if turn is not None:
                _set_due(session, chore.name, chore.next_after(turn.real))
                chore.do(session, turn)

    def _begin(self, chore: LongChore) -> None:
        since = self._leading_since
        if since is None or self._clocks.wall() - since < SETTLES or self._aside.is_busy(chore.name):
            return
        with self._leading() as (session, turn):
            if turn is not None:
                _set_due(session, chore.name, turn.real + TRY_AGAIN)
        if turn is not None:
            self._aside.begin(chore.name, lambda stop: self._prepare(chore, turn, stop))

    def _prepare(self, chore: LongChore, turn: Turn, stop: Event) -> None:
        """In a thread of its own."""
        try:
            with chore.prepare(turn, stop) as finish, self._leading() as (session, now):
                if now is not None:
                    _set_due(session, chore.name, chore.next_after(now.real))
                    finish()
        except MonitorError as failure:
            _log.warning("chore %s: %s; trying again", chore.name, failure)
        except Exception:  # noqa: BLE001 - as above
            _log.exception("chore %s failed; trying again", chore.name)

    @contextmanager
    def _leading(self) -> Generator[tuple[Session, Turn | None]]:
        """A transaction in which this watch leads until it ends, and when it is; None: another leads."""
        with self._database.write() as session:
            held = is_held(session, WATCH, self._name)
            if not held:
                self._renewed_at = None  # the next look sees that
            yield session, self._turn() if held else None

    def _turn(self) -> Turn | None:
        if self._leading_since is None:
            return None
        return Turn(civil=self._clocks.civil(), real=self._clocks.wall(), leading_since=self._leading_since)


def _set_due(session: Session, name: str, at: datetime) -> None:
    insert_new(session, ChoreRow, [{"name": name, "due_at": at}])
    session.get_one(ChoreRow, name).due_at = at
