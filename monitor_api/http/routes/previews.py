"""Try a prescription on what was, before it is signed."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from monitor_api.http.describing import told
from monitor_api.http.policy import Permission
from monitor_api.http.queries.previews import RegimenPreview, Stored, TriedRegimen, regimen_preview
from monitor_api.http.routes import course_examples as examples
from monitor_api.http.visits import Visit, needs
from vocabulary.identity import PatientId

routes = APIRouter(tags=["regimens"])


@routes.post(
    "/patients/{patient_id}/regimen-preview", **told("Try a prescription on the last 90 days", examples.PREVIEW)
)
def preview_regimen(
    visit: Annotated[Visit, needs(Permission.PRESCRIBE)], patient_id: UUID, wanted: TriedRegimen
) -> RegimenPreview:
    """Whom it would have called over this patient, beside what did, as though it had held then. Nothing is changed.

    It stands in the place of each version of its modality, from the same day on; where there was none, from the first
    of these days. 30 a minute.
    """
    visit.api.pace.work(str(visit.caller.id))
    with visit.reading() as session:
        stored = Stored(session=session, telemetry=visit.parts.telemetry, caller=visit.caller, now=visit.now)
        found = regimen_preview(stored, PatientId(patient_id), wanted)
    visit.saw(found.patient_id)
    return found
