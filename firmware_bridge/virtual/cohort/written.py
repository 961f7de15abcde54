"""What is written besides how often: days of the week, fewer sessions later, time off, skin, when limits were taken."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Final

from clinical.course import Excuse, Interval
from clinical.facts import Wearer
from firmware_bridge.virtual.cohort.deeds import Spell
from firmware_bridge.virtual.cohort.homes import Home
from firmware_bridge.virtual.cohort.labels import Done
from firmware_bridge.virtual.cohort.span import Cohort
from firmware_bridge.virtual.cohort.units import DeviceUnit, Prescribed
from vocabulary.devices import Modality
from vocabulary.identity import DeviceUid

NAMES_DAYS: Final = 0.2
FEWER_LATER: Final = 0.3
NAMES_LEVEL: Final = 0.3
NAMES_CAPS: Final = 0.3
"""Shares of prescriptions that say so. (Assumed.)"""

FEWER_AFTER: Final = timedelta(weeks=4)
"""As the makers of RF devices write it: three a week for a month, then two."""

OTHER_DAYS: Final = 0.15
"""Of those who were given days of the week, so many keep to others for a time,"""

OTHER_DAYS_LAST: Final = (8, 14)
"""which lasts for so many days."""

TIME_OFF: Final = 0.06
TIME_OFF_DAYS: Final = (3, 10)

ASKED_FOR_SKIN: Final = 0.7
PHOTOTYPES: Final = {"I": 8, "II": 25, "III": 30, "IV": 20, "V": 12, "VI": 5}
SENSITIVE: Final = 0.03
"""How many take a drug that makes skin sensitive to light. (Assumed.)"""

DARK: Final = ("V", "VI")
"""For whom home radiofrequency is not cleared (DEN150005, K220322): their physician prescribes it knowingly, or"""

NOTED_LATE: Final = 0.04
"""in so many of them wrote for lighter skin before somebody asked."""

LIMITS_TAKEN_H: Final = (0.05, 8.0)
LIMITS_LATE: Final = 0.02
LIMITS_LATE_H: Final = (30.0, 240.0)
LIMITS_NEVER: Final = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class Skin:
    """What is known of somebody's skin; `unfit`: a prescription was written for another phototype than theirs."""

    known: Wearer
    unfit: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """When a device was sent its limits, and when it said that it had them; None: never."""

    device: DeviceUid
    asked_at: datetime
    reported_at: datetime | None


def write_more(chance: Random, prescribed: Prescribed, home: Home) -> Prescribed:
    """The same, with all that a physician may write besides."""
    days = sorted(chance.sample(range(7), prescribed.per_week))
    named, fewer, level, caps = (
        chance.random() < share for share in (NAMES_DAYS, FEWER_LATER, NAMES_LEVEL, NAMES_CAPS)
    )
    written = sorted((day - home.is_after_midnight) % 7 for day in days)
    return replace(
        prescribed,
        weekdays=tuple(written) if named else (),
        fewer_after=FEWER_AFTER if fewer and prescribed.per_week > 1 else None,
        names_level=level,
        names_caps=caps,
    )


def other_days(chance: Random, plans: tuple[Prescribed, ...], days: int) -> Iterator[Spell]:
    """For how long somebody keeps to other days than those that were written."""
    for plan in plans:
        does, first, lasts = chance.random(), chance.uniform(0.1, 0.7) * days, chance.uniform(*OTHER_DAYS_LAST)
        if plan.weekdays and does < OTHER_DAYS:
            yield Spell(kind=Done.OTHER_DAYS, modality=plan.modality, first=first, last=min(first + lasts, days))


def time_off(chance: Random, cohort: Cohort) -> tuple[Excuse, ...]:
    """Time for which somebody said beforehand that they will not treat themselves, and does not."""
    takes, first = chance.random(), chance.uniform(0.2, 0.8) * cohort.days
    last = first + chance.randint(*TIME_OFF_DAYS)
    if takes >= TIME_OFF:
        return ()
    during = Interval(from_at=cohort.instant(first), until_at=cohort.instant(last))
    return (Excuse(during=during, modality=None, because="a journey"),)


def draw_skin(chance: Random) -> Skin:
    """Somebody's; what nobody asked for is not known."""
    phototype = chance.choices(list(PHOTOTYPES), weights=list(PHOTOTYPES.values()))[0]
    asked, sensitive, late = chance.random(), chance.random(), chance.random()
    if asked >= ASKED_FOR_SKIN:
        return Skin(known=Wearer(phototype=None, photosensitised=None), unfit=False)
    known = Wearer(phototype=phototype, photosensitised=sensitive < SENSITIVE)
    return Skin(known=known, unfit=phototype in DARK and late < NOTED_LATE)


def limits_taken(chance: Random, unit: DeviceUnit, asked_at: datetime) -> Taken:
    """When a unit took its limits: within hours, mostly."""
    roll, soon, late = chance.random(), chance.uniform(*LIMITS_TAKEN_H), chance.uniform(*LIMITS_LATE_H)
    if roll < LIMITS_NEVER:
        return Taken(device=unit.uid, asked_at=asked_at, reported_at=None)
    hours = late if roll < LIMITS_NEVER + LIMITS_LATE else soon
    return Taken(device=unit.uid, asked_at=asked_at, reported_at=asked_at + timedelta(hours=hours))


def is_unfit(skin: Skin, modality: Modality, *, blue: bool) -> bool:
    """Whether a session was one that this skin was not to have."""
    return skin.unfit if modality is Modality.RF else blue and bool(skin.known.photosensitised)
