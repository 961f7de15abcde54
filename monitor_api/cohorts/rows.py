"""How a person's session facts are written as rows of columns, and read back to the bit."""

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from hashlib import sha256
from importlib.metadata import version
from typing import Any, Final
from uuid import UUID

import msgspec

from clinical.course import Between, Course, PastSession, WearSigns
from clinical.facts import RegimenVersion, Samples
from clinical.misuse.course_rules import LimitsAsked
from monitor_api.cohorts.case import Case, Kept
from monitor_api.sessions.skin import SkinAnswers
from vocabulary.devices import Fault, Modality, Zone
from vocabulary.identity import DeviceUid, GatewayId, RegimenId, SessionId
from vocabulary.instants import Known, Placed
from vocabulary.quantities import Quantity, Unit
from vocabulary.readings import EndReason

_NO_SAMPLES: Final = Samples(sequence=(), state=(), signs=(), skin_celsius=(), zone=(), level=(), impedance_ohm=())


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of the file: its name, DuckDB's type, and where its value comes from."""

    name: str
    type: str
    value: Callable[[Kept], Any]


def _naive(at: datetime | None) -> datetime | None:
    return None if at is None else at.astimezone(UTC).replace(tzinfo=None)


def _started(one: Kept, end: str) -> datetime | None:
    return getattr(one.past.started, end, None)


def _seconds(span: timedelta | None) -> float | None:
    return None if span is None else span.total_seconds()


COLUMNS: Final[tuple[_Column, ...]] = (
    _Column("session", "VARCHAR", lambda one: str(one.past.session)),
    _Column("device", "VARCHAR", lambda one: one.past.device),
    _Column("counter", "BIGINT", lambda one: one.past.counter),
    _Column("modality", "VARCHAR", lambda one: one.past.modality.value),
    _Column("heard_at", "TIMESTAMP", lambda one: _naive(one.past.heard_at)),
    _Column("started_earliest", "TIMESTAMP", lambda one: _naive(_started(one, "earliest"))),
    _Column("started_latest", "TIMESTAMP", lambda one: _naive(_started(one, "latest"))),
    _Column("placed_by", "VARCHAR", lambda one: one.past.started and one.past.started.known.value),
    _Column("recorded", "BOOLEAN", lambda one: one.past.recorded),
    _Column("regimen", "VARCHAR", lambda one: one.past.regimen and str(one.past.regimen.id)),
    _Column("regimen_version", "INTEGER", lambda one: one.past.regimen and one.past.regimen.version),
    _Column("program", "INTEGER", lambda one: one.past.program),
    _Column("zones", "VARCHAR", lambda one: "|".join(one.past.zones)),
    _Column("planned_s", "DOUBLE", lambda one: _seconds(one.past.planned)),
    _Column("active_s", "DOUBLE", lambda one: _seconds(one.past.active)),
    _Column("elapsed_s", "DOUBLE", lambda one: _seconds(one.past.elapsed)),
    _Column("dose", "DOUBLE", lambda one: one.past.dose and one.past.dose.value),
    _Column("dose_unit", "VARCHAR", lambda one: one.past.dose and one.past.dose.unit.value),
    _Column("output_level", "DOUBLE", lambda one: one.past.output_level),
    _Column("impedance_ohm", "DOUBLE", lambda one: one.past.impedance_ohm),
    _Column("highest_skin_celsius", "DOUBLE", lambda one: one.past.highest_skin_celsius),
    _Column("cem43_low_min", "DOUBLE", lambda one: one.past.cem43_min and one.past.cem43_min.low),
    _Column("cem43_high_min", "DOUBLE", lambda one: one.past.cem43_min and one.past.cem43_min.high),
    _Column("contact_fraction", "DOUBLE", lambda one: one.past.wear.contact_fraction),
    _Column("moving_fraction", "DOUBLE", lambda one: one.past.wear.moving_fraction),
    _Column("eye_shield_fraction", "DOUBLE", lambda one: one.past.wear.eye_shield_fraction),
    _Column("skin_rise_celsius", "DOUBLE", lambda one: one.past.wear.skin_rise_celsius),
    _Column("seen_fraction", "DOUBLE", lambda one: one.past.wear.seen_fraction),
    _Column("end_reason", "VARCHAR", lambda one: one.past.end_reason and one.past.end_reason.value),
    _Column("faults", "VARCHAR", lambda one: "|".join(one.past.faults)),
    _Column("firmware", "VARCHAR", lambda one: one.past.firmware),
    _Column("gateway", "VARCHAR", lambda one: one.past.gateway),
    _Column("samples_missing", "INTEGER", lambda one: one.missing),
    _Column("samples", "BLOB", lambda one: _pack(one.samples) if one.samples.sequence else None),
)
"""What is kept of a session; instants are UTC, texts of several values are joined by '|'."""

