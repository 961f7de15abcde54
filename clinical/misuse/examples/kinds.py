"""What an example is, and how a rule is held against one."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from clinical.facts import SessionFacts
from clinical.misuse.course_rules import CourseAt, CourseRule
from clinical.misuse.rules import Rule
from clinical.regimen import Limits
from clinical.verdicts import Outcome
from vocabulary.identity import RuleId


class Kind(StrEnum):
    """Of which side of a rule an example is."""

    FIRES = "fires"
    SILENT = "silent"
    BOUNDARY = "boundary"
    UNDETERMINED = "undetermined"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfSession:
    """A session and the limits that it is held to."""

    session: SessionFacts
    limits: Limits


Subject = OfSession | CourseAt


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """What a rule is to say of a subject, in words for a reader; without one, why there is no such example."""

    rule: RuleId
    kind: Kind
    words: str
    subject: Subject | None
    outcome: Outcome


Shown = tuple[str, Subject]


def examples(
    rule: str, *, fires: Shown, silent: Shown, boundary: tuple[str, Subject, Outcome], undetermined: Shown | str
) -> tuple[Example, ...]:
    """The examples of one rule. Words alone in place of an undetermined one say why the rule can always tell."""
    words, subject = (undetermined, None) if isinstance(undetermined, str) else undetermined
    shown = (
        (Kind.FIRES, *fires, Outcome.FIRES),
        (Kind.SILENT, *silent, Outcome.CLEAR),
        (Kind.BOUNDARY, *boundary),
        (Kind.UNDETERMINED, words, subject, Outcome.UNDETERMINED),
    )
    return tuple(
        Example(rule=RuleId(rule), kind=kind, words=text, subject=about, outcome=outcome)
        for kind, text, about, outcome in shown
    )


def disagreements(shown: Iterable[Example], rules: Iterable[Rule | CourseRule]) -> Iterator[str]:
    """Each example of which its rule says something else, and each that has no rule."""
    table = {rule.id: rule for rule in rules}
    for example in shown:
        rule, subject = table.get(example.rule), example.subject
        if rule is None:
            yield f"{example.rule}: no such rule"
        elif subject is not None and (said := outcome_of(rule, subject)) is not example.outcome:
            yield f"{example.rule}, {example.words}: {said}, not {example.outcome}"


def outcome_of(rule: Rule | CourseRule, subject: Subject) -> Outcome:
    """What a rule says of a subject; of a course, the worst of its episodes."""
    if isinstance(rule, Rule):
        if not isinstance(subject, OfSession):
            raise TypeError(f"{rule.id} judges sessions")
        return rule.judge(subject.session, subject.limits).outcome
    if isinstance(subject, OfSession):
        raise TypeError(f"{rule.id} judges courses")
    said = {episode.verdict.outcome for episode in rule.judge(subject)}
    return next((one for one in (Outcome.FIRES, Outcome.UNDETERMINED) if one in said), Outcome.CLEAR)
