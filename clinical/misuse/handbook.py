"""The rules as a page for physicians, out of the rules themselves."""

from collections.abc import Iterable, Iterator
from typing import Final

from clinical.misuse.course_rules import CourseRule
from clinical.misuse.rules import Rule, parts
from clinical.misuse.table import COURSE_RULES, RULES

_HEAD: Final = """\
# Rules

What the service looks for in every session, and then over the weeks of a patient, out of the rules as they run. Limits
come from the patient's regimen. What *fires*, *clear* and *undetermined* mean, and what to do with an alert:
[guide for physicians](guides/physician.md). Slots and adherence: [adherence](adherence.md).
"""


def handbook(rules: Iterable[Rule | CourseRule] = (*RULES, *COURSE_RULES)) -> str:
    """The page, in Markdown."""
    return "\n".join([_HEAD, *(line for rule in rules for line in _chapter(rule))])


def _chapter(rule: Rule | CourseRule) -> Iterator[str]:
    yield f"## {rule.id}\n"
    yield f"{rule.title} **{rule.severity.capitalize()}**, version {rule.version}.\n"
    yield from (f"- **{title}**: {words}" for title, words in parts(rule.explanation))
    yield ""
