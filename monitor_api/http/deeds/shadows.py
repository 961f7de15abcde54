"""Hold a candidate in the shadow of what holds now, and end that."""

from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import delete, select

from clinical.figures import differing
from monitor_api.cohorts.candidate import AskedCandidate
from monitor_api.http.deeds.writing import Writing
from monitor_api.http.errors import Conflict, Unacceptable
from monitor_api.http.queries.scope import in_clinic
from monitor_api.http.queries.shadows import SeenShadow, seen_shadow, shadow_row
from monitor_api.http.wanted import Body, Text, shown
from monitor_api.records.people import PatientRow
from monitor_api.records.practices import practice_of
from monitor_api.records.shadows import LASTS, ShadowPatientRow, ShadowRow, shadow_rows
from monitor_api.records.trail import ChangeKind

AT_ONCE: Final = 3
"""Candidates in the shadow side by side, in one clinic."""

KEPT: Final = 20
"""Shadows of a clinic that are kept; the oldest that has ended goes when one more begins."""


class NewShadow(Body):
    """A candidate, and what is to be learned of it."""

    model_config = shown(
        because="Fewer calls for one missed evening?",
        candidate={"figures": {"silence_intervals": 2}, "limits": {"rf": {"rest_h": 20}}},
    )

    because: Text
    candidate: AskedCandidate


def start_shadow(writing: Writing, wanted: NewShadow) -> SeenShadow:
    """Hold a candidate beside what holds, from now on. Nobody is called by it.

    Raises CandidateRefused with every reason at once, Unacceptable when it names a patient who is not the clinic's,
    Conflict while as many run as may.
    """
    session, clinic = writing.session, writing.caller.clinic
    wanted.candidate.candidate(differing(practice_of(session, clinic, writing.now)))
    _check_patients(writing, wanted.candidate)
    rows = shadow_rows(session, clinic)
    ended = [row for row in rows if row.ended_at is not None]
    running = len(rows) - len(ended)
    if running >= AT_ONCE:
        raise Conflict(f"{AT_ONCE} candidates are in the shadow already", remedy="End one, then start this one.")
    _forget(writing, ended[KEPT - 1 - running :])
    row = ShadowRow(
        id=uuid4(),
        clinic_id=clinic,
        because=wanted.because,
        candidate=wanted.candidate.model_dump(mode="json", exclude_defaults=True),
        from_at=writing.now,
        until_at=writing.now + LASTS,
        started_by=writing.caller.id,
        ended_at=None,
        ended_by=None,
    )
    session.add(row)
    session.flush()
    _tell(writing, row, "shadow started")
    return seen_shadow(session, row, writing.now)


def end_shadow(writing: Writing, which: UUID) -> SeenShadow:
    """End it; what it found stays. One that is ended stays as it is. Raises NotThere."""
    row = shadow_row(writing.session, writing.caller, which)
    if row.ended_at is None:
        row.ended_at, row.ended_by = min(writing.now, row.until_at), writing.caller.id
        _tell(writing, row, "shadow ended")
    return seen_shadow(writing.session, row, writing.now)


def _check_patients(writing: Writing, candidate: AskedCandidate) -> None:
    asked = {f"body.candidate.limits.{one}.patient": limits.patient for one, limits in candidate.limits.items()}
    wanted = {one for one in asked.values() if one is not None}
    mine = select(PatientRow.id).where(PatientRow.id.in_(wanted), *in_clinic(writing.caller, PatientRow.clinic_id))
    unknown = wanted - set(writing.session.scalars(mine))
    if unknown:
        reasons = {where: "no patient of this clinic has this id" for where, one in asked.items() if one in unknown}
        raise Unacceptable("The candidate names somebody who is not there", reasons=reasons)


def _forget(writing: Writing, rows: list[ShadowRow]) -> None:
    for row in rows:
        writing.session.execute(delete(ShadowPatientRow).where(ShadowPatientRow.shadow_id == row.id))
        writing.session.delete(row)


def _tell(writing: Writing, row: ShadowRow, action: str) -> None:
    writing.leave_trail(action, ("shadow", row.id), because=row.because, candidate=row.candidate)
    writing.announce(ChangeKind.SHADOW, row.id)
