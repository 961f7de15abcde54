"""People of the cohort as cases: their physician's prescription with its limits, and labels as the case's note."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Final

import msgspec

from clinical.course import Course, InForce
from clinical.misuse.course_rules import LimitsAsked
from clinical.plan import Cap, Cem43Levels, Level, Phase, Timing, Weekday
from clinical.regimen import STANDING_LIMITS, Light, Limits, Phototype, Phototypes, Programme, Regimen
from firmware_bridge.virtual.cohort.labels import Label
from firmware_bridge.virtual.cohort.people import CohortPerson, people
from firmware_bridge.virtual.cohort.span import Cohort
from firmware_bridge.virtual.cohort.units import Prescribed
from firmware_bridge.virtual.cohort.written import DARK, Skin
from monitor_api.cohorts.case import Case, Kept
from monitor_api.sessions.skin import SkinAnswers
from vocabulary.devices import Modality
from vocabulary.quantities import Quantity

REST: Final = {Modality.LED: timedelta(hours=16), Modality.RF: timedelta(hours=20)}
"""The shortest rest that the cohort's physicians prescribe: not twice a day, and after RF nearly a day. (Assumed.)"""

BACK_UP: Final = 1.1
"""Their back-up time: so much of the prescribed duration. (Assumed.)"""

CAP_OF_A_DAY: Final = 2.5
CAP_OF_A_WEEK: Final = 1.3
"""Where they write caps, so many sessions of the strongest light fit into a day, and so many times those of a week and
one more into seven days. (Assumed; a maker prints two sessions of nine minutes in 24 hours.)"""

LEVEL: Final = (0.85, 1.15)
"""Where they name a level, how much weaker and stronger a session may be. (Assumed.)"""

CLEARED: Final = Phototypes(
    allowed=(Phototype.I, Phototype.II, Phototype.III, Phototype.IV),
    because="cleared for skin types I to IV (DEN150005)",
)
"""As the templates have it for home radiofrequency; who treats darker skin knowingly leaves it out."""

CEM43: Final = Cem43Levels(info_min=1, warn_min=2, alert_min=5, stop_min=15)
"""The levels of thermal dose that they watch with RF (domain facts 5.1)."""

_LABELS: Final = msgspec.json.Decoder(tuple[Label, ...])


def cohort_cases(cohort: Cohort, indices: Iterable[int]) -> Iterator[Case]:
    """These people of a cohort, one after the other."""
    return (case_of(person) for person in people(cohort, indices))


def case_of(person: CohortPerson) -> Case:
    """One person's."""
    kept = tuple(Kept(past=one.past, samples=one.samples, missing=one.missing) for one in person.sessions)
    course = Course(
        patient=person.patient,
        zone=person.home.zone,
        sessions=tuple(one.past for one in kept),
        regimens=tuple(
            InForce(regimen=regimen_of(one, person.skin), from_at=one.from_at, until_at=None)
            for one in person.prescribed
        ),
        holds=person.holds,
        excuses=person.excuses,
        devices=person.devices,
    )
    return Case(
        physician=person.physician,
        course=course,
        kept=kept,
        note=msgspec.json.encode(person.labels).decode(),
        skin=(SkinAnswers(wearer=person.skin.known, asked_at=person.began),),
        limits=tuple(
            LimitsAsked(device=one.device, is_hold=False, asked_at=one.asked_at, reported_at=one.reported_at)
            for one in person.limits
        ),
    )


def regimen_of(prescribed: Prescribed, skin: Skin) -> Regimen:
    """What a physician of the cohort writes for it."""
    standing, seconds = STANDING_LIMITS[prescribed.modality], prescribed.program.seconds
    level, of_rf = prescribed.program.level, prescribed.modality is Modality.RF
    return Regimen(
        id=prescribed.id,
        version=1,
        modality=prescribed.modality,
        phases=tuple(_phases(prescribed)),
        programmes=(_programme(prescribed),),
        zones=prescribed.zones,
        caps=tuple(_caps(prescribed)),
        most_per_day=1,
        cem43=CEM43 if of_rf else None,
        phototypes=CLEARED if of_rf and (skin.unfit or skin.known.phototype not in DARK) else None,
        level=Level(lowest=level * LEVEL[0], highest=level * LEVEL[1]) if prescribed.names_level else None,
        limits=Limits(
            duration=timedelta(seconds=seconds * BACK_UP),
            dose=None,
            skin_celsius=standing.skin_celsius,
            skin_grace=standing.skin_grace,
            rest=REST[prescribed.modality],
            contact_grace=standing.contact_grace,
        ),
    )


def _phases(prescribed: Prescribed) -> Iterator[Phase]:
    after, times = prescribed.fewer_after, prescribed.per_week
    for lasts, fewer in ((after, 0), (None, 1)) if after else ((None, 0),):
        weekdays = prescribed.weekdays[: times - fewer]
        yield Phase(
            lasts=lasts,
            timing=Timing(frequency=times - fewer, period=timedelta(weeks=1), weekdays=tuple(map(Weekday, weekdays))),
            duration=timedelta(seconds=prescribed.program.seconds),
            dose=prescribed.dose,
        )


def _caps(prescribed: Prescribed) -> Iterator[Cap]:
    """Of a day and of a week, for each band and zone apart."""
    if prescribed.names_caps:
        dose, program = prescribed.dose, prescribed.program
        part = max((one.irradiance_mw_per_cm2 / program.level for one in program.lights), default=1.0)
        in_a_week = CAP_OF_A_WEEK * (prescribed.per_week + 1)
        for days, sessions in ((1, CAP_OF_A_DAY), (7, in_a_week)):
            most = Quantity(dose.value * part * sessions, dose.unit)
            yield Cap(window=timedelta(days=days), dose=most, band=None, zone=None)


def _programme(prescribed: Prescribed) -> Programme:
    lights = tuple(
        Light(band=one.band, wavelength_nm=one.wavelength_nm, irradiance_mw_per_cm2=one.irradiance_mw_per_cm2)
        for one in prescribed.program.lights
    )
    return Programme(number=prescribed.program.number, light=lights)


def labels_of(case: Case) -> tuple[Label, ...]:
    """What was done to a person of the cohort; nothing is known of anybody else."""
    return _LABELS.decode(case.note) if case.note else ()
