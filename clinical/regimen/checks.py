"""The checks that a prescription must pass: each names the fields that are impossible, or contradict each other.

Rules, kept here:
- Every check runs on every prescription, so all reasons come at once; none raises, whatever the figures are.
- A reason stands under the path of the field to change, in the words of the written form: `phases.0.duration_s`.
- What is refused is certain to be wrong: where something needed is not known, nothing is said.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import pairwise
from math import isfinite
from typing import Final

from clinical.plan import Phase, Timing
from clinical.regimen.cap_checks import caps
from clinical.regimen.light_checks import back_up_time, programmes
from clinical.regimen.prescription import DOSE_UNITS, Prescription
from clinical.regimen.room import fits

Reasons = Iterator[tuple[str, str]]
Check = Callable[[Prescription], Reasons]

WEEK: Final = timedelta(days=7)
DAY: Final = timedelta(days=1)
_NONE: Final = timedelta(0)

MOST_PHASES: Final = 12
MOST_A_DAY: Final = 3
LONGEST_PERIOD: Final = timedelta(days=92)
LONGEST_PHASE: Final = timedelta(weeks=104)
LONGEST_SESSION: Final = timedelta(hours=2)
SKIN_CELSIUS: Final = (35, 45)
LONGEST_REST: Final = timedelta(days=31)
HIGHEST_CEM43_MIN: Final = 240
HIGHEST_LEVEL: Final = 1000


def reasons_against(prescription: Prescription) -> dict[str, str]:
    """What is wrong, by the path of the field; empty when the prescription agrees with itself."""
    return by_field(contradictions(prescription))


def contradictions(prescription: Prescription) -> Reasons:
    """What is wrong: paths of fields, each with one reason; a field may come more than once."""
    for check in CHECKS:
        yield from check(prescription)


def by_field(found: Iterable[tuple[str, str]]) -> dict[str, str]:
    """All reasons of a field as one."""
    reasons: dict[str, list[str]] = {}
    for field, reason in found:
        if reason not in reasons.setdefault(field, []):
            reasons[field].append(reason)
    return {field: "; ".join(said) for field, said in reasons.items()}


def _modality(wanted: Prescription) -> Reasons:
    if wanted.modality not in DOSE_UNITS:
        yield "modality", f"{wanted.modality} carries no dose, so none can be prescribed"


def _phases(wanted: Prescription) -> Reasons:
    if not 1 <= len(wanted.phases) <= MOST_PHASES:
        yield "phases", f"expected 1 to {MOST_PHASES} phases"
    for number, phase in enumerate(wanted.phases):
        last = number == len(wanted.phases) - 1
        if phase.lasts is None and not last:
            yield f"phases.{number}.weeks", "only the last phase can be open: nothing would come after it"
        if phase.lasts is not None and not (_NONE < phase.lasts <= LONGEST_PHASE and phase.lasts % WEEK == _NONE):
            yield f"phases.{number}.weeks", "expected 1 to 104 whole weeks"


def _sessions(wanted: Prescription) -> Reasons:
    unit = DOSE_UNITS.get(wanted.modality)
    for number, phase in enumerate(wanted.phases):
        if not _NONE < phase.duration <= LONGEST_SESSION:
            yield f"phases.{number}.duration_s", "expected more than 0 and up to 2 hours"
        if unit and phase.dose.unit is not unit:
            yield f"phases.{number}.dose", f"{wanted.modality} is dosed in {unit}, not {phase.dose.unit}"
        if not _positive(phase.dose.value):
            yield f"phases.{number}.dose", "a dose is more than zero"


def _timings(wanted: Prescription) -> Reasons:
    for number, phase in enumerate(wanted.phases):
        for field, reason in timing_reasons(phase.timing):
            yield f"phases.{number}.timing.{field}", reason
        if phase.lasts is not None and _sound(phase.timing) and phase.lasts < phase.timing.period:
            yield f"phases.{number}.weeks", "shorter than one period of its timing"


def timing_reasons(timing: Timing) -> Reasons:
    """What is wrong with a timing by itself."""
    if timing.period % DAY or not DAY <= timing.period <= LONGEST_PERIOD:
        yield "period_days", f"expected 1 to {LONGEST_PERIOD.days} whole days"
    elif not 1 <= timing.frequency <= MOST_A_DAY * timing.period.days:
        yield "frequency", f"expected 1 to {MOST_A_DAY * timing.period.days}: at most {MOST_A_DAY} sessions a day"
    if timing.frequency < 1:
        yield "frequency", "expected at least 1"
    if timing.weekdays:
        yield from _weekdays(timing)


def _weekdays(timing: Timing) -> Reasons:
    if any(later <= earlier for earlier, later in pairwise(timing.weekdays)):
        yield "weekdays", "expected each day once, in the order of the week"
    if timing.frequency != len(timing.weekdays):
        yield "frequency", f"{len(timing.weekdays)} days of the week are named, with one session on each"
    if timing.period != WEEK:
        yield "period_days", "days of the week come back after 7 days"


def _rest(wanted: Prescription) -> Reasons:
    rest = wanted.limits.rest
    if rest is None:
        return
    if not _NONE <= rest <= LONGEST_REST:
        yield "limits.rest_s", f"expected 0 to {LONGEST_REST.days} days"
        return
    for number, phase in enumerate(wanted.phases):
        if _sound(phase.timing) and not fits(phase.timing, rest + phase.duration):
            asked = f"{phase.timing.frequency} sessions in {phase.timing.period.days} days"
            yield "limits.rest_s", f"leaves no room for the {asked} of phase {number + 1}"


def _limits(wanted: Prescription) -> Reasons:
    limits, (lowest, highest) = wanted.limits, SKIN_CELSIUS
    if limits.skin_celsius is not None and not lowest <= limits.skin_celsius <= highest:
        yield (
            "limits.skin_celsius",
            f"expected {lowest} to {highest} °C: below, warm skin alone exceeds it; above, it burns before it stops",
        )
    if limits.skin_grace < _NONE:
        yield "limits.skin_grace_s", "expected 0 or more"
    if limits.contact_grace < _NONE:
        yield "limits.contact_grace_s", "expected 0 or more"
    if limits.dose is not None and not _positive(limits.dose.value):
        yield "limits.dose", "a dose is more than zero"
    for number, phase in enumerate(wanted.phases):
        yield from _above_plan(wanted, phase, number + 1)


def _above_plan(wanted: Prescription, phase: Phase, number: int) -> Reasons:
    dose, duration = wanted.limits.dose, wanted.limits.duration
    if dose is not None and dose.unit is not phase.dose.unit:
        yield "limits.dose", f"expected {phase.dose.unit}, as the dose of phase {number}"
    elif dose is not None and dose.value < phase.dose.value:
        yield "limits.dose", f"lies below the {phase.dose.value:g} {phase.dose.unit} of phase {number}"
    if duration is not None and duration < phase.duration:
        yield "limits.duration_s", f"lies below the {phase.duration.total_seconds():g} s of phase {number}"


def _counts(wanted: Prescription) -> Reasons:
    day, week = wanted.most_per_day, wanted.most_per_week
    for field, most in (("most_per_day", day), ("most_per_week", week)):
        if most is not None and most < 1:
            yield field, "expected at least 1"
    if day is not None and week is not None and day > week:
        yield "most_per_day", "lies above the most in a week"
    for number, phase in enumerate(wanted.phases):
        frequency, days = phase.timing.frequency, phase.timing.period.days
        if day is not None and day * days < frequency:
            yield "most_per_day", f"lies below what phase {number + 1} asks"
        if week is not None and week * days < frequency * WEEK.days:
            yield "most_per_week", f"lies below what phase {number + 1} asks"


def _zones(wanted: Prescription) -> Reasons:
    if _repeated(wanted.zones):
        yield "zones", "expected each zone once"


def _heat(wanted: Prescription) -> Reasons:
    if wanted.cem43 is None:
        return
    levels = wanted.cem43
    steps = (levels.info_min, levels.warn_min, levels.alert_min, levels.stop_min)
    names = ("info_min", "warn_min", "alert_min", "stop_min")
    for name, level in zip(names, steps, strict=True):
        if not 0 < level <= HIGHEST_CEM43_MIN:
            yield f"cem43.{name}", f"expected more than 0 and up to {HIGHEST_CEM43_MIN} min"
    for name, (lower, level) in zip(names[1:], pairwise(steps), strict=True):
        if not lower < level:
            yield f"cem43.{name}", "expected more than the level before it"


def _level(wanted: Prescription) -> Reasons:
    level = wanted.level
    if level is None:
        return
    for name, value in (("lowest", level.lowest), ("highest", level.highest)):
        if not 0 < value <= HIGHEST_LEVEL:
            yield f"level.{name}", f"expected more than 0 and up to {HIGHEST_LEVEL}"
    if not level.lowest <= level.highest:
        yield "level.highest", "lies below the lowest"


def _phototypes(wanted: Prescription) -> Reasons:
    if wanted.phototypes is None:
        return
    if not wanted.phototypes.allowed or _repeated(wanted.phototypes.allowed):
        yield "phototypes.allowed", "expected at least one phototype, each once"
    if not wanted.phototypes.because.strip():
        yield "phototypes.because", "expected the reason"


def _positive(value: float) -> bool:
    return isfinite(value) and value > 0


def _repeated(values: Sequence[Hashable]) -> bool:
    return any(times > 1 for times in Counter(values).values())


def _sound(timing: Timing) -> bool:
    return not any(True for _ in timing_reasons(timing))


CHECKS: Final[tuple[Check, ...]] = (
    _modality,
    _phases,
    _sessions,
    _timings,
    _limits,
    _rest,
    _counts,
    _zones,
    programmes,
    back_up_time,
    caps,
    _heat,
    _level,
    _phototypes,
)
