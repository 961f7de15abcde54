"""A session's chart as a fragment of a page: read from the stores, drawn once for each thing that is known of it."""

from datetime import datetime

from markupsafe import Markup
from sqlalchemy.orm import Session

from clinical.regimen import Regimen
from monitor_api.http.queries.sessions import SessionDetail
from monitor_api.records.regimens import phase_days, read_regimen
from monitor_api.records.sessions import RegimenRow, RegimenVersionRow
from monitor_api.screens.chart.reading import Told, read_chart
from monitor_api.screens.drawing import draw
from monitor_api.screens.page import Page
from monitor_api.sessions.assembly import assemble
from monitor_api.sessions.evidence import gather
from monitor_api.telemetry.series import SeriesKey
from vocabulary.quantities import Quantity


def chart_of(page: Page, session: Session, detail: SessionDetail) -> Markup:
    """The chart of a session that the caller may see. It is drawn anew only after its session was checked anew."""
    one = detail.session
    key = SeriesKey(clinic=page.visit.caller.clinic, session=one.id)
    return page.memory.charts.get((key, one.checked_at, one.heard_at), lambda: _draw(page, session, detail, key))


def _draw(page: Page, session: Session, detail: SessionDetail, key: SeriesKey) -> Markup:
    evidence = gather(session, page.visit.parts.telemetry, key)
    account = assemble(evidence)
    row = _held_against(session, detail)
    regimen = read_regimen(row, account.modality) if row else None
    at = account.started.at if account.started else evidence.first_heard_at
    told = Told(
        evidence=evidence,
        account=account,
        regimen=regimen,
        dose=_dose_at(session, row, regimen, at) if row and regimen else None,
        findings=detail.findings,
    )
    chart = read_chart(told)
    return Markup(draw("chart.html", chart=chart))  # noqa: S704 - a template that escapes made it


def _held_against(session: Session, detail: SessionDetail) -> RegimenVersionRow | None:
    held = detail.session.regimen
    return session.get(RegimenVersionRow, (held.regimen_id, held.version)) if held else None


def _dose_at(session: Session, row: RegimenVersionRow, regimen: Regimen, at: datetime) -> Quantity:
    """The dose of the phase in which the session began."""
    patient = session.get_one(RegimenRow, row.regimen_id).patient_id
    return phase_days(session, patient, row, regimen, now=at).near(at).dose
