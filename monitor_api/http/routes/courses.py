"""Courses: adherence and energy of a patient, and the facts that somebody has to say."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from monitor_api.http.deeds import courses as deeds
from monitor_api.http.deeds.courses import NewExcuse, Outputs, Recall, Skin
from monitor_api.http.deeds.writing import Writing
from monitor_api.http.describing import told
from monitor_api.http.policy import Permission
from monitor_api.http.queries import courses as queries
from monitor_api.http.queries.courses import PatientCourse, PatientEnergy
from monitor_api.http.queries.excuses import Excuses, SeenExcuse, excuses
from monitor_api.http.replays import Created, create
from monitor_api.http.routes import course_examples as examples
from monitor_api.http.visits import Visit, creates, needs
from monitor_api.http.wanted import UidPath
from vocabulary.identity import DeviceUid, PatientId

routes = APIRouter(tags=["courses"])


@routes.get("/patients/{patient_id}/course", **told("Read a patient's course", examples.COURSE))
def read_course(visit: Annotated[Visit, needs(Permission.SEE_COURSES)], patient_id: UUID) -> PatientCourse:
    """Adherence as intervals, how far the target is, the slots of the last weeks, and what rules found in them."""
    with visit.reading() as session:
        found = queries.patient_course(session, visit.caller, PatientId(patient_id), visit.now)
    visit.saw(found.patient_id)
    return found


@routes.get("/patients/{patient_id}/energy", **told("Read a patient's energy ledger", examples.ENERGY))
def read_energy(visit: Annotated[Visit, needs(Permission.SEE_COURSES)], patient_id: UUID) -> PatientEnergy:
    """What each zone took in the last day and week, by band, of all devices and makers together."""
    with visit.reading() as session:
        found = queries.patient_energy(session, visit.caller, PatientId(patient_id), visit.now)
    visit.saw(found.patient_id)
    return found


@routes.get("/patients/{patient_id}/excuses", **told("List excused times", examples.EXCUSES))
def list_excuses(visit: Annotated[Visit, needs(Permission.SEE_COURSES)], patient_id: UUID) -> Excuses:
    """The times for which a patient's planned sessions are excused, the latest first."""
    with visit.reading() as session:
        found = excuses(session, visit.caller, PatientId(patient_id))
    visit.saw(PatientId(patient_id))
    return found


@routes.post(
    "/patients/{patient_id}/excuses",
    response_model=SeenExcuse,
    **told("Excuse a patient for a time", examples.EXCUSE, 404, status=201),
)
def note_excuse(
    visit: Annotated[Visit, creates(Permission.NOTE_FACTS)], patient_id: UUID, wanted: NewExcuse
) -> Response:
    """Planned sessions of that time are excused: neither taken nor missed."""

    def deed(writing: Writing) -> Created:
        made = deeds.note_excuse(writing, PatientId(patient_id), wanted)
        return Created(thing=made, id=made.id, place=f"/api/v1/excuses/{made.id}")

    return create(visit, wanted, deed)


@routes.post("/excuses/{excuse_id}/withdraw", **told("Withdraw an excuse", examples.WITHDRAWN))
def withdraw_excuse(visit: Annotated[Visit, needs(Permission.NOTE_FACTS)], excuse_id: UUID) -> SeenExcuse:
    """Let an excuse count no more; what was noted stays."""
    with visit.writing() as writing:
        return deeds.withdraw_excuse(writing, excuse_id)


@routes.put("/patients/{patient_id}/skin", **told("Note what a patient answered of their skin", examples.SKIN))
def put_skin(visit: Annotated[Visit, needs(Permission.NOTE_FACTS)], patient_id: UUID, wanted: Skin) -> Skin:
    """Phototype, and whether a drug or a disorder makes light a danger."""
    with visit.writing() as writing:
        return deeds.note_skin(writing, PatientId(patient_id), wanted)


@routes.put("/devices/{uid}/outputs", **told("Say how a device was measured", examples.OUTPUTS))
def put_outputs(visit: Annotated[Visit, needs(Permission.CALIBRATE)], uid: UidPath, wanted: Outputs) -> Outputs:
    """Irradiance of each programme by band, and how far the device's dose and skin temperature may be off."""
    with visit.writing() as writing:
        return deeds.put_outputs(writing, DeviceUid(uid), wanted)


@routes.put("/recalls", **told("Recall a firmware", examples.RECALL))
def put_recall(visit: Annotated[Visit, needs(Permission.CALIBRATE)], wanted: Recall) -> Recall:
    """A firmware that is not to be used any more on devices of a model of this clinic."""
    with visit.writing() as writing:
        return deeds.recall_firmware(writing, wanted)
