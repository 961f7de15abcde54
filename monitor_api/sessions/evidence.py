"""Everything that is stored of one session, before any conclusion."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinical.facts import Calibration
from device_drivers.families import family
from monitor_api.records.devices import AnchorRow, DeviceRow
from monitor_api.records.sessions import GapRow, RecordRow, SessionRow
from monitor_api.telemetry.port import Telemetry
from monitor_api.telemetry.series import Series, SeriesKey
from vocabulary.devices import Feature, Modality
from vocabulary.identity import DeviceUid
from vocabulary.instants import Anchor, Tick
from vocabulary.readings import SessionRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """What is known of the device that a session is of."""

    uid: DeviceUid
    modality: Modality | None
    features: tuple[Feature, ...]
    calibration: Calibration


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is stored of one session; `gaps` are first and last sample numbers, `records` in the order they came.

    `recorded_at`: when a gateway had the first of the records.
    """

    key: SeriesKey
    device: Device
    first_heard_at: datetime
    live_start_at: datetime | None
    records: tuple[SessionRecord, ...]
    recorded_at: datetime | None
    gaps: tuple[tuple[int, int], ...]
    anchors: tuple[Anchor, ...]
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
    return Evidence(
        key=key,
        device=_device(session.get(DeviceRow, (key.clinic, row.device_uid)), DeviceUid(row.device_uid)),
        first_heard_at=row.first_heard_at,
        live_start_at=row.live_start_at,
        records=read,
        recorded_at=records[0].received_at if records else None,
        gaps=tuple((gap.first, gap.last) for gap in gaps),
        anchors=_anchors(session, row, read),
        series=telemetry.series(key),
    )


def _device(row: DeviceRow | None, uid: DeviceUid) -> Device:
    return Device(
        uid=uid,
        modality=Modality(row.modality) if row and row.modality else None,
        features=tuple(Feature(name) for name in (row.features if row else None) or ()),
        calibration=Calibration(
            dose_fraction=row.dose_uncertainty_fraction if row else None,
            skin_celsius=row.skin_uncertainty_celsius if row else None,
        ),
    )


def _anchors(session: Session, row: SessionRow, records: Iterable[SessionRecord]) -> tuple[Anchor, ...]:
    """The anchors on the timelines that the records count on."""
    timelines = {record.start.timeline for record in records if isinstance(record.start, Tick)}
    of_device = (AnchorRow.clinic_id == row.clinic_id, AnchorRow.device_uid == row.device_uid)
    found = session.scalars(select(AnchorRow).where(*of_device, AnchorRow.timeline.in_(timelines)))
    return tuple(
        Anchor(
            tick=Tick(timeline=anchor.timeline, since_start=timedelta(seconds=anchor.tick_s)),
            at=anchor.at,
            uncertainty=timedelta(seconds=anchor.uncertainty_s),
        )
        for anchor in found
    )
