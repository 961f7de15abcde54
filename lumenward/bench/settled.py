"""Patients for simulated homes in the records store: each has the home's device and a regimen for it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

from clinical.plan import Phase, Timing
from clinical.regimen import NO_LIMITS, Prescription
from lumenward.bench.homes import CLINIC, Home
from monitor_api.records.columns import Table
from monitor_api.records.database import Database
from monitor_api.records.devices import AssignmentRow, DeviceRow
from monitor_api.records.people import PatientRow
from monitor_api.records.regimens import write_regimen
from monitor_api.records.sessions import RegimenRow, RegimenVersionRow
from vocabulary.devices import Modality
from vocabulary.quantities import Quantity, Unit

SINCE: Final = timedelta(days=35)
"""How long everybody has been with the clinic."""

_DOSES: Final = {
    Modality.LED: Quantity(18.0, Unit.JOULE_PER_CM2),
    Modality.RF: Quantity(1800.0, Unit.JOULE),
}


def settle(database: Database, homes: list[Home], modality: Modality) -> None:
    """Give each home a patient, the device to the patient, and the patient a regimen of five sessions a week."""
    since = datetime.now(UTC) - SINCE
    for kind in zip(*(_rows(home, modality, since) for home in homes), strict=True):
        with database.write() as session:
            session.add_all(kind)


def _rows(home: Home, modality: Modality, since: datetime) -> Iterator[Table]:
    """A home's rows, those first that others point to."""
    patient, regimen = uuid5(CLINIC, home.gateway), uuid5(CLINIC, f"{home.gateway} regimen")
    yield PatientRow(
        id=patient, clinic_id=CLINIC, name=home.gateway, reference="1", born=None, zone="UTC", created_at=since
    )
    yield DeviceRow(
        clinic_id=CLINIC,
        uid=home.device,
        gateway_id=home.gateway,
        modality=modality,
        heard_at=since,
        first_seen_at=since,
    )
    yield AssignmentRow(
        id=uuid5(CLINIC, f"{home.gateway} assignment"),
        clinic_id=CLINIC,
        device_uid=home.device,
        patient_id=patient,
        from_at=since,
        until_at=None,
    )
    yield RegimenRow(
        id=regimen, clinic_id=CLINIC, patient_id=patient, modality=modality, created_at=since, ended_at=None
    )
    yield _version(regimen, modality, since)


def _version(regimen: UUID, modality: Modality, since: datetime) -> RegimenVersionRow:
    timing = Timing(frequency=5, period=timedelta(days=7), weekdays=())
    phase = Phase(lasts=None, timing=timing, duration=timedelta(minutes=10), dose=_DOSES[modality])
    return RegimenVersionRow(
        regimen_id=regimen,
        version=1,
        from_at=since,
        prescriber_id=UUID(int=1),
        body=write_regimen(Prescription(modality=modality, phases=(phase,), limits=NO_LIMITS)),
        signed_at=since,
    )
