"""Put a patient's course together from what is stored."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from math import inf

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from clinical.course import (
    Between,
    Course,
    CourseDevice,
    Excuse,
    InForce,
    Interval,
    PastSession,
    SerialGiven,
    WearSigns,
)
from clinical.facts import Calibration, RegimenVersion
from monitor_api.courses.clocks import clock_readings, clock_steps
from monitor_api.courses.due import CourseKey
from monitor_api.courses.holds import device_holds, pauses, treatment_holds, treatments_of
from monitor_api.courses.proving import proof_of
from monitor_api.records.courses import ExcuseRow, SessionSumRow
from monitor_api.records.devices import AssignmentRow, DeviceRow, DeviceSerialRow
from monitor_api.records.people import PatientRow
from monitor_api.records.practices import practices_of
from monitor_api.records.regimens import read_regimen
from monitor_api.records.sessions import RegimenRow, RegimenVersionRow, SessionRow
from monitor_api.sessions.calibrations import outputs_of, recalled_on
from monitor_api.sessions.order import started_of
from vocabulary.devices import DeviceState, Fault, Feature, Modality, Zone
from vocabulary.identity import DeviceUid, GatewayId, RegimenId, SessionId
from vocabulary.quantities import Quantity, Unit
from vocabulary.readings import EndReason

_Summed = tuple[SessionRow, SessionSumRow]


def read_course(session: Session, key: CourseKey) -> Course:
    """All that is stored of one patient. Raises sqlalchemy's NoResultFound when there is no such patient."""
    rows = list(_session_rows(session, key))
    sessions = sorted((_past(row, sums) for row, sums in rows), key=_when)
    return replace(_without_sessions(session, key, rows), sessions=tuple(sessions))


def read_bare_course(session: Session, key: CourseKey) -> Course:
    """A course without its sessions, which are most of it. Raises as `read_course` does."""
    return _without_sessions(session, key, _session_rows(session, key, SessionSumRow.clock_ahead_s.is_not(None)))


def _without_sessions(session: Session, key: CourseKey, rows: Iterable[_Summed]) -> Course:
    """`rows` are at least those sessions that show how a device's clock stood."""
    patient = session.get_one(PatientRow, key.patient)
    devices, treatments = tuple(_devices(session, key, rows)), treatments_of(session, key)
    return Course(
        patient=key.patient,
        zone=patient.zone,
        sessions=(),
        regimens=tuple(_in_force(session, key)),
        holds=(*device_holds(session, key, devices), *treatment_holds(treatments)),
        excuses=(*_excuses(session, key), *pauses(treatments)),
        devices=devices,
        practices=practices_of(session, key.clinic),
    )


def _when(one: PastSession) -> datetime:
    return one.started.at if one.started else one.heard_at


def _session_rows(session: Session, key: CourseKey, *which: ColumnElement[bool]) -> Iterator[_Summed]:
    query = (
        select(SessionRow, SessionSumRow)
        .outerjoin(
            SessionSumRow,
            (SessionSumRow.clinic_id == SessionRow.clinic_id) & (SessionSumRow.session_id == SessionRow.id),
        )
        .where(SessionRow.clinic_id == key.clinic, SessionRow.patient_id == key.patient, *which)
    )
    for row, sums in session.execute(query):
        found: SessionSumRow | None = sums  # of an outer join
        yield row, found or _unsummed()


def _past(row: SessionRow, sums: SessionSumRow) -> PastSession:
    return PastSession(
        session=SessionId(row.id),
        device=DeviceUid(row.device_uid),
        counter=row.counter,
        modality=Modality(row.modality or Modality.LED),
        heard_at=row.first_heard_at,
        started=started_of(row),
        recorded=row.recorded,
        regimen=_version(row),
        program=row.program,
        zones=tuple(Zone(zone) for zone in row.zones),
        planned=None if row.planned_s is None else timedelta(seconds=row.planned_s),
        active=timedelta(seconds=row.active_s or 0),
        elapsed=timedelta(seconds=row.elapsed_s or 0),
        dose=None if row.dose_value is None or row.dose_unit is None else Quantity(row.dose_value, Unit(row.dose_unit)),
        output_level=sums.level,
        highest_skin_celsius=row.highest_skin_celsius,
        cem43_min=_cem43(sums),
        wear=_wear(sums),
        end_reason=None if row.end_reason is None else EndReason(row.end_reason),
        faults=tuple(Fault(name) for name in sums.faults),
        firmware=sums.firmware,
        impedance_ohm=sums.impedance_ohm,
        gateway=GatewayId(row.gateway_id),
    )


def _unsummed() -> SessionSumRow:
    """Of a session that no check has summed up yet."""
    return SessionSumRow(seen_fraction=0, faults=[])


def _version(row: SessionRow) -> RegimenVersion | None:
    if row.regimen_id is None or row.regimen_version is None:
        return None
    return RegimenVersion(id=RegimenId(row.regimen_id), version=row.regimen_version)


