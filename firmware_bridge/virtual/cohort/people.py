"""A person of the cohort, whole: how they live, what truly happened, what reached the store, and what was done to them.

Rules, kept here:
- A person is a function of seed and index alone, so that any one can be made without the others.
- What is true comes first; what the store has is derived from it, and labels are written from what is true.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import Final
from uuid import uuid5

from clinical.course import CourseDevice, Excuse, Hold, Interval
from firmware_bridge.virtual.cohort.acts import Person, acts_of
from firmware_bridge.virtual.cohort.behaviour import Behaviour, draw_will
from firmware_bridge.virtual.cohort.deeds import Spell, draw_spells
from firmware_bridge.virtual.cohort.described import describe, firmware_of
from firmware_bridge.virtual.cohort.homes import Home, draw_home
from firmware_bridge.virtual.cohort.labels import Done, Label
from firmware_bridge.virtual.cohort.lives import Lived, live
from firmware_bridge.virtual.cohort.reach import Context, Reached, pass_on, reach
from firmware_bridge.virtual.cohort.span import Cohort
from firmware_bridge.virtual.cohort.told import (
    Told,
    label_days,
    label_evenings,
    label_limits,
    label_session,
    label_skin,
    label_spells,
    label_will,
)
from firmware_bridge.virtual.cohort.units import DeviceUnit, Prescribed, draw_prescribed, draw_units
from firmware_bridge.virtual.cohort.written import (
    Skin,
    Taken,
    draw_skin,
    limits_taken,
    other_days,
    time_off,
    write_more,
)
from vocabulary.identity import HETS_SERVICE, DeviceUid, PatientId, session_id

PRACTICE: Final = 100
"""Patients of one physician."""

_FOR_ALL: Final = (Done.GATEWAY_OFFLINE, Done.USED_ON_HOLD)

BEGIN_WITHIN_DAYS: Final = 14
"""Treatments begin within the first two weeks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortPerson:
    """All of one person: the sessions that reached the store, devices, labels."""

    patient: PatientId
    physician: str
    behaviour: Behaviour
    home: Home
    began: datetime
    sessions: tuple[Reached, ...]
    devices: tuple[CourseDevice, ...]
    prescribed: tuple[Prescribed, ...]
    holds: tuple[Hold, ...]
    excuses: tuple[Excuse, ...]
    skin: Skin
    limits: tuple[Taken, ...]
    labels: tuple[Label, ...]


def people(cohort: Cohort, indices: Iterable[int]) -> Iterator[CohortPerson]:
    """These people, one after the other; none is kept."""
    return (make_person(cohort, index) for index in indices)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Life:
    """What a person's sessions come from."""

    cohort: Cohort
    chance: Random
    person: Person


