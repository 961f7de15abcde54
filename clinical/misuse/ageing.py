"""Rules about devices that change over sessions: what they put out, and how well they touch."""

from collections.abc import Iterator
from operator import attrgetter
from typing import Final

from clinical.course import CourseDevice, PastSession
from clinical.dose.bands import emissions
from clinical.misuse.course_rules import CourseAt, Episode, course_rule, when
from clinical.misuse.shifts import Figure, Shift, fell_silent, shifts
from clinical.verdicts import Evidence, Verdict, fires, undetermined
from vocabulary.devices import Modality
from vocabulary.quantities import Quantity, Unit
from vocabulary.severity import Severity

OUTPUT_FRACTION: Final = 0.2
"""How far output may lie from its normal: the power accuracy of a home RF device, 10 W ± 20 % (domain facts 2.2)."""

CONTACT_LESS: Final = 0.1
"""How much less contact than usual a worn tip gives. A proposal that a physician owns."""

IMPEDANCE_MORE: Final = 1.3
"""How many times the usual impedance a worn tip gives. A proposal that a physician owns."""

_HEAD: Final = Modality.RF  # looked up once: a member of an enumeration costs as much as the rest
_level: Final[Figure] = attrgetter("output_level")
_contact: Final[Figure] = attrgetter("wear.contact_fraction")
_ohm: Final[Figure] = attrgetter("impedance_ohm")
_UNITS: Final = {Modality.LED: Unit.MILLIWATT_PER_CM2, Modality.RF: Unit.WATT}


@course_rule("output-drift", version=1, severity=Severity.MEDIUM)
def output_drift(at: CourseAt) -> Iterator[Episode]:
    """Three sessions in a row were stronger or weaker than this device's are.

    Cause: an emitter that ages or fails, a driver out of adjustment, a battery near its end.
    Consequence: the same minutes give another dose than was prescribed.
    Action: look at the device; until then judge by dose and not by time.
    Time to respond: one day.
    Source: drift from its own median, or from its calibration where there is one, for 3 sessions (product defaults); by
    a fifth, the power accuracy of a home RF device (DEN150005).
    """
    devices = {device.uid: device for device in at.course.devices}
    for uid, sessions in at.by_device.items():
        for program in sorted({one.program for one in sessions if one.program is not None}):
            mine = tuple([one for one in sessions if one.program == program])
            unit = _UNITS.get(mine[-1].modality)
            if unit is not None:
                meant = _calibrated(devices.get(uid), program)
                yield from _drifts(at, mine, meant, unit)


def _calibrated(device: CourseDevice | None, program: int) -> float | None:
    """What a programme puts out in all, mW/cm², by its calibration."""
    shone = [one.irradiance for one in emissions(device.outputs, program)] if device else []
    return sum((one.low + one.high) / 2 for one in shone) if shone else None


def _drifts(at: CourseAt, sessions: tuple[PastSession, ...], meant: float | None, unit: Unit) -> Iterator[Episode]:
    def away(value: float, normal: float) -> bool:
        right = normal if meant is None else meant
        return abs(value - right) > OUTPUT_FRACTION * right

    for shift in shifts(sessions, _level, away, at.practice):
        right = shift.normal if meant is None else meant
        evidence = Evidence(
            measured=Quantity(shift.figure, unit),
            limit=Quantity(right, unit),
            uncertainty=Quantity(OUTPUT_FRACTION * right, unit),
        )
        of = "its own median" if meant is None else "its calibration"
        because = f"{shift.figure:.1f} {unit} in {len(shift.run)} sessions, {of} is {right:.1f}"
        yield _episode(shift, "output", fires(because, evidence))
    if fell_silent(sessions, _level, at.practice):
        yield _silent(at, sessions, "How strong it emits is not known of the last sessions")


@course_rule("worn-tip", version=1, severity=Severity.LOW)
def worn_tip(at: CourseAt) -> Iterator[Episode]:
    """An RF head touches worse than it used to, three sessions in a row.

    Cause: a tip whose coating is worn, or less gel than before.
    Consequence: hot spots; burns and blisters, if it goes on.
    Action: look at the tip, replace it; show how much gel to use.
    Time to respond: one week.
    Source: 119 of 270 reports on home RF to the FDA database were burns or blisters, mostly too little coupling fluid
    or worn tips. A tenth less contact, or 1.3 times the impedance, are proposals that a physician owns.
    """
    for sessions in at.by_device.values():
        heads = tuple([one for one in sessions if one.modality is _HEAD])
        if not heads:
            continue
        for shift in shifts(heads, _contact, lambda now, normal: now < normal - CONTACT_LESS, at.practice):
            yield _episode(shift, "contact", _worn(shift, Unit.FRACTION, "contact"))
        for shift in shifts(heads, _ohm, lambda now, normal: now > normal * IMPEDANCE_MORE, at.practice):
            yield _episode(shift, "impedance", _worn(shift, Unit.OHM, "impedance"))
        if fell_silent(heads, _contact, at.practice) and not _knows_ohm(heads, at.practice.drift):
            yield _silent(at, heads, "Neither contact nor impedance is known of the last sessions")


def _knows_ohm(sessions: tuple[PastSession, ...], last: int) -> bool:
    return any(one.impedance_ohm is not None for one in sessions[-last:])


def _worn(shift: Shift, unit: Unit, what: str) -> Verdict:
    evidence = Evidence(measured=Quantity(shift.figure, unit), limit=Quantity(shift.normal, unit))
    return fires(
        f"The {what} of {len(shift.run)} sessions is {shift.figure:.2f}, it used to be {shift.normal:.2f}", evidence
    )


def _episode(shift: Shift, what: str, verdict: Verdict) -> Episode:
    return Episode(
        onset=f"{what}:{shift.run[0].session}",
        began_at=when(shift.run[0]),
        cleared_at=when(shift.ended_by) if shift.ended_by else None,
        verdict=verdict,
        sessions=tuple(one.session for one in shift.run),
    )


def _silent(at: CourseAt, sessions: tuple[PastSession, ...], because: str) -> Episode:
    last = sessions[-at.practice.drift :]
    return Episode(
        onset=f"silent:{last[0].session}",
        began_at=when(last[0]),
        cleared_at=None,
        verdict=undetermined(because),
        sessions=tuple(one.session for one in last),
    )
