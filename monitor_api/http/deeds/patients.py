"""Add a patient."""

from typing import Annotated
from uuid import uuid4

from pydantic import Field

from monitor_api.http.deeds.rechecking import reconsider
from monitor_api.http.deeds.writing import Writing
from monitor_api.http.queries.patients import Patient, seen
from monitor_api.http.wanted import Body, Text, Word, Zone, shown
from monitor_api.records.people import PatientRow
from monitor_api.records.trail import ChangeKind
from vocabulary.identity import PatientId


class NewPatient(Body):
    """A patient to add. `reference` is the clinic's own number for them, `born` the year."""

    model_config = shown(name="Ada Example", reference="P-1041", born=1968, zone="Europe/Berlin")

    name: Text
    reference: Word
    born: Annotated[int, Field(ge=1900, le=2100)] | None = None
    zone: Zone


def add_patient(writing: Writing, wanted: NewPatient) -> Patient:
    """Add a patient to the caller's clinic."""
    row = PatientRow(
        id=uuid4(),
        clinic_id=writing.caller.clinic,
        name=wanted.name,
        reference=wanted.reference,
        born=wanted.born,
        zone=wanted.zone,
        created_at=writing.now,
    )
    writing.session.add(row)
    writing.session.flush()
    reconsider(writing, PatientId(row.id))
    writing.leave_trail("patient added", ("patient", row.id))
    writing.announce(ChangeKind.PATIENT, row.id, row.id)
    return seen(row)
