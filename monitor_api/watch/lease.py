"""A lease: what only one of several processes does, and who that is.

Rules, kept here:
- Who holds it is a row; taking, renewing and giving back are compare-and-set under a lock on that row.
- What the holder does it does in a transaction that locks the row and finds itself in it. So no two holders ever
  commit, whatever their clocks say: a clock that is wrong costs a change of holder, never a second one.
- One that dies is followed after `LASTS`, one that stops in order at once.
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import update
from sqlalchemy.orm import Session

from monitor_api.records.upsert import insert_new
from monitor_api.records.watching import LeaseRow

LASTS: Final = timedelta(seconds=15)
"""How long a lease holds without being renewed."""

_NOBODY: Final = ""


def take(session: Session, name: str, holder: str, now: datetime) -> bool:
    """Take a lease that is free, or renew one's own; whether it is held now. `now` is real time."""
    insert_new(session, LeaseRow, [{"name": name, "holder": _NOBODY, "until_at": now}])
    row = session.get_one(LeaseRow, name, with_for_update=True)
    if row.holder != holder and row.until_at > now:
        return False
    row.holder, row.until_at = holder, now + LASTS
    return True


def is_held(session: Session, name: str, holder: str) -> bool:
    """Whether the lease is still this holder's, and stays so until the transaction ends."""
    row = session.get(LeaseRow, name, with_for_update=True)
    return row is not None and row.holder == holder


def give_back(session: Session, name: str, holder: str, now: datetime) -> None:
    """Let others take the lease at once, if it is this holder's."""
    mine = (LeaseRow.name == name, LeaseRow.holder == holder)
    session.execute(update(LeaseRow).where(*mine).values(holder=_NOBODY, until_at=now))
