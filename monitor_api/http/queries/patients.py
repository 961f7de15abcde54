"""Patients, as a caller may see them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor_api.http.callers import Caller
from monitor_api.http.errors import NotThere
from monitor_api.http.paging import Order, Page, PageWanted, paged
from monitor_api.http.queries.scope import Conditions, theirs
from monitor_api.records.people import PatientRow
from vocabulary.identity import PatientId


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """A person who is treated at home.

    `reference` is the clinic's own number for them, `born` the year, `zone` the IANA time zone of their home.
    """

    id: PatientId
    name: str
    reference: str
    born: int | None
    zone: str
    created_at: datetime


def patients(session: Session, caller: Caller, wanted: PageWanted) -> Page[Patient]:
    """The clinic's patients, in the order in which they were added; for a patient, themselves."""
    order = Order(by=(PatientRow.created_at, PatientRow.id))
    return paged(session, select(PatientRow).where(*_visible(caller)), order, wanted, make=seen)


def patient(session: Session, caller: Caller, which: PatientId) -> Patient:
    """One patient. Raises NotThere."""
    return seen(patient_row(session, caller, which))


def patient_row(session: Session, caller: Caller, which: PatientId) -> PatientRow:
    """The row of a patient that the caller may see. Raises NotThere."""
    row = session.scalar(select(PatientRow).where(PatientRow.id == which, *_visible(caller)))
    if row is None:
        raise NotThere
    return row


def patient_names(session: Session, caller: Caller, which: Collection[PatientId]) -> dict[PatientId, str]:
    """The names of patients that the caller may see; who is not there is left out."""
    found = select(PatientRow.id, PatientRow.name).where(PatientRow.id.in_(which), *_visible(caller))
    return {PatientId(id_): name for id_, name in session.execute(found)}


def seen(row: PatientRow) -> Patient:
    """A patient out of its row."""
    return Patient(
        id=PatientId(row.id),
        name=row.name,
        reference=row.reference,
        born=row.born,
        zone=row.zone,
        created_at=row.created_at,
    )


def _visible(caller: Caller) -> Conditions:
    return theirs(caller, PatientRow.clinic_id, PatientRow.id)