def _cem43(sums: SessionSumRow) -> Between | None:
    low, high = sums.cem43_low_min, sums.cem43_high_min
    return None if low is None else Between(low=low, high=inf if high is None else high)


def _wear(sums: SessionSumRow) -> WearSigns:
    return WearSigns(
        contact_fraction=sums.contact_fraction,
        moving_fraction=sums.moving_fraction,
        eye_shield_fraction=sums.eye_shield_fraction,
        skin_rise_celsius=sums.skin_rise_celsius,
        seen_fraction=sums.seen_fraction,
    )


def _in_force(session: Session, key: CourseKey) -> Iterator[InForce]:
    """Each version of each regimen, until the next of them or the regimen's end."""
    query = (
        select(RegimenRow, RegimenVersionRow)
        .join(RegimenVersionRow, RegimenVersionRow.regimen_id == RegimenRow.id)
        .where(RegimenRow.clinic_id == key.clinic, RegimenRow.patient_id == key.patient)
        .order_by(RegimenVersionRow.from_at, RegimenVersionRow.version)
    )
    versions: defaultdict[RegimenId, list[tuple[RegimenRow, RegimenVersionRow]]] = defaultdict(list)
    for row, version in session.execute(query):
        versions[RegimenId(row.id)].append((row, version))
    for of_regimen in versions.values():
        begins = [version.from_at for _, version in of_regimen[1:]]
        for (row, version), next_at in zip(of_regimen, [*begins, None], strict=True):
            yield InForce(
                regimen=read_regimen(version, row.modality),
                from_at=version.from_at,
                until_at=min((at for at in (next_at, row.ended_at) if at is not None), default=None),
            )


def _excuses(session: Session, key: CourseKey) -> Iterator[Excuse]:
    mine = (ExcuseRow.clinic_id == key.clinic, ExcuseRow.patient_id == key.patient, ExcuseRow.withdrawn_at.is_(None))
    for row in session.scalars(select(ExcuseRow).where(*mine).order_by(ExcuseRow.from_at)):
        during = Interval(from_at=row.from_at, until_at=row.until_at)
        yield Excuse(during=during, modality=None, because=row.because)


def _devices(session: Session, key: CourseKey, sessions: Iterable[_Summed]) -> Iterator[CourseDevice]:
    mine = (AssignmentRow.clinic_id == key.clinic, AssignmentRow.patient_id == key.patient)
    given: defaultdict[str, list[Interval]] = defaultdict(list)
    for row in session.scalars(select(AssignmentRow).where(*mine).order_by(AssignmentRow.from_at)):
        given[row.device_uid].append(Interval(from_at=row.from_at, until_at=row.until_at))
    serials, readings = _serials(session, key, list(given)), clock_readings(sessions)
    of_clinic = (DeviceRow.clinic_id == key.clinic, DeviceRow.uid.in_(list(given)))
    for device in session.scalars(select(DeviceRow).where(*of_clinic).order_by(DeviceRow.uid)):
        known = _device(session, device, given[device.uid])
        steps = clock_steps(session, known, key.clinic, readings.get(known.uid, ()))
        yield replace(known, serials=serials[device.uid], clock_steps=steps)


def _serials(session: Session, key: CourseKey, devices: Sequence[str]) -> Mapping[str, tuple[SerialGiven, ...]]:
    row = DeviceSerialRow
    mine = (row.clinic_id == key.clinic, row.device_uid.in_(devices))
    found: defaultdict[str, tuple[SerialGiven, ...]] = defaultdict(tuple)
    for one in session.scalars(select(row).where(*mine).order_by(row.first_at, row.serial)):
        found[one.device_uid] += (SerialGiven(serial=one.serial, first_at=one.first_at),)
    return found


def _modality(session: Session, row: DeviceRow) -> Modality:
    """As it says itself; until it has, as its sessions say."""
    theirs = (SessionRow.clinic_id == row.clinic_id, SessionRow.device_uid == row.uid, SessionRow.modality.is_not(None))
    said = row.modality or session.scalar(select(SessionRow.modality).where(*theirs).limit(1))
    return Modality(said or Modality.LED)


def _device(session: Session, row: DeviceRow, given: Iterable[Interval]) -> CourseDevice:
    return CourseDevice(
        uid=DeviceUid(row.uid),
        modality=_modality(session, row),
        model=row.model,
        serial=row.serial,
        firmware=row.firmware,
        features=tuple(Feature(name) for name in row.features or ()),
        outputs=outputs_of(session, row),
        given=tuple(given),
        proof=proof_of(session, row),
        heard_at=row.heard_at,
        said=None if row.state is None else DeviceState(row.state),
        recalled_firmware=recalled_on(session, row),
        calibration=Calibration(dose_fraction=row.dose_uncertainty_fraction, skin_celsius=row.skin_uncertainty_celsius),
    )
