"""The lives of a regimen's versions, out of what is stored anyway: versions, orders to devices, and steps taken."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise, zip_longest
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from clinical.regimen.life import Life, Step, Taken, lived
from monitor_api.records.orders import OrderReportRow, SendingRow, WishRow
from monitor_api.records.regimens import came_into_force, phase_days, read_prescription, step_rows
from monitor_api.records.sessions import RegimenRow, RegimenStepRow, RegimenVersionRow
from vocabulary.identity import UserId
from vocabulary.wire.batches import OrderOutcome


def lives(session: Session, row: RegimenRow, versions: Sequence[RegimenVersionRow], now: datetime) -> dict[int, Life]:
    """The life of each version of a regimen by now; `versions` are all of it, oldest first."""
    common = [*_ended(row), *(_taken(one) for one in step_rows(session, row))]
    delivered = _first_of(session, row, func.min(SendingRow.taken_at))
    done = _first_of(session, row, func.min(OrderReportRow.at), OrderReportRow.outcome == OrderOutcome.DONE)
    superseded = {before.version: after.from_at for before, after in pairwise(versions)}
    over = _over(session, row, versions, now)
    return {
        one.version: lived(
            [
                *common,
                *_signed(one),
                *_by_nobody(Step.BEGAN, came_into_force(one)),
                *_by_nobody(Step.DELIVERED, delivered.get(one.version)),
                *_by_nobody(Step.ACKNOWLEDGED, done.get(one.version)),
                *_by_nobody(Step.SUPERSEDED, superseded.get(one.version)),
                *_by_nobody(Step.ENDED, over.get(one.version)),
            ],
            now,
        )
        for one in versions
    }


def current(lives_: dict[int, Life]) -> tuple[int, Life]:
    """The version that matters now: the newest that came into force, else the newest."""
    begun = [number for number, life in lives_.items() if any(one.step is Step.BEGAN for one in life.steps)]
    number = max(begun or lives_)
    return number, lives_[number]


def _over(
    session: Session, row: RegimenRow, versions: Sequence[RegimenVersionRow], now: datetime
) -> dict[int, datetime]:
    """When the last phase of each version was over, where nothing had come in its place or ended it by then."""
    found: dict[int, datetime] = {}
    for one, following in zip_longest(versions, versions[1:]):
        days = phase_days(session, row.patient_id, one, read_prescription(one.body, row.modality), now=now)
        ends = [at for at in (following.from_at if following else None, row.ended_at) if at is not None]
        if days.over_at is not None and all(days.over_at < at for at in ends):
            found[one.version] = max(days.over_at, came_into_force(one))
    return found


def _first_of(
    session: Session, row: RegimenRow, what: ColumnElement[Any], *conditions: ColumnElement[bool]
) -> dict[int, datetime]:
    """When something first came of the orders that carry each version."""
    query = (
        select(WishRow.regimen_version, what)
        .join(SendingRow, SendingRow.wish_id == WishRow.id)
        .outerjoin(OrderReportRow, OrderReportRow.wish_id == WishRow.id)
        .where(WishRow.regimen_id == row.id, *conditions)
        .group_by(WishRow.regimen_version)
    )
    return {version: at for version, at in session.execute(query) if version is not None and at is not None}


def _ended(row: RegimenRow) -> Iterator[Taken]:
    yield from _by_nobody(Step.ENDED, row.ended_at)


def _signed(version: RegimenVersionRow) -> Iterator[Taken]:
    """A version from before signatures was prescribed when it came into force, as far as is known."""
    at = version.signed_at or version.from_at
    yield Taken(step=Step.SIGNED, at=at, by=UserId(version.prescriber_id), because="")


def _taken(row: RegimenStepRow) -> Taken:
    return Taken(step=Step[row.step.upper()], at=row.at, by=UserId(row.actor_id), because=row.because)


def _by_nobody(step: Step, at: datetime | None) -> Iterator[Taken]:
    if at is not None:
        yield Taken(step=step, at=at, by=None, because="")
