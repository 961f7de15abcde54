"""Phases of a stored version: they turn when a therapy day starts, at the hour that the clinic had decided on."""

from contextlib import closing
from datetime import UTC, datetime, timedelta

from clinical.regimen import NO_LIMITS, Prescription
from monitor_api.records.practices import PracticeRow
from monitor_api.records.regimens import phase_days
from monitor_api.records.sessions import RegimenVersionRow
from tests.regimens import weekly
from tests.service import CLINIC, PATIENT, found, open_service
from vocabulary.devices import Modality
from vocabulary.quantities import Quantity, Unit

SIGNED, HOUR = datetime(2026, 3, 2, 9, tzinfo=UTC), timedelta(hours=1)


def test_a_version_is_over_at_the_hour_at_which_days_start_for_the_clinic_as_of_then(data):
    planned = weekly(3, timedelta(minutes=8), Quantity(1800.0, Unit.JOULE), 1)
    prescribed = Prescription(modality=Modality.RF, phases=(planned,), limits=NO_LIMITS)
    version, decided_at = RegimenVersionRow(version=1, from_at=SIGNED), SIGNED + 24 * HOUR
    with closing(open_service(data)) as stores:
        found(stores)
        with stores.database.write() as session:
            decision = {"version": 1, "figures": {"day_starts_hour": 1}, "from_at": decided_at, "decided_by": PATIENT}
            session.add(PracticeRow(clinic_id=CLINIC, **decision))
            session.flush()
            hours = [
                phase_days(session, PATIENT, version, prescribed, now=decided_at + later).over_at.hour
                for later in (-HOUR, HOUR)
            ]
    assert hours == [4, 1]
