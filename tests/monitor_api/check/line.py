"""A service whose worker and checker a test drives by hand."""

import binascii
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from msgspec import structs
from sqlalchemy import select, update

from monitor_api.records.attention import AlertRow, FindingRow
from monitor_api.records.devices import AssignmentRow, DeviceRow
from monitor_api.records.people import PatientRow
from monitor_api.records.regimens import write_regimen
from monitor_api.records.sessions import DueRow, RegimenVersionRow, SessionRow
from monitor_api.sessions.due import mark_due
from tests.records import RECORD, rf_record
from tests.service import (
    CLINIC,
    GATEWAY,
    PATIENT,
    REGIMEN,
    RF_REGIMEN,
    UID,
    FakeBroker,
    Sealer,
    checker_of,
    found,
    key_of,
    open_service,
    rf_device,
    rows,
    worker_of,
)
from vocabulary.identity import DeviceUid
from vocabulary.wire.batches import Gap, SeenDevice, StoredRecord

OTHER_PATIENT = UUID(int=20)
ALL_SAMPLES_LOST = Gap(device=UID, counter=1, first=0, last=239)
HOUR = timedelta(hours=1)
SECOND_DEVICE = DeviceUid("00112233445566ff")


def ago(hours: float) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) - hours * HOUR


def stored(data: bytes, device=UID) -> StoredRecord:
    return StoredRecord(device=device, family="hets/1", data=data, received_at=datetime.now(UTC))


def recorded(counter: int = 1, *, start: datetime, **changes) -> StoredRecord:
    return stored(rf_record(counter, start=start, **changes))


def seen(device: str) -> SeenDevice:
    """A second RF device as it says what it is."""
    return structs.replace(rf_device(), device=device)


def ticked_record(tick_s: int, timeline: int, counter: int = 1) -> bytes:
    """The record of a device without a clock: it began `tick_s` seconds into a timeline."""
    values = list(RECORD.unpack(rf_record(counter, start=ago(5))[:-2]))
    values[3:6] = timeline, tick_s.to_bytes(6, "little"), 0x01
    values[7] = 7
    frame = RECORD.pack(*values)
    return frame + struct.pack("<H", binascii.crc_hqx(frame, 0xFFFF))


class Line:
    """From a sealed batch to an alert, one step at a time."""

    def __init__(self, directory):
        self.stores = open_service(directory)
        found(self.stores)
        self.gateway, self.worker = Sealer(), worker_of(self.stores, directory)
        self.checker = checker_of(self.stores)

    def bring(self, *items):
        """Ingest one batch, and nothing else."""
        self.worker.handle([self.gateway.batch(*items)], FakeBroker(), lambda _: True)

    def check(self):
        """Check until nothing is due."""
        while self.checker.check_due():
            pass

    def know(self, *items):
        """Ingest one batch of our RF device, and check what it made due."""
        self.bring(rf_device(), *items)
        self.check()

    def mark(self, counter=1):
        with self.stores.database.write() as session:
            mark_due(session, [key_of(counter)], datetime.now(UTC))

    def session(self, counter=1):
        with self.stores.database.read() as session:
            return session.get_one(SessionRow, (CLINIC, key_of(counter).session))

    def alerts(self):
        return {(row.rule, row.session_id): row for row in rows(self.stores, AlertRow)}

    def alert(self, rule, counter=1):
        return self.alerts().get((rule, key_of(counter).session))

    def finding(self, rule, counter=1):
        mine = {row.rule: row for row in rows(self.stores, FindingRow) if row.session_id == key_of(counter).session}
        return mine.get(rule)

    def due(self):
        return {row.session_id for row in rows(self.stores, DueRow)}

    def meet(self, patient):
        """A patient more, without a regimen."""
        with self.stores.database.write() as session:
            session.add(
                PatientRow(
                    id=patient, clinic_id=CLINIC, name="Q", reference="2", born=None, zone="UTC", created_at=ago(999)
                )
            )

    def add_device(self, uid, patient=PATIENT):
        """Another device of a patient."""
        with self.stores.database.write() as session:
            session.add(
                DeviceRow(clinic_id=CLINIC, uid=uid, gateway_id=GATEWAY, heard_at=ago(0), first_seen_at=ago(99))
            )
            session.flush()
            session.add(assignment(uid, patient))

    def prescribe(self, **changes):
        """The regimen as it is, but for what is changed."""
        with self.stores.database.write() as session:
            row = session.get_one(RegimenVersionRow, (REGIMEN, 1))
            row.body = write_regimen(replace(RF_REGIMEN, **changes))

    def reassign(self, uid, patient):
        """Say that a device was always another patient's; its sessions are due, as the deed of the API makes them."""
        with self.stores.database.write() as session:
            session.execute(update(AssignmentRow).where(AssignmentRow.device_uid == uid).values(patient_id=patient))
            ids = session.scalars(select(SessionRow.id).where(SessionRow.device_uid == uid))
            known = {key_of(counter).session: key_of(counter) for counter in range(1, 10)}
            mark_due(session, [known[one] for one in ids], datetime.now(UTC))


def assignment(uid, patient):
    return AssignmentRow(
        id=UUID(int=int(uid, 16)),
        clinic_id=CLINIC,
        device_uid=uid,
        patient_id=patient,
        from_at=ago(900),
        until_at=None,
    )


@contextmanager
def new_lines(directory: Path) -> Iterator[Callable[[], Line]]:
    """Makes lines, each with stores of its own, until the block ends."""
    made: list[Line] = []

    def make() -> Line:
        place = directory / str(len(made))
        place.mkdir()
        made.append(Line(place))
        return made[-1]

    yield make
    for line in made:
        line.stores.close()
