"""One patient as a physician sees them: what calls for somebody, a session in full, and how things stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from markupsafe import Markup
from sqlalchemy.orm import Session

from monitor_api.http.errors import NotThere
from monitor_api.http.paging import PageWanted
from monitor_api.http.queries.alerts import AlertsWanted, alerts
from monitor_api.http.queries.briefs import Version
from monitor_api.http.queries.drafts import SeenDraft, drafts
from monitor_api.http.queries.ledgers import ledgers
from monitor_api.http.queries.patients import Patient
from monitor_api.http.queries.regimens import SeenVersion, regimen_detail, regimens
from monitor_api.http.queries.sessions import SessionsWanted, session_detail, session_details
from monitor_api.http.queries.users import names
from monitor_api.screens.course import CourseView, course_view
from monitor_api.screens.histories import DAYS, History, history_of
from monitor_api.screens.orders import OrderDesk, order_desk
from monitor_api.screens.page import Page
from monitor_api.screens.progress import Told, tell
from monitor_api.screens.regimen import looking
from monitor_api.screens.session_chart import chart_of
from monitor_api.screens.strip import Cell, strip
from monitor_api.screens.timeline import Happening, timeline
from monitor_api.screens.triage import Attention, Week, in_words, weeks
from monitor_api.sessions.ledger import MissingSessions
from vocabulary.identity import DeviceUid, PatientId, SessionId

LISTED: Final = 12
"""Sessions on a page."""

LATEST: Final = PageWanted(cursor=None, limit=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Whose page, which session in full (None: the one that matters most), and from which on sessions are listed."""

    patient: PatientId
    session: SessionId | None
    older: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientView:
    """All that the page shows. `older` is the cursor of the sessions that are not listed, None when there are none."""

    history: History
    attention: Attention
    cells: tuple[Cell, ...]
    weeks: tuple[Week, ...]
    course: CourseView
    sessions: tuple[Told, ...]
    older: str | None
    missing: dict[DeviceUid, tuple[MissingSessions, ...]]
    orders: tuple[OrderDesk, ...]
    happenings: tuple[Happening, ...]
    versions: dict[Version, SeenVersion]
    drafts: tuple[SeenDraft, ...]
    shown: Told | None
    chart: Markup | None

    @property
    def patient(self) -> Patient:
        """Who it is."""
        return self.history.patient

    @property
    def summary(self) -> str:
        """The days in words."""
        return in_words(self.cells)

    @property
    def held(self) -> bool:
        """Whether any device of theirs is held."""
        return bool(self.history.held)

    def orders_of(self, device: DeviceUid) -> OrderDesk | None:
        """The desk of one of their devices."""
        return next((one for one in self.orders if one.device.uid == device), None)

    @property
    def zone(self) -> ZoneInfo:
        """Where they live: all times on the page are theirs."""
        return self.history.zone


def view_patient(page: Page, session: Session, wanted: Wanted) -> PatientView:
    """Read a patient. Raises NotThere for a patient or a session that is not there, or not theirs."""
    caller, now, who = page.visit.caller, page.visit.now, wanted.patient
    history = history_of(session, caller, who, now)
    attention = Attention.to(history.alerts)
    listed = session_details(
        session, caller, SessionsWanted(patient=who), PageWanted(cursor=wanted.older, limit=LISTED)
    )
    told = tuple(tell(one, now) for one in listed.items)
    shown = _shown(page, session, wanted, _first(attention, told))
    look = looking(page, session)
    prescribed = regimens(look, who, LATEST).items
    by = names(session, caller, [one.newest.prescriber_id for one in prescribed])
    latest = alerts(session, caller, AlertsWanted(patient=who), LATEST).items
    return PatientView(
        history=history,
        attention=attention,
        cells=strip(history.days.last(DAYS, now), history.record),
        weeks=weeks(history, now),
        course=course_view(page, session, who),
        sessions=told,
        older=listed.next,
        missing={one.uid: one.missing for one in ledgers(session, caller, (device.uid for device in history.devices))},
        orders=tuple(desk for one in history.devices if (desk := order_desk(page, session, one, history.zone))),
        happenings=tuple(timeline(latest, prescribed, by)),
        versions={
            (one.regimen.id, one.regimen.version): seen
            for one in history.in_force
            for seen in regimen_detail(look, one.regimen.id).versions
            if seen.version == one.regimen.version
        },
        drafts=drafts(session, caller, who, LATEST).items,
        shown=shown,
        chart=chart_of(page, session, shown.detail) if shown else None,
    )


def _first(attention: Attention, sessions: Sequence[Told]) -> SessionId | None:
    """The session that calls for somebody, else the newest: what weeks show may be of no one session."""
    if attention.worst and attention.worst.session_id:
        return attention.worst.session_id
    return sessions[0].session.id if sessions else None


def _shown(page: Page, session: Session, wanted: Wanted, otherwise: SessionId | None) -> Told | None:
    which = wanted.session or otherwise
    if which is None:
        return None
    detail = session_detail(session, page.visit.caller, which)
    if detail.session.patient_id == wanted.patient:
        return tell(detail, page.visit.now)
    if wanted.session:
        raise NotThere
    return None
