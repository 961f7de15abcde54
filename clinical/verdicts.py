"""What a rule says of a session, and on what evidence."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from msgspec import Struct

from vocabulary.identity import FindingId, PatientId, RuleId, SessionId, finding_id
from vocabulary.quantities import Quantity
from vocabulary.severity import Severity


class Outcome(StrEnum):
    """What a rule can say."""

    FIRES = "fires"
    CLEAR = "clear"
    UNDETERMINED = "undetermined"


_FIRES: Final = Outcome.FIRES  # looked up once: a member of an enumeration costs as much as the verdict
_UNDETERMINED: Final = Outcome.UNDETERMINED


class Evidence(Struct, frozen=True, kw_only=True):
    """What a verdict rests on: what was measured, against what, how sure; and the samples that show it, by number."""

    measured: Quantity | None = None
    limit: Quantity | None = None
    uncertainty: Quantity | None = None
    first_sample: int | None = None
    last_sample: int | None = None


NOTHING = Evidence()


class Verdict(Struct, frozen=True, kw_only=True):
    """An outcome, the sentence that a physician reads, and the evidence."""

    outcome: Outcome
    because: str
    evidence: Evidence


def fires(because: str, evidence: Evidence) -> Verdict:
    """The rule is broken."""
    return Verdict(outcome=_FIRES, because=because, evidence=evidence)


CLEAR: Final = Verdict(outcome=Outcome.CLEAR, because="", evidence=NOTHING)
"""The rule is kept, or does not concern the session: nobody is told, so there is nothing to show."""


def undetermined(because: str, evidence: Evidence = NOTHING) -> Verdict:
    """What is known does not decide."""
    return Verdict(outcome=_UNDETERMINED, because=because, evidence=evidence)


class Finding(Struct, frozen=True, kw_only=True):
    """What one rule found in one session. Evaluating the same facts again gives the same id.

    `said_by`: the rule that calls for the same thing already, so that this finding is only shown; None where it calls.
    `said_before`: how long before it that called, where it was the same rule in an earlier session.
    """

    rule: RuleId
    rule_version: int
    severity: Severity
    session: SessionId
    episode: str
    verdict: Verdict
    said_by: RuleId | None = None
    said_before: timedelta | None = None

    @property
    def id(self) -> FindingId:
        """The same for the same rule, session and episode."""
        return finding_id(self.rule, self.session, self.episode)

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


class CourseFinding(Struct, frozen=True, kw_only=True):
    """What one course rule found: its subject is the patient, its episode goes from an onset fact to its clearing.

    `cleared_at` is None while it lasts; `said_by` as of a finding in one session.
    """

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
    def id(self) -> FindingId:
        """The same for the same rule, patient and episode."""
        return finding_id(self.rule, self.patient, self.episode)

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
