"""When a person treats themselves, and what is done to them on the way: true sessions before anybody measures any."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from random import Random
from typing import Final

from firmware_bridge.virtual.cohort.behaviour import Behaviour, Will
from firmware_bridge.virtual.cohort.deeds import BORROWED_BY_SHARERS, REST_H, Spell, draw_deed, rest_after
from firmware_bridge.virtual.cohort.homes import Home
from firmware_bridge.virtual.cohort.labels import Done
from firmware_bridge.virtual.cohort.units import DeviceUnit, Prescribed

DEFIES_HOLD: Final = 0.35
"""The chance that a planned session takes place although there is a hold."""

_PUTS_AWAY: Final = timedelta(minutes=2)
"""Between two sessions of one device at least."""

_LONGEST: Final = timedelta(minutes=40)
"""No session takes longer, whatever is done to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """A session that truly takes place: when it begins, with which device, what is done in it (None: nothing)."""

    began: datetime
    unit: DeviceUnit
    deed: Done | None
    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What acts come from: a home, a will, what happens for a time, the first day of the treatment, and time off."""

    home: Home
    will: Will
    spells: tuple[Spell, ...]
    begins: date
    starts_on_day: int
    days: int
    off: frozenset[int] = frozenset()


def acts_of(chance: Random, person: Person, unit: DeviceUnit, prescribed: Prescribed) -> tuple[Act, ...]:
    """All sessions with one device, in order, none within another."""
    weekdays = chance.sample(range(7), prescribed.per_week)
    planned = _planned(person, unit, prescribed, weekdays)
    acts = (act for day in planned if _happens(chance, person, day) for act in _day(chance, person, unit, day))
    return tuple(_one_at_a_time(sorted(acts, key=lambda act: act.began)))


def _planned(person: Person, unit: DeviceUnit, prescribed: Prescribed, chosen: Iterable[int]) -> Iterator[int]:
    """The days on which somebody means to treat themselves: those written, else those that they chose."""
    late, first = person.home.is_after_midnight, person.begins.weekday()
    own = [(day + late) % 7 for day in prescribed.weekdays] or [(day + first) % 7 for day in chosen]
    away = [one for one in person.spells if one.kind is Done.OTHER_DAYS and one.modality is unit.product.modality]
    since = person.home.day_of(prescribed.from_at) + timedelta(days=late)
    for day in range(person.starts_on_day, person.days):
        today = person.begins + timedelta(days=day)
        fewer = prescribed.fewer_after is not None and today - since >= prescribed.fewer_after
        usual = own[:-1] if fewer else own
        if any(spell.covers(day) for spell in away):
            usual = [other for other in range(7) if other not in own][: len(usual)]
        if today.weekday() in usual:
            yield day


def _happens(chance: Random, person: Person, day: int) -> bool:
    willing = chance.random() < person.will.on_day(day - person.starts_on_day)
    if any(spell.kind is Done.FORGOTTEN_WEEK and spell.covers(day) for spell in person.spells):
        return False
    if day in person.off:
        return False
    held = any(spell.kind is Done.USED_ON_HOLD and spell.covers(day) for spell in person.spells)
    return willing and (not held or chance.random() < DEFIES_HOLD)


def _day(chance: Random, person: Person, unit: DeviceUnit, day: int) -> Iterator[Act]:
    """The planned session of a day, and what is added to it."""
    today = person.begins + timedelta(days=day)
    deed = draw_deed(chance, unit.product.modality)
    extra = deed if deed in REST_H else None
    if extra is None and chance.random() < person.will.again:
        extra = Done.DOUBLE_SESSION
    act = Act(
        began=person.home.moment(chance, today),
        unit=unit,
        deed=None if deed in REST_H else deed,
        zone=person.home.zone_on(today),
    )
    yield act
    if extra is not None:
        yield replace(act, began=_after(act, rest_after(chance, extra)), deed=extra)
    if person.will.behaviour is Behaviour.SHARER and chance.random() < BORROWED_BY_SHARERS:
        yield replace(act, began=_after(act, timedelta(hours=chance.uniform(-9, -5))), deed=Done.BORROWED)


def _after(act: Act, rest: timedelta) -> datetime:
    return act.began + timedelta(seconds=act.unit.product.program(1).seconds) + rest


def _one_at_a_time(acts: Iterable[Act]) -> Iterator[Act]:
    """Leave out what would begin while another session goes on."""
    free_at: datetime | None = None
    for act in acts:
        if free_at is None or act.began >= free_at:
            free_at = act.began + (_LONGEST if act.deed is Done.OVER_LONG else _usual(act)) + _PUTS_AWAY
            yield act


def _usual(act: Act) -> timedelta:
    return timedelta(seconds=max(program.seconds for program in act.unit.product.programs))
