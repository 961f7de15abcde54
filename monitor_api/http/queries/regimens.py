"""Regimens and their versions."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import WithJsonSchema
from sqlalchemy import select
from sqlalchemy.orm import Session

from clinical.regimen.changes import FieldChange, changes
from clinical.regimen.fhir import to_fhir
from clinical.regimen.life import Life, Stage
from monitor_api.http.callers import Caller
from monitor_api.http.errors import NotThere
from monitor_api.http.paging import Order, Page, PageWanted, paged
from monitor_api.http.prescriptions import PrescriptionBody
from monitor_api.http.queries.lives import current, lives
from monitor_api.http.queries.scope import Conditions, if_given, theirs
from monitor_api.records.regimens import read_prescription
from monitor_api.records.sessions import RegimenRow, RegimenVersionRow
from monitor_api.records.signing import Proof, Signatures
from vocabulary.devices import Modality
from vocabulary.identity import PatientId, RegimenId, UserId

FhirTiming = Annotated[
    dict[str, Any],
    WithJsonSchema(
        {
            "type": "object",
            "properties": {"repeat": {"type": "object"}},
            "required": ["repeat"],
            "description": "A Timing of FHIR R4 (https://hl7.org/fhir/R4/datatypes.html#Timing): `repeat` with "
            "frequency, period, duration, and as far as they are set dayOfWeek and boundsDuration.",
        }
    ),
]
"""As FHIR has it: the only names here that are not ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenSignature:
    """What the prescriber's signature proves: `valid`, `broken`, `key unknown` here, or `unsigned` from before any."""

    proof: Proof
    key_id: str | None
    signed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenVersion:
    """One version of a regimen, in force from `from_at` until the next, and who prescribed it.

    `timings` are those of its phases as FHIR R4 Timings. `life` is where it is, and every step it took: signed,
    delivered to the home, acknowledged by it, in force.
    """

    version: int
    from_at: datetime
    prescriber_id: UserId
    prescription: PrescriptionBody
    timings: tuple[FhirTiming, ...]
    signature: SeenSignature
    life: Life


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenRegimen:
    """A prescription for one patient and modality. `newest` is its latest version, `ended_at` null until it is ended.

    `stage` is where its version in force is since `since`, or its newest before any is; ended once its last phase is.
    """

    id: RegimenId
    patient_id: PatientId
    modality: Modality
    created_at: datetime
    ended_at: datetime | None
    stage: Stage
    since: datetime | None
    newest: SeenVersion

    @property
    def etag_version(self) -> str:
        """What another change would change."""
        stage = Stage.ENDED if self.ended_at else self.stage
        return f"{self.newest.version}{f'-{stage}' if stage in _TOLD_APART else ''}"


_TOLD_APART: Final = frozenset({Stage.PAUSED, Stage.HELD, Stage.STOPPED, Stage.ENDED})


@dataclass(frozen=True, slots=True, kw_only=True)
class RegimenDetail:
    """A regimen with all its versions, oldest first."""

    regimen: SeenRegimen
    versions: tuple[SeenVersion, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What changed from one version to another: each field with its old and new value, and in words."""

    old: int
    new: int
    changes: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Looking:
    """Who looks at regimens, when, and what proves their signatures."""

    session: Session
    caller: Caller
    signatures: Signatures
    now: datetime


def regimens(looking: Looking, patient: PatientId | None, wanted: PageWanted) -> Page[SeenRegimen]:
    """Regimens, newest first; of one patient if one is given; for a patient, their own."""
    query = select(RegimenRow).where(
        *_visible(looking.caller), *if_given(patient, lambda one: RegimenRow.patient_id == one)
    )
    order = Order(by=(RegimenRow.created_at, RegimenRow.id), newest_first=True)
    return paged(looking.session, query, order, wanted, make=lambda row: detail_of(looking, row).regimen)


def regimen_detail(looking: Looking, which: RegimenId) -> RegimenDetail:
    """One regimen with its versions. Raises NotThere."""
    return detail_of(looking, regimen_row(looking.session, looking.caller, which))


def difference(looking: Looking, which: RegimenId, old: int | None, new: int | None) -> tuple[SeenRegimen, Difference]:
    """What changed between two versions of a regimen, and the regimen. Raises NotThere.

    `new` is the newest where none is given, `old` the one before `new`, or itself for the first.
    """
    row = regimen_row(looking.session, looking.caller, which)
    found = {one.version: read_prescription(one.body, row.modality) for one in version_rows(looking.session, row)}
    later = max(found) if new is None else new
    earlier = max(later - 1, 1) if old is None else old
    if earlier not in found or later not in found:
        raise NotThere
    said = Difference(old=earlier, new=later, changes=changes(found[earlier], found[later]))
    return detail_of(looking, row).regimen, said


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


def detail_of(looking: Looking, row: RegimenRow) -> RegimenDetail:
    """A regimen out of its row, with all that is known of it."""
    rows = version_rows(looking.session, row)
    lived = lives(looking.session, row, rows, looking.now)
    versions = tuple(_version(looking, row, one, lived[one.version]) for one in rows)
    _, life = current(lived)
    regimen = SeenRegimen(
        id=RegimenId(row.id),
        patient_id=PatientId(row.patient_id),
        modality=Modality(row.modality),
        created_at=row.created_at,
        ended_at=row.ended_at,
        stage=life.stage,
        since=life.since,
        newest=versions[-1],
    )
    return RegimenDetail(regimen=regimen, versions=versions)


def _visible(caller: Caller) -> Conditions:
    return theirs(caller, RegimenRow.clinic_id, RegimenRow.patient_id)


def _version(looking: Looking, regimen: RegimenRow, row: RegimenVersionRow, life: Life) -> SeenVersion:
    prescription = read_prescription(row.body, regimen.modality)
    return SeenVersion(
        version=row.version,
        from_at=row.from_at,
        prescriber_id=UserId(row.prescriber_id),
        prescription=PrescriptionBody.of(prescription),
        timings=tuple(to_fhir(phase) for phase in prescription.phases),
        signature=SeenSignature(
            proof=looking.signatures.proof(regimen, row), key_id=row.key_id, signed_at=row.signed_at
        ),
        life=life,
    )
