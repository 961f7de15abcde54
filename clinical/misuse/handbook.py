"""The rules as a page for physicians, out of the rules themselves and their examples."""

from collections.abc import Iterable, Iterator
from typing import Final

from clinical.misuse.course_rules import CourseRule
from clinical.misuse.examples.kinds import Example
from clinical.misuse.examples.table import EXAMPLES
from clinical.misuse.rules import Rule, parts
from clinical.misuse.table import COURSE_RULES, RULES

AnyRule = Rule | CourseRule

_HEAD: Final = """\
# Rules

What the service looks for, out of the rules as they run. Limits come from the patient's regimen. What *fires*, *clear*
and *undetermined* mean, and what to do with an alert: [guide for physicians](guides/physician.md). The examples are
held against the rules by the tests.

**In every session**: {session}.

**Over days and weeks**: {course}.
"""


def handbook(rules: Iterable[Rule] = RULES, course_rules: Iterable[CourseRule] = COURSE_RULES) -> str:
    """The page, in Markdown."""
    session, course = tuple(rules), tuple(course_rules)
    head = _HEAD.format(session=_links(session), course=_links(course))
    every: tuple[AnyRule, ...] = (*session, *course)
    return "\n".join([head, *(line for rule in every for line in _chapter(rule))])


def _links(rules: Iterable[AnyRule]) -> str:
    return ", ".join(f"[{rule.id}](#{rule.id})" for rule in rules)


def _chapter(rule: AnyRule) -> Iterator[str]:
    yield f"## {rule.id}\n"
    yield f"{rule.title} **{rule.severity.capitalize()}**, version {rule.version}.\n"
    yield from (f"- **{title}**: {words}" for title, words in parts(rule.explanation))
    yield ""
    yield "| example | it says |"
    yield "|---|---|"
    yield from (_row(example) for example in EXAMPLES if example.rule == rule.id)
    yield ""


def _row(example: Example) -> str:
    if example.subject is None:
        return f"| never undetermined | {example.words} |"
    return f"| {example.words} | {example.outcome} |"
