"""What the watch does, and how often: a chore is a line in this table.

A chore is done in one transaction, in which the leader's lease is locked and in which the chore's next time is set. So
it is done once an interval, by whoever leads, and a crash repeats it. What must be done is data in the store; what is
too much for one transaction is left for the next.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy.orm import Session

from monitor_api.watch.housekeeping import forget_changes, forget_logins, thin_quarantine
from monitor_api.watch.listening import look_for_silence
from monitor_api.watch.turn import Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Chore:
    """Something that nothing but the clock brings about."""

    name: str
    every: timedelta
    do: Callable[[Session, Turn], None]


CHORES: Final = (
    Chore(name="silence", every=timedelta(seconds=5), do=look_for_silence),
    Chore(name="logins", every=timedelta(hours=1), do=forget_logins),
    Chore(name="changes", every=timedelta(minutes=10), do=forget_changes),
    Chore(name="quarantine", every=timedelta(minutes=10), do=thin_quarantine),
)