def make_person(cohort: Cohort, index: int) -> CohortPerson:
    """One person."""
    chance = Random(f"{cohort.seed}:{index}")  # noqa: S311 - chance that can be repeated is the point
    units = draw_units(chance, index)
    person = _draw(chance, cohort, units)
    began = cohort.instant(person.starts_on_day)
    # prescribed on the day before, for it is tomorrow already in some of the zones
    plans = {unit.uid: draw_prescribed(chance, unit, began - timedelta(days=1)) for unit in units}
    besides = Random(f"{cohort.seed}:{index}:written")  # noqa: S311 - as above; apart, so that neither changes the other
    written = _write(besides, cohort, person, plans, units=units)
    life, spells = _Life(cohort=cohort, chance=chance, person=written.person), written.person.spells
    told = {unit.uid: tuple(_lives(life, unit, written.plans[unit.uid])) for unit in units}
    everything = [one for unit in units for one in told[unit.uid]]
    return CohortPerson(
        patient=PatientId(uuid5(HETS_SERVICE, f"cohort:{cohort.seed}:{index}")),
        physician=f"practice-{index // PRACTICE:04d}",
        behaviour=life.person.will.behaviour,
        home=life.person.home,
        began=began,
        sessions=tuple(one.reached for one in everything if one.reached),
        devices=tuple(device for unit in units for device in describe(unit, told[unit.uid], spells, cohort)),
        prescribed=tuple(written.plans[unit.uid] for unit in units if unit.prescribed),
        holds=tuple(
            Hold(during=cohort.during(spell), modality=None) for spell in spells if spell.kind is Done.USED_ON_HOLD
        ),
        excuses=written.excuses,
        skin=written.skin,
        limits=written.limits,
        labels=(
            *label_will(cohort, life.person.will, life.person.starts_on_day),
            *label_spells(cohort, spells, units),
            *(label for one in everything for label in label_session(one)),
            *label_evenings(everything),
            *label_skin(everything, written.skin),
            *label_days(everything),
            *label_limits(cohort, written.limits, units),
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Written:
    """What is written and asked of a person, and the person as they keep to it."""

    person: Person
    plans: Mapping[DeviceUid, Prescribed]
    excuses: tuple[Excuse, ...]
    skin: Skin
    limits: tuple[Taken, ...]


def _write(
    chance: Random,
    cohort: Cohort,
    person: Person,
    plans: Mapping[DeviceUid, Prescribed],
    *,
    units: tuple[DeviceUnit, ...],
) -> _Written:
    fuller = {unit.uid: write_more(chance, plans[unit.uid], person.home) for unit in units}
    own = tuple(fuller[unit.uid] for unit in units if unit.prescribed)
    excuses = time_off(chance, cohort)
    off = (day for day in range(cohort.days) for one in excuses if _covers(one.during, cohort.instant(day)))
    return _Written(
        person=replace(person, spells=(*person.spells, *other_days(chance, own, cohort.days)), off=frozenset(off)),
        plans=fuller,
        excuses=excuses,
        skin=draw_skin(chance),
        limits=tuple(limits_taken(chance, unit, plans[unit.uid].from_at) for unit in units if unit.prescribed),
    )


def _covers(during: Interval, at: datetime) -> bool:
    return during.from_at <= at and (during.until_at is None or at < during.until_at)


def _draw(chance: Random, cohort: Cohort, units: tuple[DeviceUnit, ...]) -> Person:
    return Person(
        home=draw_home(chance, cohort.begins, cohort.days),
        will=draw_will(chance),
        spells=draw_spells(chance, tuple(unit.product.modality for unit in units), cohort.days),
        begins=cohort.begins,
        starts_on_day=chance.randrange(min(BEGIN_WITHIN_DAYS, cohort.days)),
        days=cohort.days,
    )


def _lives(life: _Life, unit: DeviceUnit, prescribed: Prescribed) -> Iterator[Told]:
    """The sessions with one unit that begin while the cohort is looked at."""
    chance, cohort, before = life.chance, life.cohort, None
    counters = count(1)
    for act in acts_of(chance, life.person, unit, prescribed):
        if cohort.from_at <= act.began < cohort.until_at:
            day = cohort.day(act.began)
            lived = live(chance, act, day, _at(life.person.spells, unit, day))
            yield _tell(life, lived, before, (next(counters), prescribed))
            before = lived


def _at(spells: Iterable[Spell], unit: DeviceUnit, day: float) -> tuple[Spell, ...]:
    """What goes on for a unit at one time; a gateway that is away and a hold are so for all devices."""
    return tuple(
        spell
        for spell in spells
        if spell.covers(day) and (spell.kind in _FOR_ALL or spell.modality is unit.product.modality)
    )


def _tell(life: _Life, lived: Lived, before: Lived | None, plan: tuple[int, Prescribed]) -> Told:
    counter, prescribed = plan
    unit = lived.act.unit
    passage = pass_on(life.chance, lived, _back_at(life.cohort, lived))
    context = Context(
        counter=counter,
        prescribed=prescribed if unit.prescribed else None,
        firmware=firmware_of(unit, lived.spells),
    )
    return Told(
        session=session_id(unit.uid, counter),
        lived=lived,
        before=before,
        passage=passage,
        reached=reach(life.chance, lived, passage, context) if passage else None,
    )


def _back_at(cohort: Cohort, lived: Lived) -> datetime | None:
    away = [spell for spell in lived.spells if spell.kind is Done.GATEWAY_OFFLINE]
    return cohort.instant(away[0].last) if away else None
