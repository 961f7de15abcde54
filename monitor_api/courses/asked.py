"""What is asked of a patient's devices, and whether it was confirmed.

Rules, kept here:
- Only the gateway that heard a device last speaks for it. One that had it before may have the wish, and not the device.
- Limits are confirmed by the gateway that has them: it holds sessions to them by itself. A permit and a hold are when
  it says that they are done: the device was in reach then, and obeys. Where a device knows no permits the gateway's
  word is all there is, and it says so when it did what it can.
- A wish in the place of one of its kind that nobody confirmed has waited as long as that one.
- What was confirmed before the device moved to another gateway waits for that one since it was first sent there.
- Nothing waits for longer than the device has been theirs.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, takewhile
from typing import Final
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from clinical.misuse.course_rules import LimitsAsked
from monitor_api.courses.due import CourseKey
from monitor_api.records.devices import AssignmentRow, DeviceRow
from monitor_api.records.orders import OrderReportRow, SendingRow, WishRow
from vocabulary.identity import DeviceUid
from vocabulary.wire.batches import OrderOutcome

CONFIRMS: Final = frozenset({OrderOutcome.DONE, OrderOutcome.UNSUPPORTED})
"""What a gateway says once a device has what was asked, or as much of it as it can."""

_STANDING: Final = (None, None, None)
"""What is wanted besides a hold of a device that is told the limits that always stand."""

_Words = Mapping[str, datetime]
"""Which gateways confirmed something, and when."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    """A revision of what is wanted of a device that is theirs since `given_at`; `held`: it names a hold, not over yet.

    `sent` and `done` are by gateway; `gateway` is the one that heard the device last.
    """

    wish: WishRow
    given_at: datetime
    held: bool
    gateway: str
    sent: Mapping[str, SendingRow]
    done: _Words

    @property
    def limits(self) -> tuple[object, ...]:
        """All that is wanted besides a hold."""
        return self.wish.regimen_id, self.wish.regimen_version, self.wish.permit

    @property
    def had(self) -> _Words:
        """When its limits were confirmed, or its permit."""
        if self.wish.permit is not None:
            return self.done
        return {gateway: one.taken_at for gateway, one in self.sent.items() if one.taken_at is not None}

    def since(self, confirmed: _Words) -> datetime | None:
        """Since when it waits for the gateway's word; None while that one is yet to be asked."""
        before = min((at for gateway, at in confirmed.items() if gateway != self.gateway), default=None)
        if before is None:
            return self.wish.asked_at
        here = self.sent.get(self.gateway)
        if here is None or not (here.first_at or here.times):
            return None
        return here.first_at if here.first_at and here.first_at > before else self.wish.asked_at


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """A part of a state that is confirmed by itself: what it is, and when which gateway confirmed it."""

    of: Callable[[_State], object]
    confirmed: Callable[[_State], _Words]


_HOLD: Final = _Part(of=lambda state: state.wish.hold_id, confirmed=lambda state: state.done)
_LIMITS: Final = _Part(of=lambda state: state.limits, confirmed=lambda state: state.had)


def limits_of(session: Session, key: CourseKey, now: datetime) -> Iterator[LimitsAsked]:
    """The limits and the holds that are wanted on each device that is theirs now, and when they were confirmed.

    Of a device that is held, and has not confirmed that, it is all there is to say.
    """
    for _, states in groupby(_states(session, key, now), key=lambda one: one.wish.device_uid):
        yield from _of_device(list(states))


def _of_device(states: Sequence[_State]) -> Iterator[LimitsAsked]:
    """What is wanted of one device; its states are given latest first."""
    held = list(takewhile(lambda one: one.held, states))
    hold = _waiting(held, _HOLD)
    yield from hold
    if held and (not hold or hold[0].reported_at is None):
        return
    # That a hold is lifted must reach the home too: what it had before the hold says nothing of that.
    limited = takewhile(lambda one: one.limits != _STANDING and (bool(held) or not one.held), states)
    yield from _waiting(list(limited), _LIMITS)


def _waiting(states: Sequence[_State], part: _Part) -> tuple[LimitsAsked, ...]:
    """A part of the latest of some states, where there are any: each that has the same makes it known where it goes."""
    bearers = list(takewhile(lambda one: part.of(one) == part.of(states[0]), states))
    asked = [at for one in bearers if (at := one.since(part.confirmed(one))) is not None]
    if not asked:
        return ()
    words = [at for one in bearers if (at := part.confirmed(one).get(one.gateway)) is not None]
    waiting = LimitsAsked(
        device=DeviceUid(states[0].wish.device_uid),
        is_hold=part is _HOLD,
        asked_at=max(states[0].given_at, min((*asked, *_unconfirmed(states[len(bearers) :], part)))),
        reported_at=min(words, default=None),
    )
    return (waiting,)


def _unconfirmed(earlier: Iterable[_State], part: _Part) -> Iterator[datetime]:
    """Since when those that another took the place of had waited, back to the last one that was confirmed."""
    for one in earlier:
        confirmed = part.confirmed(one)
        since = one.since(confirmed)
        if since is None or one.gateway in confirmed:
            return
        yield since
        if since > one.wish.asked_at:
            return


def _states(session: Session, key: CourseKey, now: datetime) -> Iterator[_State]:
    """All that was ever wanted of the devices that are theirs now, by device, the latest first."""
    theirs = (
        AssignmentRow.clinic_id == key.clinic,
        AssignmentRow.patient_id == key.patient,
        AssignmentRow.from_at <= now,
        or_(AssignmentRow.until_at.is_(None), AssignmentRow.until_at > now),
    )
    device = and_(DeviceRow.clinic_id == WishRow.clinic_id, DeviceRow.uid == WishRow.device_uid)
    given = and_(AssignmentRow.clinic_id == WishRow.clinic_id, AssignmentRow.device_uid == WishRow.device_uid)
    wanted = (
        select(WishRow, DeviceRow.gateway_id, AssignmentRow.from_at)
        .join(DeviceRow, device)
        .join(AssignmentRow, given)
        .where(*theirs, WishRow.revision.is_not(None))
        .order_by(WishRow.device_uid, WishRow.revision.desc())
    )
    found = session.execute(wanted).all()
    ids = [wish.id for wish, *_ in found]
    sent, done = _sent(session, ids), _done(session, key, ids)
    over = {wish.id for wish, *_ in found if wish.until_at is not None and wish.until_at <= now}
    for wish, gateway, given_at in found:
        yield _State(
            wish=wish,
            given_at=given_at,
            held=wish.hold_id is not None and wish.hold_id not in over,
            gateway=gateway,
            sent=sent.get(wish.id, {}),
            done=done.get(wish.id, {}),
        )


def _sent(session: Session, wishes: Sequence[UUID]) -> Mapping[UUID, Mapping[str, SendingRow]]:
    found: defaultdict[UUID, dict[str, SendingRow]] = defaultdict(dict)
    for row in session.scalars(select(SendingRow).where(SendingRow.wish_id.in_(wishes))):
        found[row.wish_id][row.gateway_id] = row
    return found


def _done(session: Session, key: CourseKey, wishes: Sequence[UUID]) -> Mapping[UUID, _Words]:
    row = OrderReportRow
    confirming = (row.clinic_id == key.clinic, row.wish_id.in_(wishes), row.outcome.in_(CONFIRMS))
    found: defaultdict[UUID, dict[str, datetime]] = defaultdict(dict)
    for one in session.scalars(select(row).where(*confirming)):
        found[one.wish_id][one.gateway_id] = min(one.at, found[one.wish_id].get(one.gateway_id, one.at))
    return found
