"""Prescribe: a regimen's first version, the next one, and its end."""

from datetime import timedelta
from typing import Annotated, Final
from uuid import uuid4

from pydantic import Field, JsonValue
from sqlalchemy import ColumnElement, and_, exists, select

from clinical.regimen import NO_LIMITS, Limits, Regimen
from monitor_api.http.deeds.orders import follow_prescription
from monitor_api.http.deeds.rechecking import recheck
from monitor_api.http.deeds.writing import Writing
from monitor_api.http.errors import Conflict
from monitor_api.http.etags import check_match, etag
from monitor_api.http.queries.patients import patient_row
from monitor_api.http.queries.regimens import SeenRegimen, regimen_row, seen, version_rows
from monitor_api.http.wanted import Amount, Body, Instant, Number, Seconds, shown
from monitor_api.records.regimens import write_regimen
from monitor_api.records.sessions import RegimenRow, RegimenVersionRow, SessionRow
from monitor_api.records.trail import ChangeKind
from vocabulary.devices import Modality
from vocabulary.identity import PatientId, RegimenId

_EXAMPLE: Final[dict[str, JsonValue]] = {
    "from_at": "2026-03-02T18:00:00Z",
    "sessions_per_week": 5,
    "duration_s": 600,
    "dose": {"value": 36, "unit": "J/cm2"},
    "limits": {"duration_s": 660, "dose": {"value": 39.6, "unit": "J/cm2"}, "rest_s": 57600},
}


class NewLimits(Body):
    """What a session must stay within; null where nothing is to be set.

    Without a limit of its own, a dose is held to 110 % of what is prescribed, and the skin of an RF session to 42.5 °C.
    """

    duration_s: Seconds | None = None
    dose: Amount | None = None
    skin_celsius: Number | None = None
    skin_grace_s: Seconds = NO_LIMITS.skin_grace.total_seconds()
    rest_s: Seconds | None = None
    contact_grace_s: Seconds = NO_LIMITS.contact_grace.total_seconds()

    @property
    def limits(self) -> Limits:
        """The limits as the clinical core knows them."""
        return Limits(
            duration=None if self.duration_s is None else timedelta(seconds=self.duration_s),
            dose=None if self.dose is None else self.dose.quantity,
            skin_celsius=self.skin_celsius,
            skin_grace=timedelta(seconds=self.skin_grace_s),
            rest=None if self.rest_s is None else timedelta(seconds=self.rest_s),
            contact_grace=timedelta(seconds=self.contact_grace_s),
        )


class NewVersion(Body):
    """What is prescribed from `from_at` on: how often, how long, how much, and within which limits."""

    model_config = shown(**_EXAMPLE)

    from_at: Instant
    sessions_per_week: Annotated[int, Field(ge=-1000, le=1000)]
    duration_s: Seconds
    dose: Amount
    limits: NewLimits = NewLimits()


class NewRegimen(NewVersion):
    """A prescription for one patient and modality."""

    model_config = shown(**_EXAMPLE, patient_id="00000000-0000-4000-8000-000000000002", modality="led")

    patient_id: PatientId
    modality: Modality


def prescribe(writing: Writing, wanted: NewRegimen) -> SeenRegimen:
    """Write a regimen's first version. Raises NotThere, RegimenRefused, Conflict when one is in force already."""
    patient = patient_row(writing.session, writing.caller, wanted.patient_id)
    _check_only_one(writing, wanted)
    row = RegimenRow(
        id=uuid4(),
        clinic_id=writing.caller.clinic,
        patient_id=patient.id,
        modality=wanted.modality,
        created_at=writing.now,
        ended_at=None,
    )
    writing.session.add(row)
    writing.session.flush()
    return _add_version(writing, row, wanted, 1)


def prescribe_anew(writing: Writing, which: RegimenId, wanted: NewVersion, if_match: str | None) -> SeenRegimen:
    """Write a regimen's next version. Raises NotThere, PreconditionMissing, Stale, RegimenRefused, Conflict."""
    row = regimen_row(writing.session, writing.caller, which)
    newest = _check_unchanged(writing, row, if_match)
    if wanted.from_at < newest.from_at:
        raise Conflict(
            f"The version in force begins later, at {newest.from_at.isoformat()}",
            remedy="Let the new version begin then, or after.",
        )
    return _add_version(writing, row, wanted, newest.version + 1)


def end_regimen(writing: Writing, which: RegimenId, if_match: str | None) -> SeenRegimen:
    """End a regimen now. Raises NotThere, PreconditionMissing, Stale, Conflict."""
    row = regimen_row(writing.session, writing.caller, which)
    newest = _check_unchanged(writing, row, if_match)
    row.ended_at = writing.now
    follow_prescription(writing, PatientId(row.patient_id))
    recheck(writing, _touched(row), writing.now)
    writing.leave_trail("regimen ended", ("regimen", row.id), patient_id=str(row.patient_id))
    writing.announce(ChangeKind.REGIMEN, row.id, row.patient_id)
    return seen(row, newest)


def _check_only_one(writing: Writing, wanted: NewRegimen) -> None:
    in_force = exists().where(
        RegimenRow.clinic_id == writing.caller.clinic,
        RegimenRow.patient_id == wanted.patient_id,
        RegimenRow.modality == wanted.modality,
        RegimenRow.ended_at.is_(None),
    )
    if writing.session.scalar(select(in_force)):
        raise Conflict(
            f"This patient has a regimen for {wanted.modality} already",
            remedy="Write its next version, or end it first.",
        )


def _check_unchanged(writing: Writing, row: RegimenRow, if_match: str | None) -> RegimenVersionRow:
    newest = version_rows(writing.session, row)[-1]
    check_match(if_match, etag(seen(row, newest).etag_version))
    if row.ended_at is not None:
        raise Conflict("This regimen has ended", remedy="Prescribe a new one.")
    return newest


def _add_version(writing: Writing, row: RegimenRow, wanted: NewVersion, version: int) -> SeenRegimen:
    regimen = Regimen(
        id=RegimenId(row.id),
        version=version,
        modality=Modality(row.modality),
        sessions_per_week=wanted.sessions_per_week,
        duration=timedelta(seconds=wanted.duration_s),
        dose=wanted.dose.quantity,
        limits=wanted.limits.limits,
    )
    written = RegimenVersionRow(
        regimen_id=row.id,
        version=version,
        from_at=wanted.from_at,
        prescriber_id=writing.caller.id,
        body=write_regimen(regimen),
    )
    writing.session.add(written)
    follow_prescription(writing, PatientId(row.patient_id))
    recheck(writing, _touched(row), wanted.from_at)
    writing.leave_trail(
        "regimen prescribed", ("regimen", row.id), patient_id=str(row.patient_id), version=version, body=written.body
    )
    writing.announce(ChangeKind.REGIMEN, row.id, row.patient_id)
    return seen(row, written)


def _touched(row: RegimenRow) -> ColumnElement[bool]:
    return and_(SessionRow.patient_id == row.patient_id, SessionRow.modality == row.modality)
