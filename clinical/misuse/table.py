"""Every rule, a line each."""

from typing import Final

from clinical.misuse.adherence import drift, missed_slot, partial_twice
from clinical.misuse.course_rules import CourseRule
from clinical.misuse.dose import over_dose, too_long
from clinical.misuse.heat import too_hot
from clinical.misuse.identity import no_regimen
from clinical.misuse.overuse import off_schedule, too_many_a_day, too_many_a_week, used_on_hold
from clinical.misuse.rules import Rule
from clinical.misuse.schedule import clock_unknown, too_soon
from clinical.misuse.silence import clinical_silence, limits_unconfirmed, technical_silence
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

COURSE_RULES: Final[tuple[CourseRule, ...]] = (
    used_on_hold,
    too_many_a_day,
    too_many_a_week,
    off_schedule,
    partial_twice,
    missed_slot,
    clinical_silence,
    technical_silence,
    limits_unconfirmed,
    drift,
)
"""Rules over weeks, a line each."""