_COLUMN_NAMES: Final = tuple(column.name for column in COLUMNS)

OF_PERSON: Final = (
    ("number", "BIGINT"),
    ("patient", "VARCHAR"),
    ("physician", "VARCHAR"),
    ("person", "VARCHAR"),
    ("facts", "VARCHAR"),
    ("place", "INTEGER"),
)
"""What a row begins with: whose it is, `facts` as in Entry, and which of their sessions it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Person:
    """What is of a person: their course without its sessions, the maker's note, their skin, limits asked for."""

    physician: str
    course: Course
    note: str
    skin: tuple[SkinAnswers, ...] = ()
    limits: tuple[LimitsAsked, ...] = ()


_MODALITIES: Final = {one.value: one for one in Modality}  # calling an enumeration costs ten times as much
_UNITS: Final = {one.value: one for one in Unit}
_END_REASONS: Final = {one.value: one for one in EndReason}
_KNOWN: Final = {one.value: one for one in Known}

_READS_PERSON: Final = msgspec.json.Decoder(_Person)
_READS_SAMPLES: Final = msgspec.msgpack.Decoder(Samples)


def _pack(samples: Samples) -> bytes:
    return zlib.compress(msgspec.msgpack.encode(samples), 1)


@lru_cache(maxsize=256)
def _unpack(data: bytes) -> Samples:
    return _READS_SAMPLES.decode(zlib.decompress(data))


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A person for a snapshot. `facts`: a mark that is another one whenever their sessions are.

    `before`: their number in the snapshot before, from which their sessions are taken over; None: `case` has them.
    """

    case: Case
    facts: str = ""
    before: int | None = None


MOVED: Final = (("before", "BIGINT"), ("number", "BIGINT"), ("physician", "VARCHAR"), ("person", "VARCHAR"))
"""Whose sessions are taken over: their numbers there and here, and what is of the person now."""


def schema() -> list[tuple[str, str]]:
    """Every column with its type."""
    return [*OF_PERSON, *((column.name, column.type) for column in COLUMNS)]


NAMES: Final = ", ".join(name for name, _ in schema())
"""All columns, as a query names them."""


@cache
def layout() -> str:
    """A digest of how snapshots are written here: rows of another layout are not taken over."""
    told = (version("lumenward"), schema(), msgspec.json.schema(_Person), msgspec.json.schema(Samples))
    return sha256(repr(told).encode()).hexdigest()


def rows_of(number: int, entry: Entry) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """The rows that a person adds, each with the table that it goes to."""
    case = entry.case
    person = _Person(
        physician=case.physician,
        course=replace(case.course, sessions=()),
        note=case.note,
        skin=case.skin,
        limits=case.limits,
    )
    text = msgspec.json.encode(person).decode()
    if entry.before is not None:
        yield "moved", (entry.before, number, case.physician, text)
        return
    of_person = (number, str(case.course.patient), case.physician, text, entry.facts)
    if not case.kept:
        yield "rows", (*of_person, 0, *(None for _ in COLUMNS))
    for place, one in enumerate(case.kept):
        yield "rows", (*of_person, place, *(column.value(one) for column in COLUMNS))


def case_of(rows: list[tuple[Any, ...]]) -> Case:
    """The person that rows of one number are of, those in their places. Raises ValueError for another layout."""
    try:
        person = _READS_PERSON.decode(rows[0][3])
    except msgspec.ValidationError as error:
        raise ValueError(f"another version of Lumenward wrote it ({error})") from error
    kept = tuple(_kept(row[len(OF_PERSON) :]) for row in rows if row[len(OF_PERSON)] is not None)
    course = replace(person.course, sessions=tuple(one.past for one in kept))
    return Case(
        physician=person.physician,
        course=course,
        kept=kept,
        note=person.note,
        skin=person.skin,
        limits=person.limits,
    )


def _kept(values: tuple[Any, ...]) -> Kept:
    row = dict(zip(_COLUMN_NAMES, values, strict=True))
    packed = row["samples"]
    return Kept(past=_past(row), samples=_unpack(packed) if packed else _NO_SAMPLES, missing=row["samples_missing"])


def _past(row: dict[str, Any]) -> PastSession:
    return PastSession(
        session=SessionId(UUID(row["session"])),
        device=DeviceUid(row["device"]),
        counter=row["counter"],
        modality=_MODALITIES[row["modality"]],
        heard_at=row["heard_at"].replace(tzinfo=UTC),
        started=_placed(row),
        recorded=row["recorded"],
        regimen=_regimen(row["regimen"], row["regimen_version"]),
        program=row["program"],
        zones=_zones(row["zones"]),
        planned=_span(row["planned_s"]),
        active=timedelta(seconds=row["active_s"]),
        elapsed=timedelta(seconds=row["elapsed_s"]),
        dose=None if row["dose"] is None else Quantity(row["dose"], _UNITS[row["dose_unit"]]),
        output_level=row["output_level"],
        highest_skin_celsius=row["highest_skin_celsius"],
        cem43_min=_between(row["cem43_low_min"], row["cem43_high_min"]),
        wear=_wear(row),
        end_reason=None if row["end_reason"] is None else _END_REASONS[row["end_reason"]],
        faults=_faults(row["faults"]),
        firmware=row["firmware"],
        impedance_ohm=row["impedance_ohm"],
        gateway=None if row["gateway"] is None else GatewayId(row["gateway"]),
    )


def _placed(row: dict[str, Any]) -> Placed | None:
    earliest, latest = row["started_earliest"], row["started_latest"]
    if earliest is None:
        return None
    known = _KNOWN[row["placed_by"]]
    return Placed(earliest=earliest.replace(tzinfo=UTC), latest=latest.replace(tzinfo=UTC), known=known)


@lru_cache(maxsize=256)
def _zones(names: str) -> tuple[Zone, ...]:
    return tuple(Zone(name) for name in names.split("|") if name)


@lru_cache(maxsize=256)
def _faults(names: str) -> tuple[Fault, ...]:
    return tuple(Fault(name) for name in names.split("|") if name)


@lru_cache(maxsize=256)
def _regimen(regimen: str | None, version: int) -> RegimenVersion | None:
    return None if regimen is None else RegimenVersion(id=RegimenId(UUID(regimen)), version=version)


def _span(seconds: float | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)


def _between(low: float | None, high: float | None) -> Between | None:
    return None if low is None or high is None else Between(low=low, high=high)


def _wear(row: dict[str, Any]) -> WearSigns:
    return WearSigns(
        contact_fraction=row["contact_fraction"],
        moving_fraction=row["moving_fraction"],
        eye_shield_fraction=row["eye_shield_fraction"],
        skin_rise_celsius=row["skin_rise_celsius"],
        seen_fraction=row["seen_fraction"],
    )
