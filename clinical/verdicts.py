"""What a rule says of a session, and on what evidence."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from vocabulary.identity import FindingId, PatientId, RuleId, SessionId
from vocabulary.quantities import Quantity
from vocabulary.severity import Severity


class Outcome(StrEnum):
    """What a rule can say."""

    FIRES = "fires"
    CLEAR = "clear"
    UNDETERMINED = "undetermined"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a verdict rests on: what was measured, against what, how sure; and the samples that show it, by number."""

    measured: Quantity | None = None
    limit: Quantity | None = None
    uncertainty: Quantity | None = None
    first_sample: int | None = None
    last_sample: int | None = None


NOTHING = Evidence()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """An outcome, the sentence that a physician reads, and the evidence."""

    outcome: Outcome
    because: str
    evidence: Evidence


def fires(because: str, evidence: Evidence) -> Verdict:
    """The rule is broken."""
    return Verdict(outcome=Outcome.FIRES, because=because, evidence=evidence)


def clear(because: str = "", evidence: Evidence = NOTHING) -> Verdict:
    """The rule is kept."""
    return Verdict(outcome=Outcome.CLEAR, because=because, evidence=evidence)


def undetermined(because: str, evidence: Evidence = NOTHING) -> Verdict:
    """What is known does not decide."""
    return Verdict(outcome=Outcome.UNDETERMINED, because=because, evidence=evidence)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one rule found in one session. Evaluating the same facts again gives the same id.

    `said_by`: the rule that calls for the same thing already, so that this finding is only shown; None where it calls.
    `said_before`: how long before it that called, where it was the same rule in an earlier session.
    """

    id: FindingId
    rule: RuleId
    rule_version: int
    severity: Severity
    session: SessionId
    episode: str
    verdict: Verdict
    said_by: RuleId | None = None
    said_before: timedelta | None = None

    @property
    def because(self) -> str:
        """The verdict's sentence, and which rule calls for it if not this one."""
        if self.said_before is None:
            return _because(self.verdict, self.said_by)
        return f"{self.verdict.because}; {self.said_by} called {_words(self.said_before)} before"

    @property
    def subject(self) -> UUID:
        """What it is about."""
        return self.session


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseFinding:
    """What one course rule found: its subject is the patient, its episode goes from an onset fact to its clearing.

    `cleared_at` is None while it lasts; `said_by` as of a finding in one session.
    """

    id: FindingId
    rule: RuleId
    rule_version: int
    severity: Severity
    patient: PatientId
    episode: str
    began_at: datetime
    cleared_at: datetime | None
    sessions: tuple[SessionId, ...]
    verdict: Verdict
    said_by: RuleId | None = None

    @property
    def because(self) -> str:
        """The verdict's sentence, and which rule calls for it if not this one."""
        return _because(self.verdict, self.said_by)

    @property
    def subject(self) -> UUID:
        """Whom it is about."""
        return self.patient


def _because(verdict: Verdict, said_by: RuleId | None) -> str:
    return verdict.because if said_by is None else f"{verdict.because}; {said_by} calls for it"


def _words(span: timedelta) -> str:
    hours = span / timedelta(hours=1)
    return f"{hours / 24:.0f} days" if hours >= 48 else f"{hours:.0f} h" if hours >= 1 else f"{hours * 60:.0f} min"
