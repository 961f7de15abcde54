"""What a replay adds up: alerts by physician and week, each rule's table, urgent events; parts of it add to a whole."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from clinical.judgement import alert_severity
from clinical.verdicts import CourseFinding, Finding, Outcome
from firmware_bridge.virtual.cohort.labels import Label
from lumenward.replay.cases import labels_of
from lumenward.replay.scoring import KNOWN_CAUSES, Result, Scored, has_cause, score
from monitor_api.cohorts.case import Case
from monitor_api.cohorts.replay import Judged, Window, began_at
from vocabulary.severity import Severity

EXAMPLES: Final = 20
"""How many cases of each sort a report names."""

LOUD: Final = (Severity.HIGH, Severity.MEDIUM, Severity.LOW)


_COUNTERS: Final = (
    *("rules", "labels", "urgent", "alerts", "false_alerts", "whom"),
    *("starts", "stops", "concerned", "refused"),
)


@dataclass(slots=True, kw_only=True)
class Tally:
    """Sums over the people that were replayed so far; `concerned`: whom other limits of a modality are tried on.

    `labelled`: of how many it is known what was done. `refused`: of how many a regimen cannot have the limits, and why.
    """

    people: int = 0
    labelled: int = 0
    sessions: int = 0
    rules: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    labels: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    urgent: Counter[str] = field(default_factory=Counter[str])
    alerts: Counter[tuple[str, int, str]] = field(default_factory=Counter[tuple[str, int, str]])
    false_alerts: Counter[str] = field(default_factory=Counter[str])
    whom: Counter[str] = field(default_factory=Counter[str])
    missed: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    false: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    starts: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    stops: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    concerned: Counter[str] = field(default_factory=Counter[str])
    refused: Counter[str] = field(default_factory=Counter[str])

    def add(self, other: "Tally") -> None:
        """Add a part."""
        self.people += other.people
        self.labelled += other.labelled
        self.sessions += other.sessions
        for name in _COUNTERS:
            getattr(self, name).update(getattr(other, name))
        self.missed = (self.missed + other.missed)[:EXAMPLES]
        self.false = (self.false + other.false)[:EXAMPLES]


def tally_case(case: Case, judged: Judged, window: Window) -> Tally:
    """What one case adds."""
    tally = Tally(people=1, labelled=int(bool(case.note)), sessions=len(case.kept))
    labels = labels_of(case)
    for scored in score(case, [one for one in labels if _is_replayed(one, case, window)], judged):
        _add_label(tally, scored, case)
    for finding in judged:
        _add_finding(tally, finding, case, window)
        if case.note and finding.verdict.outcome is Outcome.FIRES and finding.rule in KNOWN_CAUSES:
            _add_cause(tally, finding, case, caused=has_cause(finding, labels, case))
    return tally


def _is_replayed(label: Label, case: Case, window: Window) -> bool:
    """Whether rules were asked about it: it was within the time, and so was its session as far as the store knows."""
    past = case.sessions.get(label.session) if label.session else None
    return window.has(label.at) and (past is None or window.has(began_at(past)))


def _add_label(tally: Tally, scored: Scored, case: Case) -> None:
    label = scored.label
    tally.labels[label.kind.value, scored.result.value] += 1
    if scored.result is Result.MISSED:
        tally.rules[scored.rules[0], "missed"] += 1
    if scored.urgent:
        tally.urgent[scored.result.value] += 1
    if scored.result is Result.MISSED and scored.urgent:
        value = label.value and f"{label.value.value:.2f} {label.value.unit}"
        lasted = label.lasted and label.lasted.total_seconds()
        tally.missed.append(_example(case, label.kind.value, label.at) | {"value": value, "lasted_s": lasted})


def _add_finding(tally: Tally, finding: Finding | CourseFinding, case: Case, window: Window) -> None:
    tally.rules[finding.rule, finding.verdict.outcome.value] += 1
    severity = alert_severity(finding)
    if severity is not None:
        tally.alerts[case.physician, window.week(when(finding, case)), severity.value] += 1
        if severity in (Severity.HIGH, Severity.MEDIUM):
            tally.whom[str(case.course.patient)] += 1


def _add_cause(tally: Tally, finding: Finding | CourseFinding, case: Case, *, caused: bool) -> None:
    if caused:
        return
    tally.rules[finding.rule, "false"] += 1
    severity = alert_severity(finding)
    if severity is not None:
        tally.false_alerts[severity.value] += 1
    if severity in (Severity.HIGH, Severity.MEDIUM):
        example = _example(case, finding.rule, when(finding, case))
        tally.false.append(example | {"because": finding.verdict.because})


def _example(case: Case, what: str, at: datetime) -> dict[str, Any]:
    return {"what": what, "patient": str(case.course.patient), "at": at.isoformat(timespec="seconds")}


def when(finding: Finding | CourseFinding, case: Case) -> datetime:
    """When what was found was, or began."""
    if isinstance(finding, CourseFinding):
        return finding.began_at
    return began_at(case.past(finding.session))


def compare(now: Iterable[Finding | CourseFinding], candidate: Iterable[Finding | CourseFinding]) -> Tally:
    """What a candidate would have alerted of that is not alerted of now, and the other way round."""
    before, after = _alerts(now), _alerts(candidate)
    tally = Tally()
    tally.starts.update(key[1:] for key in after - before)
    tally.stops.update(key[1:] for key in before - after)
    return tally


def _alerts(findings: Iterable[Finding | CourseFinding]) -> set[tuple[str, str, str]]:
    return {
        (str(finding.id), str(finding.rule), severity.value)
        for finding in findings
        if (severity := alert_severity(finding)) is not None
    }
