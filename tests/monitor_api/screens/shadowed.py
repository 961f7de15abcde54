"""Candidates in the shadow of a clinic, and what they would have called."""

from datetime import timedelta
from uuid import UUID, uuid4

from monitor_api.records.shadows import ShadowPatientRow, ShadowRow
from tests.monitor_api.screens.clinic import Clinic


def begin(
    clinic: Clinic, candidate: dict[str, object], because: str = "Fewer calls?", days_ago: int = 3, **about
) -> UUID:
    """A candidate in the shadow; somebody started it unless told who."""
    id_, from_at = uuid4(), clinic.now - timedelta(days=days_ago)
    row = {"from_at": from_at, "until_at": from_at + timedelta(days=90), "started_by": uuid4()} | about
    clinic.add(ShadowRow(id=id_, clinic_id=clinic.id, because=because, candidate=candidate, **row))
    return id_


def found_of(
    clinic: Clinic, shadow: UUID, patient: UUID, minutes_ago: int, *calls: tuple[str, str, str, str], **about
) -> None:
    """What it would have called of a patient: of each call the side, the rule, how loud, and why."""
    at = (clinic.now - timedelta(hours=9)).isoformat()
    sides: dict[str, list[dict[str, object]]] = {"starts": [], "stops": []}
    rules = []
    for side, rule, severity, because in calls:
        said = {"rule": rule, "rule_version": 1, "severity": severity, "at": at, "sessions": [], "because": because}
        if side in sides:
            sides[side].append(said)
        rules.append({"rule": rule, "severity": severity, "starts": 0, "stops": 0, "stays": 0} | {side: 1})
    row = {"mark": "1", "judged_at": clinic.now - timedelta(minutes=minutes_ago), "sessions": 2} | about
    found = {"rules": rules, **sides}
    clinic.add(ShadowPatientRow(shadow_id=shadow, patient_id=patient, **({"calls": found} | row)))
