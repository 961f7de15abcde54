"""Patients: list, read, add."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from monitor_api.http.deeds import patients as deeds
from monitor_api.http.deeds.patients import NewPatient
from monitor_api.http.deeds.writing import Writing
from monitor_api.http.describing import told
from monitor_api.http.paging import Page, Wanted
from monitor_api.http.policy import Permission
from monitor_api.http.queries import patients as queries
from monitor_api.http.queries.patients import Patient
from monitor_api.http.replays import Created, create
from monitor_api.http.routes import examples
from monitor_api.http.visits import Visit, creates, needs
from vocabulary.identity import PatientId

routes = APIRouter(prefix="/patients", tags=["patients"])


@routes.get("", **told("List patients", examples.page(examples.PATIENT)))
def list_patients(visit: Annotated[Visit, needs(Permission.SEE_PATIENTS)], wanted: Wanted) -> Page[Patient]:
    """The clinic's patients, in the order in which they were added; for a patient, themselves."""
    with visit.reading() as session:
        return queries.patients(session, visit.caller, wanted)


@routes.post("", response_model=Patient, **told("Add a patient", examples.PATIENT, status=201))
def add_patient(visit: Annotated[Visit, creates(Permission.ADD_PATIENTS)], wanted: NewPatient) -> Response:
    """Add a patient to the clinic."""

    def deed(writing: Writing) -> Created:
        made = deeds.add_patient(writing, wanted)
        return Created(thing=made, id=made.id)

    return create(visit, wanted, deed)


@routes.get("/{patient_id}", **told("Read a patient", examples.PATIENT))
def read_patient(visit: Annotated[Visit, needs(Permission.SEE_PATIENTS)], patient_id: UUID) -> Patient:
    """One patient. Reading leaves an entry in the trail, once an hour."""
    with visit.reading() as session:
        found = queries.patient(session, visit.caller, PatientId(patient_id))
    visit.saw(found.id)
    return found
