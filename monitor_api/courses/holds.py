"""When no session was to run, or none was asked for: devices held, and treatments held, stopped or paused.

Rules, kept here:
- A hold of a device counts for whose the device was, and only while it was theirs.
- A hold or pause of a treatment ends with the next step of it, with its next version, or with itself.
- A stop lasts until a treatment of the same modality comes into force. An end that is no stop forbids nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinical.course import CourseDevice, Excuse, Hold, Interval
from clinical.regimen.life import Step
from monitor_api.courses.due import CourseKey
from monitor_api.orders.asking import WishKind
from monitor_api.records.orders import WishRow
from monitor_api.records.regimens import came_into_force, interruptions, step_rows
from monitor_api.records.sessions import RegimenRow, RegimenStepRow, RegimenVersionRow
from vocabulary.devices import Modality


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """A regimen with which a step was taken: its steps, oldest first, when each version came into force, and its end.

    A version that the end came before is left out.
    """

    modality: Modality
    steps: Sequence[RegimenStepRow]
    began: tuple[datetime, ...]
    ended_at: datetime | None

    def interruptions(self, kind: Step) -> Iterator[Interval]:
        """When it was held, or paused."""
        over = (*self.began, *([] if self.ended_at is None else [self.ended_at]))
        for one in interruptions(self.steps, kind):
            ends = [at for at in (one.until_at, *over) if at is not None and at > one.from_at]
            yield Interval(from_at=one.from_at, until_at=min(ends, default=None))


def treatments_of(session: Session, key: CourseKey) -> tuple[Treatment, ...]:
    """All regimens of a patient, if a step was taken with any."""
    mine = (RegimenRow.clinic_id == key.clinic, RegimenRow.patient_id == key.patient)
    taken = [(row, step_rows(session, row)) for row in session.scalars(select(RegimenRow).where(*mine))]
    if not any(steps for _, steps in taken):
        return ()
    return tuple(
        Treatment(modality=Modality(row.modality), steps=steps, began=_began(session, row), ended_at=row.ended_at)
        for row, steps in taken
    )


def _began(session: Session, row: RegimenRow) -> tuple[datetime, ...]:
    versions = session.scalars(select(RegimenVersionRow).where(RegimenVersionRow.regimen_id == row.id))
    return tuple(at for at in map(came_into_force, versions) if row.ended_at is None or at < row.ended_at)


def treatment_holds(treatments: Sequence[Treatment]) -> Iterator[Hold]:
    """When treatments were on hold, or stopped."""
    for one in treatments:
        for during in one.interruptions(Step.HELD):
            yield Hold(during=during, modality=one.modality)
        for stopped in interruptions(one.steps, Step.STOPPED):
            during = Interval(from_at=stopped.from_at, until_at=_begins_again(one, stopped.from_at, treatments))
            yield Hold(during=during, modality=one.modality, stopped=True)


def _begins_again(stopped: Treatment, at: datetime, treatments: Iterable[Treatment]) -> datetime | None:
    began = [began for one in treatments if one.modality is stopped.modality for began in one.began]
    return min((one for one in began if one > at), default=None)


def pauses(treatments: Iterable[Treatment]) -> Iterator[Excuse]:
    """When treatments were paused."""
    for one in treatments:
        for during in one.interruptions(Step.PAUSED):
            yield Excuse(during=during, modality=one.modality, because="the treatment is paused")


def device_holds(session: Session, key: CourseKey, devices: Iterable[CourseDevice]) -> Iterator[Hold]:
    """When a patient's devices were held while they were theirs."""
    by_uid = {str(one.uid): one for one in devices}
    query = (
        select(WishRow)
        .where(WishRow.clinic_id == key.clinic, WishRow.device_uid.in_(list(by_uid)), WishRow.revision.is_not(None))
        .order_by(WishRow.device_uid, WishRow.revision)
    )
    for uid, wishes in groupby(session.scalars(query), key=lambda wish: wish.device_uid):
        device, held = by_uid[uid], list(_held(list(wishes)))
        theirs = [during for one in held for given in device.given if (during := one.within(given))]
        yield from (Hold(during=during, modality=device.modality) for during in theirs)


def _held(states: Sequence[WishRow]) -> Iterator[Interval]:
    """When a device was held: from the asking until the hold's end, or until somebody wished otherwise."""
    for place, wish in enumerate(states):
        if wish.kind == WishKind.HOLD:
            lifted = (after.asked_at for after in states[place + 1 :] if after.hold_id != wish.id)
            ends = [at for at in (wish.until_at, next(lifted, None)) if at is not None]
            yield Interval(from_at=wish.asked_at, until_at=min(ends, default=None))
