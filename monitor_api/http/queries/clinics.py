"""The caller's own clinic."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from monitor_api.http.callers import Caller
from monitor_api.records.people import ClinicRow
from vocabulary.identity import ClinicId


@dataclass(frozen=True, slots=True, kw_only=True)
class Clinic:
    """A clinic, or a maker's laboratory; `zone` is its IANA time zone."""

    id: ClinicId
    name: str
    zone: str


def own_clinic(session: Session, caller: Caller) -> Clinic:
    """The clinic the caller belongs to."""
    row = session.get_one(ClinicRow, caller.clinic)
    return Clinic(id=ClinicId(row.id), name=row.name, zone=row.zone)
