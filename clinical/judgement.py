"""Hold a session against its limits: every rule, one finding each."""

from collections.abc import Iterator

from clinical.facts import SessionFacts
from clinical.misuse.rules import Rule
from clinical.misuse.table import RULES
from clinical.regimen import STANDING_LIMITS, Regimen
from clinical.verdicts import Finding, Outcome, Verdict
from vocabulary.identity import finding_id
from vocabulary.severity import Severity


def judge(session: SessionFacts, regimen: Regimen | None) -> tuple[Finding, ...]:
    """All findings of a session that are not clear.

    Until the device's record is here, only what fires counts: what is undetermined may be decided by what is still
    to come.
    """
    limits = regimen.held_to if regimen else STANDING_LIMITS[session.modality]
    verdicts = ((rule, rule.judge(session, limits)) for rule in RULES)
    return tuple(_finding(session, rule, verdict) for rule, verdict in _worth_saying(session, verdicts))


def _worth_saying(session: SessionFacts, verdicts: Iterator[tuple[Rule, Verdict]]) -> Iterator[tuple[Rule, Verdict]]:
    said = {Outcome.FIRES, Outcome.UNDETERMINED} if session.recorded else {Outcome.FIRES}
    return ((rule, verdict) for rule, verdict in verdicts if verdict.outcome in said)


def _finding(session: SessionFacts, rule: Rule, verdict: Verdict) -> Finding:
    episode = str(session.session)
    return Finding(
        id=finding_id(rule.id, session.session, episode),
        rule=rule.id,
        rule_version=rule.version,
        severity=rule.severity,
        session=session.session,
        episode=episode,
        verdict=verdict,
    )


def alert_severity(finding: Finding) -> Severity | None:
    """How loud a finding is: what fires is as bad as its rule; a high danger that cannot be ruled out is medium.

    None: it is shown with its session and calls nobody.
    """
    if finding.verdict.outcome is Outcome.FIRES:
        return finding.severity if finding.severity is not Severity.INFO else None
    return Severity.MEDIUM if finding.severity is Severity.HIGH else None
