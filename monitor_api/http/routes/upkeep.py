"""Quarantine, audit and health."""

from dataclasses import dataclass
from importlib.metadata import version
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query, Request
from sqlalchemy import select

from monitor_api.cohorts.age import as_of
from monitor_api.http.describing import told
from monitor_api.http.paging import Page, Wanted
from monitor_api.http.parts import ApiParts, api_of
from monitor_api.http.policy import Permission
from monitor_api.http.queries import upkeep as queries
from monitor_api.http.queries.upkeep import AuditEntry, Health, Quarantined, QuarantineDetail, StoreSizes, file_bytes
from monitor_api.http.routes import examples
from monitor_api.http.visits import Visit, needs
from monitor_api.http.wanted import Serial
from monitor_api.records.people import ClinicRow

VERSION: Final = version("lumenward")
routes = APIRouter(tags=["upkeep"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Up:
    """The service answers."""

    status: Literal["up"]
    version: str


@routes.get("/quarantine", **told("List what was refused", examples.page(examples.QUARANTINED)))
def list_quarantine(visit: Annotated[Visit, needs(Permission.SEE_QUARANTINE)], wanted: Wanted) -> Page[Quarantined]:
    """What was refused from the clinic's gateways, newest first, without the bytes."""
    with visit.reading() as session:
        return queries.quarantine(session, visit.caller, wanted)


@routes.get("/quarantine/{entry_id}", **told("Read what was refused", examples.QUARANTINE_DETAIL))
def read_quarantine(visit: Annotated[Visit, needs(Permission.SEE_QUARANTINE)], entry_id: Serial) -> QuarantineDetail:
    """One refusal with its bytes."""
    with visit.reading() as session:
        return queries.quarantined(session, visit.caller, entry_id)


@routes.get("/audit", **told("List who did what", examples.page(examples.AUDIT)))
def list_audit(
    visit: Annotated[Visit, needs(Permission.SEE_AUDIT)],
    wanted: Wanted,
    kind: Annotated[str | None, Query(max_length=40, description="Kind of thing, with `id`.")] = None,
    id_: Annotated[str | None, Query(alias="id", max_length=120)] = None,
) -> Page[AuditEntry]:
    """The clinic's trail, newest first; of one thing if its kind and id are given."""
    subject = None if kind is None or id_ is None else (kind, id_)
    with visit.reading() as session:
        return queries.audit(session, visit.caller, subject, wanted)


@routes.get("/health", **told("Is the service up?", Up(status="up", version=VERSION), 503))
def read_health(request: Request) -> Up:
    """Up, with the version, for anybody; 503 when a store fails."""
    with api_of(request).parts.database.read() as session:
        session.execute(select(ClinicRow.id).limit(1))
    return Up(status="up", version=VERSION)


@routes.get("/health/details", **told("How is the service?", examples.HEALTH))
def read_health_details(visit: Annotated[Visit, needs(Permission.SEE_HEALTH)]) -> Health:
    """The ages of the clinic's gateways, what waits, what was refused, how large the stores are."""
    with visit.reading() as session:
        return queries.health(session, visit.caller, _sizes(visit.parts), visit.now)


def _sizes(parts: ApiParts) -> StoreSizes:
    telemetry = None if parts.settings.telemetry else parts.settings.telemetry_file
    return StoreSizes(
        records_bytes=parts.database.size_bytes,
        telemetry_bytes=file_bytes(telemetry) if telemetry and telemetry.exists() else None,
        snapshot_as_of=as_of(parts.settings.snapshot_file),
    )
