"""Hold a session against its limits, and a course against its rules: every rule, one finding for each episode."""

from collections.abc import Collection, Iterable

from clinical.facts import SessionFacts
from clinical.misuse.course_rules import CourseAt, CourseRule, Episode
from clinical.misuse.rules import Rule
from clinical.misuse.table import COURSE_RULES, RULES, SAID_BY
from clinical.regimen import STANDING_LIMITS, Regimen
from clinical.verdicts import CourseFinding, Finding, Outcome, Verdict
from vocabulary.identity import RuleId
from vocabulary.quantities import Quantity
from vocabulary.severity import Severity


def judge(session: SessionFacts, regimen: Regimen | None, rules: Iterable[Rule] = RULES) -> tuple[Finding, ...]:
    """All findings of a session that are not clear.

    Until the device's record is here, only what fires counts: what is undetermined may be decided by what is still
    to come.
    """
    limits = regimen.held_to(_planned(session, regimen)) if regimen else STANDING_LIMITS[session.modality]
    verdicts, clear = [(rule, rule.judge(session, limits)) for rule in rules], Outcome.CLEAR
    said = [one for one in verdicts if one[1].outcome is not clear]
    firing = [rule.id for rule, verdict in said if verdict.outcome is Outcome.FIRES]
    return tuple(_finding(session, *one, firing) for one in said if session.recorded or one[0].id in firing)


def _planned(session: SessionFacts, regimen: Regimen) -> Quantity:
    return session.planned.dose if session.planned else regimen.strongest_dose


def _finding(session: SessionFacts, rule: Rule, verdict: Verdict, firing: Collection[RuleId]) -> Finding:
    episode, louder = str(session.session), SAID_BY.get(rule.id)
    return Finding(
        rule=rule.id,
        rule_version=rule.version,
        severity=rule.severity,
        session=session.session,
        episode=episode,
        verdict=verdict,
        said_by=louder if louder in firing and rule.id in firing else None,
    )


def judge_course(at: CourseAt, rules: Iterable[CourseRule] = COURSE_RULES) -> tuple[CourseFinding, ...]:
    """All findings of a course as of its instant, those of episodes that have cleared meanwhile included."""
    return tuple(_course_finding(at, rule, episode) for rule in rules for episode in rule.judge(at))


def _course_finding(at: CourseAt, rule: CourseRule, episode: Episode) -> CourseFinding:
    patient = at.course.patient
    return CourseFinding(
        rule=rule.id,
        rule_version=rule.version,
        severity=rule.severity,
        patient=patient,
        episode=episode.onset,
        began_at=episode.began_at,
        cleared_at=episode.cleared_at,
        sessions=episode.sessions,
        verdict=episode.verdict,
        said_by=episode.said_by,
    )


def alert_severity(finding: Finding | CourseFinding) -> Severity | None:
    """How loud a finding is: what fires is as bad as its rule; a high danger that cannot be ruled out is medium.

    None: it is shown with its session and calls nobody, as does what another finding calls for already.
    """
    if finding.said_by is not None:
        return None
    if finding.verdict.outcome is Outcome.FIRES:
        return finding.severity if finding.severity is not Severity.INFO else None
    return Severity.MEDIUM if finding.severity is Severity.HIGH else None
