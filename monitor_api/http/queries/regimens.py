"""Regimens and their versions."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from monitor_api.http.callers import Caller
from monitor_api.http.errors import NotThere
from monitor_api.http.paging import Order, Page, PageWanted, paged
from monitor_api.http.prescriptions import PrescriptionBody
from monitor_api.http.queries.scope import Conditions, if_given, theirs
from monitor_api.records.regimens import read_prescription
from monitor_api.records.sessions import RegimenRow, RegimenVersionRow
from vocabulary.devices import Modality
from vocabulary.identity import PatientId, RegimenId, UserId

_Other = aliased(RegimenVersionRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenVersion:
    """One version of a regimen, in force from `from_at` until the next, and who prescribed it."""

    version: int
    from_at: datetime
    prescriber_id: UserId
    prescription: PrescriptionBody


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenRegimen:
    """A prescription for one patient and modality. `newest` is its latest version, `ended_at` null while it holds."""

    id: RegimenId
    patient_id: PatientId
    modality: Modality
    created_at: datetime
    ended_at: datetime | None
    newest: SeenVersion

    @property
    def etag_version(self) -> str:
        """What another change would change."""
        return f"{self.newest.version}{'-ended' if self.ended_at else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegimenDetail:
    """A regimen with all its versions, oldest first."""

    regimen: SeenRegimen
    versions: tuple[SeenVersion, ...]


def regimens(session: Session, caller: Caller, patient: PatientId | None, wanted: PageWanted) -> Page[SeenRegimen]:
    """Regimens, newest first; of one patient if one is given; for a patient, their own."""
    newest = select(func.max(_Other.version)).where(_Other.regimen_id == RegimenRow.id).scalar_subquery()
    query = (
        select(RegimenRow, RegimenVersionRow)
        .join(RegimenVersionRow, RegimenVersionRow.regimen_id == RegimenRow.id)
        .where(
            *_visible(caller),
            RegimenVersionRow.version == newest,
            *if_given(patient, lambda one: RegimenRow.patient_id == one),
        )
    )
    order = Order(by=(RegimenRow.created_at, RegimenRow.id), newest_first=True)
    return paged(session, query, order, wanted, make=seen)


def regimen_detail(session: Session, caller: Caller, which: RegimenId) -> RegimenDetail:
    """One regimen with its versions. Raises NotThere."""
    row = regimen_row(session, caller, which)
    versions = version_rows(session, row)
    return RegimenDetail(
        regimen=seen(row, versions[-1]), versions=tuple(_version(version, row.modality) for version in versions)
    )


def regimen_row(session: Session, caller: Caller, which: RegimenId) -> RegimenRow:
    """The row of a regimen that the caller may see. Raises NotThere."""
    row = session.scalar(select(RegimenRow).where(RegimenRow.id == which, *_visible(caller)))
    if row is None:
        raise NotThere
    return row


def version_rows(session: Session, row: RegimenRow) -> list[RegimenVersionRow]:
    """The rows of a regimen's versions, oldest first."""
    of_regimen = select(RegimenVersionRow).where(RegimenVersionRow.regimen_id == row.id)
    return list(session.scalars(of_regimen.order_by(RegimenVersionRow.version)))


def seen(row: RegimenRow, newest: RegimenVersionRow) -> SeenRegimen:
    """A regimen out of its row and that of its newest version."""
    return SeenRegimen(
        id=RegimenId(row.id),
        patient_id=PatientId(row.patient_id),
        modality=Modality(row.modality),
        created_at=row.created_at,
        ended_at=row.ended_at,
        newest=_version(newest, row.modality),
    )


def _visible(caller: Caller) -> Conditions:
    return theirs(caller, RegimenRow.clinic_id, RegimenRow.patient_id)


def _version(row: RegimenVersionRow, modality: str) -> SeenVersion:
    return SeenVersion(
        version=row.version,
        from_at=row.from_at,
        prescriber_id=UserId(row.prescriber_id),
        prescription=PrescriptionBody.of(read_prescription(row.body, modality)),
    )
