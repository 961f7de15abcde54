"""The limits that a home holds sessions to by itself: those of the regimen in force of whose device it is."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any, Final

from sqlalchemy import ColumnElement, ScalarSelect, and_, or_, select, true
from sqlalchemy.orm import Session

from clinical.facts import RegimenVersion
from clinical.plan import Phase
from clinical.regimen import Limits, Regimen
from monitor_api.clock import Moment
from monitor_api.orders.asking import IN_FORCE, Asking, ask_limits
from monitor_api.records.devices import AssignmentRow, DeviceRow
from monitor_api.records.orders import WishRow
from monitor_api.records.regimens import phase_days, read_prescription
from monitor_api.records.sessions import RegimenRow, RegimenVersionRow
from monitor_api.records.trail import DISPATCHER, Actor
from vocabulary.identity import ClinicId, DeviceUid, RegimenId
from vocabulary.wire.orders import GuardLimits

LONGEST_S: Final = 1e7
"""What an order can say; no session lasts as long, so a longer grace is none."""

_ALL: Final = true()

_Stale = tuple[ClinicId, DeviceUid, RegimenVersion | None]

AT_ONCE: Final = 100
"""Devices followed in one transaction: whoever else writes waits for it."""

FOLLOWING: Final = "follows the regimen in force"


def follow_regimens(session: Session, which: ColumnElement[bool], actor: Actor, now: Moment) -> None:
    """Have the homes of these devices hold the limits in force, where they are told others."""
    _follow(session, list(_stale(session, which, now.civil)), actor, now)


def follow_all(session: Session, now: Moment) -> bool:
    """The same for AT_ONCE of all devices, in the name of the service; whether there may be more to follow.

    Time, or what a device said, changed what is in force.
    """
    stale = list(islice(_stale(session, _ALL, now.civil), AT_ONCE))
    _follow(session, stale, DISPATCHER, now)
    return len(stale) == AT_ONCE


def _follow(session: Session, stale: Iterable[_Stale], actor: Actor, now: Moment) -> None:
    for clinic, device, guard in sorted(stale, key=lambda one: one[:2]):
        asking = Asking(
            session=session,
            clinic=clinic,
            device=device,
            actor=actor,
            reason=FOLLOWING,
            now=now,
        )
        ask_limits(asking, guard, _turns_at(session, guard, now.civil) if guard else None)


def _turns_at(session: Session, guard: RegimenVersion, now: datetime) -> datetime | None:
    """When the phase of a version that runs now is over."""
    version = session.get_one(RegimenVersionRow, (guard.id, guard.version))
    regimen = session.get_one(RegimenRow, guard.id)
    prescribed = read_prescription(version.body, regimen.modality)
    return phase_days(session, regimen.patient_id, version, prescribed, now=now).turns_at(now)


def any_stale(session: Session, now: datetime) -> bool:
    """Whether any home is told other limits than those in force."""
    return next(_stale(session, _ALL, now), None) is not None


def guard_limits(regimen: Regimen, phase: Phase) -> GuardLimits:
    """The limits of a phase of a regimen as an order says them."""
    limits: Limits = regimen.held_to(phase.dose)
    return GuardLimits(
        regimen=regimen.id.hex,
        version=regimen.version,
        skin_grace_s=min(limits.skin_grace.total_seconds(), LONGEST_S),
        contact_grace_s=min(limits.contact_grace.total_seconds(), LONGEST_S),
        duration_s=None if limits.duration is None else min(limits.duration.total_seconds(), LONGEST_S),
        dose=None if limits.dose is None else limits.dose.value,
        dose_unit=None if limits.dose is None else limits.dose.unit,
        skin_celsius=limits.skin_celsius,
    )


def _stale(session: Session, which: ColumnElement[bool], now: datetime) -> Iterator[_Stale]:
    """Devices whose desired state is of another version than is in force, or of a phase that is over; and that one."""
    regimen = _regimen_in_force(now)
    version = _version_in_force(regimen, now)
    told = and_(WishRow.clinic_id == DeviceRow.clinic_id, WishRow.device_uid == DeviceRow.uid, *IN_FORCE)
    query = (
        select(DeviceRow.clinic_id, DeviceRow.uid, regimen, version)
        .outerjoin(WishRow, told)
        .where(
            which,
            or_(
                version.is_distinct_from(WishRow.regimen_version),
                WishRow.limits_until <= now,
                and_(version.is_not(None), regimen.is_distinct_from(WishRow.regimen_id)),
            ),
        )
    )
    for clinic, uid, id_, number in session.execute(query):
        guard = None if number is None else RegimenVersion(id=RegimenId(id_), version=number)
        yield ClinicId(clinic), DeviceUid(uid), guard


def _regimen_in_force(now: datetime) -> ScalarSelect[Any]:
    """The regimen of whom a device is assigned to."""
    return (
        select(RegimenRow.id)
        .join(AssignmentRow, AssignmentRow.patient_id == RegimenRow.patient_id)
        .where(
            AssignmentRow.clinic_id == DeviceRow.clinic_id,
            AssignmentRow.device_uid == DeviceRow.uid,
            AssignmentRow.from_at <= now,
            or_(AssignmentRow.until_at.is_(None), AssignmentRow.until_at > now),
            RegimenRow.clinic_id == DeviceRow.clinic_id,
            RegimenRow.modality == DeviceRow.modality,
            or_(RegimenRow.ended_at.is_(None), RegimenRow.ended_at > now),
        )
        .order_by(AssignmentRow.from_at.desc(), RegimenRow.created_at.desc())
        .limit(1)
        .correlate(DeviceRow)
        .scalar_subquery()
    )


def _version_in_force(regimen: ScalarSelect[Any], now: datetime) -> ScalarSelect[Any]:
    return (
        select(RegimenVersionRow.version)
        .where(RegimenVersionRow.regimen_id == regimen, RegimenVersionRow.from_at <= now)
        .order_by(RegimenVersionRow.from_at.desc(), RegimenVersionRow.version.desc())
        .limit(1)
        .correlate(DeviceRow)
        .scalar_subquery()
    )
