"""Every rule, a line each."""

from typing import Final

from clinical.misuse.adherence import drift, missed_slot, partial_twice
from clinical.misuse.ageing import output_drift, worn_tip
from clinical.misuse.course_rules import CourseRule
from clinical.misuse.device import firmware_recalled
from clinical.misuse.dose import over_dose, too_long, too_short, under_dose
from clinical.misuse.energy import heat_stacked, over_cap
from clinical.misuse.heat import energy_after_trip, too_hot
from clinical.misuse.identity import no_regimen
from clinical.misuse.impostors import clock_stepped, device_cloned, other_person
from clinical.misuse.overuse import off_schedule, too_many_a_day, too_many_a_week, used_on_hold
from clinical.misuse.programme import contraindicated, wrong_level, wrong_programme, wrong_zone
from clinical.misuse.rules import Rule
from clinical.misuse.schedule import clock_unknown, too_soon
from clinical.misuse.silence import clinical_silence, limits_unconfirmed, technical_silence
from clinical.misuse.thermal import (
    thermal_dose_harmful,
    thermal_dose_high,
    thermal_dose_noted,
    thermal_dose_raised,
)
from clinical.misuse.wear import contact_lost, eye_shield_off, not_worn
from vocabulary.identity import RuleId

RULES: Final[tuple[Rule, ...]] = (
    too_hot,
    energy_after_trip,
    thermal_dose_harmful,
    thermal_dose_high,
    thermal_dose_raised,
    thermal_dose_noted,
    over_dose,
    under_dose,
    too_long,
    too_short,
    too_soon,
    wrong_programme,
    wrong_zone,
    wrong_level,
    contraindicated,
    eye_shield_off,
    no_regimen,
    contact_lost,
    not_worn,
    firmware_recalled,
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
    over_cap,
    output_drift,
    device_cloned,
    heat_stacked,
    worn_tip,
    other_person,
    clock_stepped,
)
"""Rules over weeks, a line each."""
