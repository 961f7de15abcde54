"""Candidates in the shadow, for physicians: what each would change, and whom it would have called so far."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import ValidationError
from sqlalchemy.orm import Session

from clinical.figures import FIGURE
from clinical.misuse.table import RULE
from monitor_api.cohorts.candidate import AskedCandidate, read_candidate
from monitor_api.errors import CandidateRefused
from monitor_api.http.callers import Caller
from monitor_api.http.deeds.shadows import NewShadow
from monitor_api.http.queries.patients import patient_names
from monitor_api.http.queries.shadows import SeenShadow, ShadowDetail
from monitor_api.http.queries.users import names
from monitor_api.screens.words import device_name, figure
from vocabulary.identity import PatientId, RuleId, UserId
from vocabulary.settings import problems_of

MOST_TYPED: Final = 4000
"""Characters of a candidate that somebody types."""

SHOWN: Final = 20
"""Calls of either side that a page lists, the newest first."""

_LIMITS: Final = {
    "duration_min": ("longest session", "min"),
    "dose_fraction": ("most of the strongest planned dose", "1"),
    "skin_celsius": ("hottest skin", "°C"),
    "skin_grace_s": ("for at most", "s"),
    "rest_h": ("shortest rest", "h"),
    "contact_grace_s": ("without contact at most", "s"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateView:
    """A candidate in words, what came of it, whose calls those are by name, and who started and ended it."""

    shadow: SeenShadow
    changes: tuple[str, ...]
    detail: ShadowDetail | None
    patients: Mapping[PatientId, str]
    started_by: str
    ended_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What somebody typed to start a candidate, and what is wrong with it."""

    because: str = ""
    candidate: str = ""
    wrong: tuple[str, ...] = ()


def view_candidate(session: Session, caller: Caller, shadow: SeenShadow, detail: ShadowDetail | None) -> CandidateView:
    """A candidate as a page shows it; without `detail` in brief."""
    people = names(session, caller, {one for one in (shadow.started_by, shadow.ended_by) if one})
    asked = {limits.patient for limits in shadow.candidate.limits.values() if limits.patient}
    called = [one.patient_id for one in (*detail.would_start[:SHOWN], *detail.would_stop[:SHOWN])] if detail else []
    patients = patient_names(session, caller, {*called, *(PatientId(one) for one in asked)})
    return CandidateView(
        shadow=shadow,
        changes=tuple(_changes(shadow.candidate, patients)),
        detail=detail,
        patients=patients,
        started_by=_name(people, shadow.started_by),
        ended_by=None if shadow.ended_by is None else _name(people, shadow.ended_by),
    )


def read_typed(typed: Typed) -> NewShadow | Typed:
    """What was typed as the API takes it; or what was typed with what is wrong with it."""
    try:
        return NewShadow(because=typed.because, candidate=read_candidate(typed.candidate))
    except CandidateRefused as refused:
        return with_wrong(typed, refused.reasons)
    except ValidationError as error:
        return with_wrong(typed, problems_of(error))


def with_wrong(typed: Typed, reasons: Mapping[str, str]) -> Typed:
    """What was typed, with what is wrong with it by part."""
    said = tuple(f"{part.removeprefix('body.').removeprefix('candidate.')}: {why}" for part, why in reasons.items())
    return Typed(because=typed.because, candidate=typed.candidate, wrong=said)


def _changes(candidate: AskedCandidate, patients: Mapping[PatientId, str]) -> Iterator[str]:
    for rule in candidate.without:
        yield f"Without the rule {rule}{_titled(RuleId(rule))}"
    for modality, limits in candidate.limits.items():
        whose = "" if limits.patient is None else f" of {patients.get(PatientId(limits.patient), 'somebody')}"
        for field, (words, unit) in _LIMITS.items():
            value: float | None = getattr(limits, field)
            if value is not None:
                yield f"{device_name(modality)}{whose}, {words}: {figure(value, unit)}"
    for name, wanted in candidate.figures.items():
        known = FIGURE.get(name)
        if known is not None and isinstance(wanted, int | float):
            yield f"{known.words}: {figure(wanted, known.unit)}"


def _titled(rule: RuleId) -> str:
    return f": {RULE[rule].title.rstrip('.')}" if rule in RULE else ""


def _name(people: Mapping[UserId, str], which: UserId) -> str:
    return people.get(which, "somebody")


def parted(shadows: Sequence[SeenShadow]) -> tuple[tuple[SeenShadow, ...], tuple[SeenShadow, ...]]:
    """Those that run, and those that ended."""
    running = tuple(one for one in shadows if one.ended_at is None)
    return running, tuple(one for one in shadows if one.ended_at is not None)
