"""Devices: what each says it is, how it was last seen, and whose it is now."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, and_, select
from sqlalchemy.orm import Session

from monitor_api.http.callers import Caller
from monitor_api.http.errors import NotThere
from monitor_api.http.paging import Order, Page, PageWanted, paged
from monitor_api.http.queries.scope import assigned_at, if_given, theirs
from monitor_api.records.devices import AssignmentRow, DeviceRow, GatewayRow
from vocabulary.devices import DeviceState, Fault, Feature, Lockout, Modality
from vocabulary.identity import DeviceUid, GatewayId, PatientId


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedState:
    """What a device last reported of itself, and when."""

    state: DeviceState
    lockout: Lockout | None
    faults: tuple[Fault, ...]
    battery_percent: int | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """The way to a device: whether its gateway has a connection, and when device and gateway were last heard.

    A silent gateway says nothing about its devices: the two ages are told apart. `messages_lost`: how many of its
    messages did not come since the device started; null for one that does not number them.
    """

    connected: bool | None
    device_heard_at: datetime
    gateway_heard_at: datetime | None
    messages_lost: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """Whose a device is, and since when."""

    patient_id: PatientId
    from_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A device as the clinic's gateways know it; null where it has not said.

    `features` is null until the device has said what it can do. `assignment` is null while it is nobody's. The
    uncertainties are null, and its figures count as exact, where nobody measured how far they are off;
    `calibration_source`: who did, how and when.
    """

    uid: DeviceUid
    gateway_id: GatewayId
    family: str | None
    modality: Modality | None
    model: str | None
    serial: str | None
    firmware: str | None
    features: tuple[Feature, ...] | None
    first_seen_at: datetime
    reported: ReportedState | None
    link: Link
    assignment: Assigned | None
    dose_uncertainty_fraction: float | None
    skin_uncertainty_celsius: float | None
    calibration_source: str | None


def devices(
    session: Session, caller: Caller, wanted: PageWanted, now: datetime, *, patient: PatientId | None = None
) -> Page[Device]:
    """The clinic's devices, in the order in which they were first seen; of one patient if one is given.

    For a patient, those that are theirs.
    """
    query = _query(caller, now).where(*if_given(patient, lambda one: AssignmentRow.patient_id == one))
    order = Order(by=(DeviceRow.first_seen_at, DeviceRow.uid))
    return paged(session, query, order, wanted, make=_seen)


def device(session: Session, caller: Caller, uid: DeviceUid, now: datetime) -> Device:
    """One device. Raises NotThere."""
    found = session.execute(_query(caller, now).where(DeviceRow.uid == uid).limit(1)).one_or_none()
    if found is None:
        raise NotThere
    return _seen(*found)


def _query(caller: Caller, now: datetime) -> Select[DeviceRow, GatewayRow, AssignmentRow]:
    return (
        select(DeviceRow, GatewayRow, AssignmentRow)
        .join(GatewayRow, GatewayRow.id == DeviceRow.gateway_id)
        .outerjoin(AssignmentRow, and_(*assigned_at(now)))
        .where(*theirs(caller, DeviceRow.clinic_id, AssignmentRow.patient_id))
    )


def _seen(device: DeviceRow, gateway: GatewayRow, assignment: AssignmentRow | None) -> Device:
    return Device(
        uid=DeviceUid(device.uid),
        gateway_id=GatewayId(device.gateway_id),
        family=device.family,
        modality=None if device.modality is None else Modality(device.modality),
        model=device.model,
        serial=device.serial,
        firmware=device.firmware,
        features=None if device.features is None else tuple(map(Feature, device.features)),
        first_seen_at=device.first_seen_at,
        reported=_reported(device),
        link=Link(
            connected=device.connected,
            device_heard_at=device.heard_at,
            gateway_heard_at=gateway.heard_at,
            messages_lost=device.messages_lost,
        ),
        assignment=None
        if assignment is None
        else Assigned(patient_id=PatientId(assignment.patient_id), from_at=assignment.from_at),
        dose_uncertainty_fraction=device.dose_uncertainty_fraction,
        skin_uncertainty_celsius=device.skin_uncertainty_celsius,
        calibration_source=device.calibration_source,
    )


def _reported(row: DeviceRow) -> ReportedState | None:
    if row.state is None or row.state_at is None:
        return None
    return ReportedState(
        state=DeviceState(row.state),
        lockout=None if row.lockout is None else Lockout(row.lockout),
        faults=tuple(map(Fault, row.faults or ())),
        battery_percent=row.battery_percent,
        at=row.state_at,
    )
