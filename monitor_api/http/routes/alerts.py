"""Alerts: list, read, take on."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from alerts.life import State
from monitor_api.http.deeds.alerts import acknowledge_alert
from monitor_api.http.describing import told
from monitor_api.http.paging import Page, Wanted
from monitor_api.http.policy import Permission
from monitor_api.http.queries import alerts as queries
from monitor_api.http.queries.alerts import AlertsWanted, SeenAlert
from monitor_api.http.routes import examples
from monitor_api.http.visits import Visit, needs
from vocabulary.identity import AlertId, PatientId
from vocabulary.severity import Severity

routes = APIRouter(prefix="/alerts", tags=["alerts"])


def _which(state: State | None = None, severity: Severity | None = None, patient: UUID | None = None) -> AlertsWanted:
    return AlertsWanted(state=state, severity=severity, patient=None if patient is None else PatientId(patient))


@routes.get("", **told("List alerts", examples.page(examples.ALERT)))
def list_alerts(
    visit: Annotated[Visit, needs(Permission.SEE_ALERTS)],
    which: Annotated[AlertsWanted, Depends(_which)],
    wanted: Wanted,
) -> Page[SeenAlert]:
    """The clinic's alerts, newest first."""
    with visit.reading() as session:
        return queries.alerts(session, visit.caller, which, wanted)


@routes.get("/{alert_id}", **told("Read an alert", examples.ALERT))
def read_alert(visit: Annotated[Visit, needs(Permission.SEE_ALERTS)], alert_id: UUID) -> SeenAlert:
    """One alert with what its rule tells a physician."""
    with visit.reading() as session:
        found = queries.alert(session, visit.caller, AlertId(alert_id))
    visit.saw(found.patient_id)
    return found


@routes.post("/{alert_id}/acknowledge", **told("Take an alert on", examples.ALERT, 409))
def acknowledge(visit: Annotated[Visit, needs(Permission.ACKNOWLEDGE)], alert_id: UUID) -> SeenAlert:
    """Take an alert on in one's own name. Who comes second is told so."""
    with visit.writing() as writing:
        return acknowledge_alert(writing, AlertId(alert_id))
