"""Once: what a patient does again within days is shown with its session, and calls anew when it is worse."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec.structs import replace

from clinical.practice import Practice
from clinical.verdicts import Evidence, Finding, Outcome
from vocabulary.devices import Modality
from vocabulary.identity import RuleId, SessionId


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A rule that is broken in a session of one patient, when that began, and how far it is `beyond` the limit.

    A part of the limit; 0 where nothing is measured, so that no other of the kind is worse. `practice`: the clinic's
    figures when the session began.
    """

    session: SessionId
    rule: RuleId
    modality: Modality
    at: datetime
    beyond: float
    practice: Practice


Repeats = Mapping[tuple[SessionId, RuleId], datetime]
"""What calls nobody, and when the session was that called for the same."""


def broken(
    findings: Iterable[Finding], modality: Modality, at: datetime, *, practice: Practice, rules: Iterable[RuleId]
) -> Iterator[Broken]:
    """Those of some rules that are broken in a session which began at an instant."""
    for one in findings:
        if one.rule in rules and one.verdict.outcome is Outcome.FIRES:
            far = beyond(one.verdict.evidence)
            yield Broken(session=one.session, rule=one.rule, modality=modality, at=at, beyond=far, practice=practice)


def beyond(evidence: Evidence) -> float:
    """How far what was measured is from the limit, as a part of it; 0 where either is not there."""
    measured, limit = evidence.measured, evidence.limit
    return abs(measured.value - limit.value) / limit.value if measured and limit and limit.value else 0.0


def repeats(known: Iterable[Broken]) -> Repeats:
    """What is a repeat among all that one patient did, in whatever order it is told.

    The first calls. So does what follows no call of its rule and modality within `again_days`, and what is further
    beyond the limit than such a call by `again_worse` of the limit. Each is held against the figures of its own time.
    """
    calls: dict[tuple[RuleId, Modality], Broken] = {}
    found: dict[tuple[SessionId, RuleId], datetime] = {}
    for one in sorted(known, key=lambda one: (one.at, one.session)):
        call = calls.get((one.rule, one.modality))
        if call and _is_again(one, call):
            found[one.session, one.rule] = call.at
        else:
            calls[one.rule, one.modality] = one
    return found


def _is_again(one: Broken, call: Broken) -> bool:
    soon = one.at - call.at < timedelta(days=one.practice.again_days)
    return soon and one.beyond - call.beyond < one.practice.again_worse


def as_repeats(findings: Iterable[Finding], at: datetime, found: Repeats) -> tuple[Finding, ...]:
    """A session's findings with those that are repeats saying so."""
    return tuple(
        replace(one, said_by=one.rule, said_before=at - found[one.session, one.rule])
        if (one.session, one.rule) in found
        else one
        for one in findings
    )
