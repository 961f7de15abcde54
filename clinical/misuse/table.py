"""Every rule, a line each."""

from collections.abc import Mapping
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
    clock_unknown,
)

COURSE_RULES: Final[tuple[CourseRule, ...]] = (
    used_on_hold,
    over_cap,
    heat_stacked,
    too_many_a_day,
    too_many_a_week,
    off_schedule,
    partial_twice,
    missed_slot,
    drift,
    output_drift,
    worn_tip,
    other_person,
    device_cloned,
    firmware_recalled,
    clock_stepped,
    clinical_silence,
    technical_silence,
    limits_unconfirmed,
)
"""Rules over weeks, a line each."""

RULE: Final[dict[RuleId, Rule | CourseRule]] = {rule.id: rule for rule in RULES} | {
    rule.id: rule for rule in COURSE_RULES
}

SAID_BY: Final[Mapping[RuleId, RuleId]] = {
    over_dose.id: too_long.id,
    thermal_dose_high.id: too_hot.id,
    thermal_dose_raised.id: too_hot.id,
}
"""Rules that only show what another one calls for when both are broken in one session: that one knows sooner, is no
quieter, and asks for the same to be done."""

SAID_IN_SESSIONS: Final = frozenset({too_soon.id})
"""Rules in a session that say what a rule over weeks would say again."""

OF_NOW: Final = frozenset({technical_silence.id})
"""Rules over weeks that speak of this moment alone: when else a device was heard is not kept, only when it was last."""

CALLED_ONCE: Final = frozenset({too_soon.id, no_regimen.id})
"""Rules in a session that call once while the patient goes on: both are habits, one talk or one prescription ends all
of it, and each session adds nothing to what has to be done. Not of a dose, of which each session is a harm of its own.
A proposal that a physician owns, as is for how long (`Practice.again_days`)."""
