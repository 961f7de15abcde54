"""Ask something of a device: a wish, in the transaction of who asks, with its trail, its change and its way there.

Rules, kept here:
- The desired state is a whole: a wish that changes one part of it takes the others over from the revision before.
- A revision is higher than any before, also in a store that was restored from a backup: it is no lower than real time.
- A wish is on its way to the device's gateway from the transaction on that made it. A state goes also to each gateway
  that was to have one before: it may still hold the device.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from clinical.facts import RegimenVersion
from monitor_api.clock import Moment
from monitor_api.errors import NotHeld
from monitor_api.orders.news import announce_device
from monitor_api.records.devices import DeviceRow
from monitor_api.records.orders import SendingRow, WishRow
from monitor_api.records.trail import Actor, Deed, leave_trail
from vocabulary.identity import ClinicId, DeviceUid, RegimenId

STOP_LASTS: Final = timedelta(seconds=60)
"""How long a stop is tried where nobody says otherwise."""

STOP_LASTS_AT_MOST: Final = timedelta(minutes=5)

IN_FORCE: Final = (WishRow.ended_at.is_(None), WishRow.revision.is_not(None))
"""The wishes that are the desired states of their devices."""


class WishKind(StrEnum):
    """What is asked of a device."""

    STOP = "stop"
    HOLD = "hold"
    LIFT = "lift"
    LIMITS = "limits"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Who asks something of which device, why, and when."""

    session: Session
    clinic: ClinicId
    device: DeviceUid
    actor: Actor
    reason: str
    now: Moment


def ask_stop(asking: Asking, lasts: timedelta = STOP_LASTS) -> WishRow:
    """Have the device stop now; it is tried for `lasts`, at most STOP_LASTS_AT_MOST."""
    device = _locked(asking)
    wish = _wish(asking, WishKind.STOP, until_at=asking.now.civil + min(lasts, STOP_LASTS_AT_MOST))
    return _put_on_its_way(asking, device, wish)


def ask_hold(asking: Asking, until: datetime | None) -> WishRow:
    """Have no session run until an instant, None: until the hold is lifted. It takes the place of a hold before."""
    wish = _wish(asking, WishKind.HOLD, until_at=until)
    return _change_state(asking, wish, hold_id=wish.id)


def ask_lift(asking: Asking) -> WishRow:
    """End the device's hold. Raises NotHeld."""
    desired = desired_wish(asking.session, asking.clinic, asking.device)
    if hold_in_force(asking.session, desired, asking.now.civil) is None:
        raise NotHeld(asking.device)
    return _change_state(asking, _wish(asking, WishKind.LIFT), hold_id=None)


def ask_limits(asking: Asking, guard: RegimenVersion | None, until: datetime | None = None) -> WishRow:
    """Have the home hold sessions to the limits of a regimen, None: to those that always stand.

    `until`: when the phase is over whose limits these are, None where it is open.
    """
    wish = _wish(asking, WishKind.LIMITS)
    if guard is None:
        return _change_state(asking, wish, regimen_id=None, regimen_version=None, limits_until=None)
    return _change_state(asking, wish, regimen_id=guard.id, regimen_version=guard.version, limits_until=until)


def desired_wish(session: Session, clinic: ClinicId, device: DeviceUid) -> WishRow | None:
    """The wish whose revision is the desired state of a device; None where nothing was ever wanted."""
    of_device = (WishRow.clinic_id == clinic, WishRow.device_uid == device)
    return session.scalar(select(WishRow).where(*of_device, *IN_FORCE))


def hold_in_force(session: Session, desired: WishRow | None, now: datetime) -> WishRow | None:
    """The hold of a desired state; None when there is none, or it is over."""
    if desired is None or desired.hold_id is None:
        return None
    hold = session.get_one(WishRow, desired.hold_id)
    return hold if hold.until_at is None or hold.until_at > now else None


def _wish(asking: Asking, kind: WishKind, until_at: datetime | None = None) -> WishRow:
    return WishRow(
        id=uuid4(),
        clinic_id=asking.clinic,
        device_uid=asking.device,
        kind=kind,
        reason=asking.reason,
        actor_kind=asking.actor.kind,
        actor_id=asking.actor.id,
        asked_at=asking.now.civil,
        until_at=until_at,
    )


def _change_state(asking: Asking, wish: WishRow, **parts: UUID | int | datetime | None) -> WishRow:
    """Make a wish the next revision of the desired state, with these parts of it changed."""
    device = _locked(asking)
    before = desired_wish(asking.session, asking.clinic, asking.device)
    for column, value in (_state(asking, before) | parts).items():
        setattr(wish, column, value)
    known = 0 if before is None else before.revision or 0
    wish.revision = max(known + 1, int(asking.now.real.timestamp() * 1000))
    if before is not None:
        _overtake(asking, before)
    return _put_on_its_way(asking, device, wish)


def _state(asking: Asking, before: WishRow | None) -> dict[str, Any]:
    """What is wanted of the device now, as columns of a wish."""
    hold = hold_in_force(asking.session, before, asking.now.civil)
    return {
        "hold_id": hold and hold.id,
        "regimen_id": before and before.regimen_id,
        "regimen_version": before and before.regimen_version,
        "limits_until": before and before.limits_until,
        "permit": before and before.permit,
    }


def _locked(asking: Asking) -> DeviceRow:
    """The device's row, so that two who ask at once ask one after the other."""
    return asking.session.get_one(DeviceRow, (asking.clinic, asking.device), with_for_update=True)


def _overtake(asking: Asking, before: WishRow) -> None:
    """A state that is not wanted any more goes to nobody."""
    before.ended_at = asking.now.civil
    asking.session.execute(update(SendingRow).where(SendingRow.wish_id == before.id).values(due_at=None))


def _put_on_its_way(asking: Asking, device: DeviceRow, wish: WishRow) -> WishRow:
    asking.session.add(wish)
    asking.session.flush()
    for gateway in _addressees(asking, device, wish):
        asking.session.add(SendingRow(wish_id=wish.id, gateway_id=gateway, times=0, due_at=asking.now.real))
    deed = Deed(
        clinic=asking.clinic,
        actor=asking.actor,
        action=_DEEDS[WishKind(wish.kind)],
        subject_kind="device",
        subject_id=asking.device,
        detail={"wish": str(wish.id), "revision": wish.revision, "reason": wish.reason, **_told(wish)},
    )
    leave_trail(asking.session, deed, asking.now.civil)
    announce_device(asking.session, asking.clinic, asking.device, asking.now.civil)
    return wish


def _addressees(asking: Asking, device: DeviceRow, wish: WishRow) -> list[str]:
    if wish.revision is None:
        return [device.gateway_id]
    earlier = (
        select(SendingRow.gateway_id)
        .join(WishRow, WishRow.id == SendingRow.wish_id)
        .where(
            WishRow.clinic_id == asking.clinic,
            WishRow.device_uid == asking.device,
            WishRow.revision < wish.revision,
        )
    )
    return sorted({device.gateway_id, *asking.session.scalars(earlier)})


_DEEDS: Final = {
    WishKind.STOP: "stop asked",
    WishKind.HOLD: "device held",
    WishKind.LIFT: "hold lifted",
    WishKind.LIMITS: "guard limits set",
}


def _told(wish: WishRow) -> dict[str, Any]:
    regimen = wish.regimen_id and str(RegimenId(wish.regimen_id))
    told = {"until_at": wish.until_at and wish.until_at.isoformat()}
    return told | {"regimen": regimen, "version": wish.regimen_version} if wish.kind == WishKind.LIMITS else told
