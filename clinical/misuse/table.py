"""Every rule, a line each."""

from typing import Final

from clinical.misuse.course_rules import CourseRule
from clinical.misuse.dose import over_dose, too_long
from clinical.misuse.heat import too_hot
from clinical.misuse.identity import no_regimen
from clinical.misuse.rules import Rule
from clinical.misuse.schedule import clock_unknown, too_soon
from clinical.misuse.wear import contact_lost, not_worn
from vocabulary.identity import RuleId

RULES: Final[tuple[Rule, ...]] = (
    too_hot,
    over_dose,
    too_long,
    too_soon,
    no_regimen,
    contact_lost,
    not_worn,
    clock_unknown,
)

RULE: Final[dict[RuleId, Rule]] = {rule.id: rule for rule in RULES}

COURSE_RULES: Final[tuple[CourseRule, ...]] = ()
"""Rules over weeks, a line each."""
