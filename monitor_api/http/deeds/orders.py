"""Have devices stop, hold them and lift the hold; and have homes follow what is prescribed."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Final
from uuid import UUID

from pydantic import Field, StringConstraints
from sqlalchemy import ColumnElement, and_, select

from monitor_api.clock import Moment
from monitor_api.errors import NotHeld
from monitor_api.http.deeds.rechecking import reconsider
from monitor_api.http.deeds.writing import Writing
from monitor_api.http.errors import Conflict, Unacceptable
from monitor_api.http.paging import PageWanted
from monitor_api.http.queries.devices import device, devices
from monitor_api.http.queries.orders import SeenOrder, seen
from monitor_api.http.wanted import PRINTABLE, Body, Instant, shown
from monitor_api.orders.asking import (
    STOP_LASTS,
    STOP_LASTS_AT_MOST,
    Asking,
    ask_hold,
    ask_lift,
    ask_stop,
    desired_wish,
    hold_in_force,
)
from monitor_api.orders.limits import follow_regimens
from monitor_api.records.devices import AssignmentRow, DeviceRow
from monitor_api.records.orders import WishRow
from vocabulary.devices import Modality
from vocabulary.identity import DeviceUid, PatientId
from vocabulary.wire.limits import REASON

Reason = Annotated[str, StringConstraints(max_length=REASON, pattern=PRINTABLE, strip_whitespace=True)]


class NewStop(Body):
    """A stop, tried for `lasts_s` seconds; it is not made up for later."""

    model_config = shown(reason="Skin at 42.6 °C", lasts_s=60)

    reason: Reason = ""
    lasts_s: Annotated[float, Field(ge=1, le=STOP_LASTS_AT_MOST.total_seconds())] = STOP_LASTS.total_seconds()


class NewHold(Body):
    """A hold: no session is to run until `until`, null: until it is lifted."""

    model_config = shown(reason="A blister on the left cheek; see her first", until=None)

    reason: Annotated[Reason, Field(min_length=1)]
    until: Instant | None = None


class Lift(Body):
    """The end of a hold."""

    model_config = shown(reason="Healed")

    reason: Reason = ""


def stop_device(writing: Writing, uid: DeviceUid, wanted: NewStop) -> SeenOrder:
    """Have a device stop now. Raises NotThere."""
    return _told(writing, ask_stop(_asking(writing, uid, wanted.reason), timedelta(seconds=wanted.lasts_s)))


def hold_device(writing: Writing, uid: DeviceUid, wanted: NewHold) -> SeenOrder:
    """Have no session run on a device; a hold before it is replaced. Raises NotThere, Unacceptable."""
    if wanted.until is not None and wanted.until <= writing.now:
        raise Unacceptable("This hold would be over at once", reasons={"body.until": "expected an instant to come"})
    wish = ask_hold(_asking(writing, uid, wanted.reason), wanted.until)
    _reconsider_whose(writing, uid)
    return _told(writing, wish)


def lift_hold(writing: Writing, uid: DeviceUid, wanted: Lift) -> SeenOrder:
    """End the hold of a device. Raises NotThere, Conflict when it is not held."""
    try:
        wish = ask_lift(_asking(writing, uid, wanted.reason))
    except NotHeld as error:
        raise Conflict("This device is not held", remedy="There is nothing to lift.") from error
    _reconsider_whose(writing, uid)
    return _told(writing, wish)


@dataclass(frozen=True, slots=True, kw_only=True)
class Treated:
    """Whose devices, of which modality."""

    patient: PatientId
    modality: Modality


def hold_devices(writing: Writing, of: Treated, reason: str) -> list[UUID]:
    """Hold a patient's devices that are not held; gives the holds."""
    return [ask_hold(asking, None).id for asking in _askings(writing, of, reason) if _hold_of(asking) is None]


def lift_holds(writing: Writing, of: Treated, ours: Collection[UUID], reason: str) -> None:
    """Lift those of these holds that a patient's devices still have."""
    for asking in _askings(writing, of, reason):
        hold = _hold_of(asking)
        if hold is not None and hold.id in ours:
            ask_lift(asking)


def _askings(writing: Writing, of: Treated, reason: str) -> list[Asking]:
    owned = devices(writing.session, writing.caller, _EVERY, writing.now, patient=of.patient).items
    return [_asking(writing, one.uid, reason) for one in owned if one.modality is of.modality]


def _hold_of(asking: Asking) -> WishRow | None:
    desired = desired_wish(asking.session, asking.clinic, asking.device)
    return hold_in_force(asking.session, desired, asking.now.civil)


_EVERY: Final = PageWanted(cursor=None, limit=1000)


def follow_prescription(writing: Writing, patient: PatientId) -> None:
    """Have the homes of a patient's devices hold what is in force for them now."""
    theirs = and_(AssignmentRow.clinic_id == writing.caller.clinic, AssignmentRow.patient_id == patient)
    _follow(writing, DeviceRow.uid.in_(select(AssignmentRow.device_uid).where(theirs)))


def follow_assignment(writing: Writing, uid: DeviceUid) -> None:
    """Have the home of a device hold what is in force for whose it is now."""
    _follow(writing, DeviceRow.uid == uid)


def _follow(writing: Writing, which: ColumnElement[bool]) -> None:
    ours = and_(DeviceRow.clinic_id == writing.caller.clinic, which)
    follow_regimens(writing.session, ours, writing.caller.actor, _moment(writing))


def _asking(writing: Writing, uid: DeviceUid, reason: str) -> Asking:
    """Raises NotThere."""
    device(writing.session, writing.caller, uid, writing.now)
    return Asking(
        session=writing.session,
        clinic=writing.caller.clinic,
        device=uid,
        actor=writing.caller.actor,
        reason=reason,
        now=_moment(writing),
    )


def _moment(writing: Writing) -> Moment:
    return Moment(civil=writing.now, real=writing.real_now)


def _reconsider_whose(writing: Writing, uid: DeviceUid) -> None:
    """A hold is a fact of the course of whose the device is."""
    assignment = device(writing.session, writing.caller, uid, writing.now).assignment
    if assignment:
        reconsider(writing, assignment.patient_id)


def _told(writing: Writing, wish: WishRow) -> SeenOrder:
    writing.session.flush()
    return next(seen(writing.session, writing.caller, [wish], writing.now))
