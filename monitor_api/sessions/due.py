"""Which sessions must be checked: data, written in the transaction of whatever makes a check necessary."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, or_, select, tuple_, update
from sqlalchemy.orm import Session
from sqlalchemy.sql import ColumnCollection

from monitor_api.errors import ClaimLost
from monitor_api.records.claimed import hand_back
from monitor_api.records.sessions import DueRow
from monitor_api.records.upsert import upsert
from monitor_api.telemetry.series import SeriesKey
from vocabulary.identity import ClinicId, SessionId

_NAME: Final = tuple_(DueRow.clinic_id, DueRow.session_id)

LEASE: Final = timedelta(seconds=30)
"""After this long without a result, another worker takes the check over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A check that one worker has taken on, as of one generation of its facts."""

    key: SeriesKey
    generation: int


def mark_due(session: Session, keys: Iterable[SeriesKey], now: datetime) -> None:
    """Have these sessions checked; one that is due already keeps its place and gets a new generation."""
    rows = [
        {"clinic_id": key.clinic, "session_id": key.session, "marked_at": now, "generation": 1} for key in set(keys)
    ]
    upsert(session, DueRow, rows, _again)


def _again(_new: ColumnCollection[str, Any]) -> dict[str, ColumnElement[int]]:
    return {"generation": DueRow.generation + 1}


def anything_due(session: Session, now: datetime) -> bool:
    """Whether a claim would get anything; `now` is real time."""
    return session.scalar(select(DueRow.session_id).where(_free(now)).limit(1)) is not None


def claim_due(session: Session, worker: str, now: datetime, most: int) -> list[Claim]:
    """Take on up to `most` checks, those that have waited longest first; `now` is real time."""
    chosen = (
        select(DueRow.clinic_id, DueRow.session_id)
        .where(_free(now))
        .order_by(DueRow.marked_at)
        .limit(most)
        .with_for_update(skip_locked=True)
        .cte("chosen")  # a subquery might be run again for each row, and choose others each time
    )
    taken = session.execute(
        update(DueRow)
        .where(_NAME.in_(select(chosen.c.clinic_id, chosen.c.session_id)))
        .values(claimed_by=worker, claimed_until=now + LEASE)
        .returning(DueRow.clinic_id, DueRow.session_id, DueRow.generation)
    )
    return [
        Claim(key=SeriesKey(clinic=ClinicId(clinic), session=SessionId(one)), generation=generation)
        for clinic, one, generation in taken
    ]


def release(session: Session, claim: Claim, worker: str, *, touched: Collection[SeriesKey], now: datetime) -> None:
    """End a check, in the transaction of its result, and have the sessions checked that it touched.

    Facts that came meanwhile leave it due. Raises ClaimLost when another worker has taken the check over: what was
    concluded is older than what it sees.
    """
    mark_due(session, {claim.key, *touched}, now)  # locks them in their order, also those that were not due
    row = session.get_one(DueRow, (claim.key.clinic, claim.key.session), populate_existing=True)
    if row.claimed_by != worker:
        raise ClaimLost(str(claim.key.session))
    if row.generation == claim.generation + 1 and claim.key not in touched:
        session.delete(row)
    else:
        row.claimed_by = row.claimed_until = None


def give_back(session: Session, claims: Iterable[Claim], worker: str) -> None:
    """Let others take these checks at once."""
    hand_back(session, DueRow, [(claim.key.clinic, claim.key.session) for claim in claims], worker)


def _free(now: datetime) -> ColumnElement[bool]:
    return or_(DueRow.claimed_until.is_(None), DueRow.claimed_until < now)
