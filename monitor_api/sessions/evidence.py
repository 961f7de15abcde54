"""Everything that is stored of one session, before any conclusion."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinical.facts import Calibration, DeviceFacts
from device_drivers.families import family
from monitor_api.records.devices import DeviceRow
from monitor_api.records.sessions import GapRow, RecordRow, SessionRow
from monitor_api.sessions.boots import Sighting
from monitor_api.sessions.calibrations import outputs_of
from monitor_api.sessions.contacts import find_contacts
from monitor_api.sessions.order import bounds_by_counter
from monitor_api.sessions.placing import Bounds, Contact
from monitor_api.telemetry.port import Telemetry
from monitor_api.telemetry.series import Series, SeriesKey
from vocabulary.devices import Feature, Modality
from vocabulary.identity import DeviceUid
from vocabulary.readings import SessionRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """What is known of the device that a session is of."""

    uid: DeviceUid
    modality: Modality | None
    features: tuple[Feature, ...]
    calibration: Calibration
    known: DeviceFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is stored of one session; `gaps` are first and last sample numbers, `records` in the order they came.

    All instants are in the service's time. `began_by`: what the samples say that it began no later than, one for each
    boot of a gateway that received some. `recorded`: when a gateway had the first of the records. `anchors`: of the
    device's ticks, around the start. `between`: the contacts that it lies between; `order`: the sessions counted before
    and after it.
    """

    key: SeriesKey
    device: Device
    first_heard_at: datetime
    began_by: tuple[Sighting, ...]
    records: tuple[SessionRecord, ...]
    recorded: Sighting | None
    gaps: tuple[tuple[int, int], ...]
    anchors: tuple[Contact, ...]
    between: Bounds
    order: Bounds
    series: Series


def gather(session: Session, telemetry: Telemetry, key: SeriesKey) -> Evidence:
    """Read what is stored of a session. Raises sqlalchemy's NoResultFound when there is no such session."""
    row = session.get_one(SessionRow, (key.clinic, key.session))
    mine = (key.clinic, key.session)
    records = session.scalars(
        select(RecordRow)
        .where(RecordRow.clinic_id == mine[0], RecordRow.session_id == mine[1])
        .order_by(RecordRow.stored_at, RecordRow.content)
    ).all()
    read = tuple(family(record.family).read_record(record.data) for record in records)
    gaps = session.scalars(select(GapRow).where(GapRow.clinic_id == mine[0], GapRow.session_id == mine[1]))
    contacts = find_contacts(session, row, next(iter(records), None), next(iter(read), None))
    return Evidence(
        key=key,
        device=_device(session, session.get(DeviceRow, (key.clinic, row.device_uid)), DeviceUid(row.device_uid)),
        first_heard_at=row.first_heard_at,
        began_by=contacts.began_by,
        records=read,
        recorded=contacts.recorded,
        gaps=tuple((gap.first, gap.last) for gap in gaps),
        anchors=contacts.anchors,
        between=contacts.between,
        order=bounds_by_counter(session, row),
        series=telemetry.series(key),
    )


def _device(session: Session, row: DeviceRow | None, uid: DeviceUid) -> Device:
    return Device(
        uid=uid,
        modality=Modality(row.modality) if row and row.modality else None,
        features=tuple(Feature(name) for name in (row.features if row else None) or ()),
        calibration=Calibration(
            dose_fraction=row.dose_uncertainty_fraction if row else None,
            skin_celsius=row.skin_uncertainty_celsius if row else None,
        ),
        known=DeviceFacts(
            outputs=outputs_of(session, row) if row else (),
        ),
    )
