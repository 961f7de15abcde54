"""What a rule is: a function of a session and its limits whose docstring is what the physician reads."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from clinical.facts import SessionFacts
from clinical.regimen import Limits
from clinical.verdicts import Verdict
from vocabulary.identity import RuleId
from vocabulary.severity import Severity

Judge = Callable[[SessionFacts, Limits], Verdict]

_PART: Final = re.compile(r"(?P<title>[A-Z][a-z ]{2,30}): (?P<words>.+)")


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
        return explained(self.judge)


def explained(judge: Callable[..., object]) -> tuple[str, ...]:
    """The lines of a judge's docstring."""
    lines = (judge.__doc__ or "").splitlines()
    return tuple(line.strip() for line in lines if line.strip())


def rule(name: str, *, version: int, severity: Severity) -> Callable[[Judge], Rule]:
    """Make a rule of the decorated function."""

    def make(judge: Judge) -> Rule:
        return Rule(id=RuleId(name), version=version, severity=severity, judge=judge)

    return make


def parts(explanation: Iterable[str]) -> list[tuple[str, str]]:
    """Title and words of each part after the first sentence; a line without a title goes on with the one before."""
    found: list[tuple[str, str]] = []
    for line in explanation:
        if part := _PART.fullmatch(line):
            found.append((part["title"], part["words"]))
        elif found:
            title, words = found[-1]
            found[-1] = (title, f"{words} {line}")
    return found
