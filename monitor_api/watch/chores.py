"""What the watch does, and how often: a chore is a line in this table.

A chore is done in one transaction, in which the leader's lease is locked and in which the chore's next time is set. So
it is done once an interval, by whoever leads, and a crash repeats it. What must be done is data in the store; what is
too much for one transaction is left for the next.

A long chore takes longer than others may wait. It is prepared without any lock, beside the others; only what that
gives is done in the leader's transaction, and has to be short. One that lost the lease meanwhile has prepared for
nothing.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from threading import Event
from typing import Final

from sqlalchemy.orm import Session

from monitor_api.watch.housekeeping import forget_changes, forget_logins, thin_quarantine
from monitor_api.watch.listening import look_for_silence
from monitor_api.watch.turn import Turn

Prepare = Callable[[Turn, Event], AbstractContextManager[Callable[[], None]]]
"""Prepares a long chore until the event is set, and gives what ends it; what is prepared is there for as long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chore:
    """Something that nothing but the clock brings about."""

    name: str
    every: timedelta
    do: Callable[[Session, Turn], None]

    def next_after(self, now: datetime) -> datetime:
        """When it is due again."""
        return now + self.every


@dataclass(frozen=True, slots=True, kw_only=True)
class LongChore:
    """One that is prepared beside the others; at once where it was never done.

    `again`: at this time of UTC each day, or so long after it was done.
    """

    name: str
    again: time | timedelta
    prepare: Prepare

    def next_after(self, now: datetime) -> datetime:
        """When it is due again."""
        if isinstance(self.again, timedelta):
            return now + self.again
        today = datetime.combine(now.date(), self.again, now.tzinfo)
        return today if today > now else today + timedelta(days=1)


CHORES: Final = (
    Chore(name="silence", every=timedelta(seconds=5), do=look_for_silence),
    Chore(name="logins", every=timedelta(hours=1), do=forget_logins),
    Chore(name="changes", every=timedelta(minutes=10), do=forget_changes),
    Chore(name="quarantine", every=timedelta(minutes=10), do=thin_quarantine),
)
"""Those that need the records store and nothing else."""

AT_NIGHT: Final = time(2)
SHADOWS_EVERY: Final = timedelta(minutes=10)


def all_chores(*, keep_snapshot: Prepare, keep_shadows: Prepare) -> tuple[Chore | LongChore, ...]:
    """All of them, with what only the composition of the service can give."""
    return (
        *CHORES,
        LongChore(name="snapshot", again=AT_NIGHT, prepare=keep_snapshot),
        LongChore(name="shadows", again=SHADOWS_EVERY, prepare=keep_shadows),
    )
