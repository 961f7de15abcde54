"""People of the cohort as cases: their physician's prescription with its limits, and labels as the case's note."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Final

import msgspec

from clinical.course import Course, InForce
from clinical.plan import Cem43Levels, Phase, Timing
from clinical.regimen import STANDING_LIMITS, Light, Limits, Programme, Regimen
from firmware_bridge.virtual.cohort.labels import Label
from firmware_bridge.virtual.cohort.people import CohortPerson, people
from firmware_bridge.virtual.cohort.span import Cohort
from firmware_bridge.virtual.cohort.units import Prescribed
from monitor_api.cohorts.case import Case, Kept
from vocabulary.devices import Modality

REST: Final = {Modality.LED: timedelta(hours=16), Modality.RF: timedelta(hours=20)}
"""The shortest rest that the cohort's physicians prescribe: not twice a day, and after RF nearly a day. (Assumed.)"""

BACK_UP: Final = 1.1
"""Their back-up time: so much of the prescribed duration. (Assumed.)"""

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
            InForce(regimen=regimen_of(one), from_at=one.from_at, until_at=None) for one in person.prescribed
        ),
        holds=person.holds,
        excuses=(),
        devices=person.devices,
    )
    note = msgspec.json.encode(person.labels).decode()
    return Case(physician=person.physician, course=course, kept=kept, note=note)


def regimen_of(prescribed: Prescribed) -> Regimen:
    """What a physician of the cohort writes for it."""
    standing, seconds = STANDING_LIMITS[prescribed.modality], prescribed.program.seconds
    weekly = Timing(frequency=prescribed.per_week, period=timedelta(weeks=1), weekdays=())
    return Regimen(
        id=prescribed.id,
        version=1,
        modality=prescribed.modality,
        phases=(Phase(lasts=None, timing=weekly, duration=timedelta(seconds=seconds), dose=prescribed.dose),),
        programmes=(_programme(prescribed),),
        zones=prescribed.zones,
        most_per_day=1,
        cem43=CEM43 if prescribed.modality is Modality.RF else None,
        limits=Limits(
            duration=timedelta(seconds=seconds * BACK_UP),
            dose=None,
            skin_celsius=standing.skin_celsius,
            skin_grace=standing.skin_grace,
            rest=REST[prescribed.modality],
            contact_grace=standing.contact_grace,
        ),
    )


def _programme(prescribed: Prescribed) -> Programme:
    lights = tuple(
        Light(band=one.band, wavelength_nm=one.wavelength_nm, irradiance_mw_per_cm2=one.irradiance_mw_per_cm2)
        for one in prescribed.program.lights
    )
    return Programme(number=prescribed.program.number, light=lights)


def labels_of(case: Case) -> tuple[Label, ...]:
    """What was done to a person of the cohort; nothing is known of anybody else."""
    return _LABELS.decode(case.note) if case.note else ()
