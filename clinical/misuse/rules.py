"""What a rule is: a function of a session and its limits whose docstring is what the physician reads."""

from collections.abc import Callable
from dataclasses import dataclass

from clinical.facts import SessionFacts
from clinical.regimen import Limits
from clinical.verdicts import Verdict
from vocabulary.identity import RuleId
from vocabulary.severity import Severity

Judge = Callable[[SessionFacts, Limits], Verdict]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule: its name, its version (raised whenever a verdict could change), how bad its breach is, and its judge."""

    id: RuleId
    version: int
    severity: Severity
    judge: Judge

    @property
    def title(self) -> str:
        """The first sentence of what the physician reads."""
        return self.explanation[0]

    @property
    def explanation(self) -> tuple[str, ...]:
        """Sentence, cause, consequence, action, time to respond and source, a line each."""
        lines = (self.judge.__doc__ or "").splitlines()
        return tuple(line.strip() for line in lines if line.strip())


def rule(name: str, *, version: int, severity: Severity) -> Callable[[Judge], Rule]:
    """Make a rule of the decorated function."""

    def make(judge: Judge) -> Rule:
        return Rule(id=RuleId(name), version=version, severity=severity, judge=judge)

    return make
