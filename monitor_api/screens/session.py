"""One session by itself, with what it calls somebody for."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from markupsafe import Markup
from sqlalchemy.orm import Session

from monitor_api.http.errors import NotThere
from monitor_api.http.policy import Permission
from monitor_api.http.queries.alerts import AlertsWanted, alerts
from monitor_api.http.queries.clinics import own_clinic
from monitor_api.http.queries.devices import Device, device
from monitor_api.http.queries.patients import Patient, patient
from monitor_api.http.queries.sessions import SessionSummary, session_detail
from monitor_api.http.queries.triage import EVERY, prescribed
from monitor_api.screens.orders import OrderDesk, order_desk
from monitor_api.screens.page import Page
from monitor_api.screens.plain import PlainSession, plain_session
from monitor_api.screens.progress import Progress, Told, tell
from monitor_api.screens.session_chart import chart_of
from monitor_api.screens.triage import Attention
from vocabulary.identity import SessionId


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionView:
    """All that the page shows; `patient` is None for who may not see patients, and for a device that is nobody's.

    `orders` is there while it runs, for who may see them. `plainly` is the session in plain words, for the patient
    whose it is; None for everybody else.
    """

    told: Told
    patient: Patient | None
    device: Device | None
    orders: OrderDesk | None
    zone: ZoneInfo
    attention: Attention
    plainly: PlainSession | None
    chart: Markup

    @property
    def session(self) -> SessionSummary:
        """Its facts."""
        return self.told.session


def view_session(page: Page, session: Session, which: SessionId) -> SessionView:
    """Read a session. Raises NotThere."""
    caller, detail = page.visit.caller, session_detail(session, page.visit.caller, which)
    whose = detail.session.patient_id if Permission.SEE_PATIENTS in caller.permissions else None
    somebody = None if whose is None else patient(session, caller, whose)
    found = alerts(session, caller, AlertsWanted(session=which), EVERY).items
    zone = ZoneInfo(somebody.zone if somebody else own_clinic(session, caller).zone)
    told, its_device = tell(detail, page.visit.now), _device(page, session, detail.session)
    running = told.progress is Progress.RUNNING
    return SessionView(
        told=told,
        patient=somebody,
        device=its_device,
        orders=order_desk(page, session, its_device, zone) if its_device and running else None,
        zone=zone,
        attention=Attention.to(found if Permission.SEE_ALERTS in caller.permissions else ()),
        plainly=_plainly(page, session, detail.session),
        chart=chart_of(page, session, detail),
    )


def _plainly(page: Page, session: Session, of: SessionSummary) -> PlainSession | None:
    me = page.visit.caller.patient
    return (
        None
        if me is None
        else plain_session(of, prescribed(session, page.visit.caller, me, page.visit.now), page.visit.now)
    )


def _device(page: Page, session: Session, of: SessionSummary) -> Device | None:
    """The device; None for a patient whose it no longer is."""
    try:
        return device(session, page.visit.caller, of.device_uid, page.visit.now)
    except NotThere:
        return None
