"""How often each thing is done: to a session, or to a person and their device for a time. All shares are assumed."""

from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Final

from firmware_bridge.virtual.cohort.labels import Done
from vocabulary.devices import Modality

PER_SESSION: Final[dict[Modality, dict[Done, float]]] = {
    Modality.LED: {
        Done.DOUBLE_SESSION: 0.002,
        Done.SHORT_REST: 0.003,
        Done.OVER_LONG: 0.004,
        Done.WRONG_PROGRAM: 0.004,
        Done.ON_THE_TABLE: 0.003,
        Done.NO_EYE_SHIELD: 0.004,
        Done.POWER_LOST: 0.002,
        Done.OTHER_LEVEL: 0.003,
    },
    Modality.RF: {
        Done.OVERHEATED_HEAD: 0.004,
        Done.WENT_ON_AFTER_TRIP: 0.0015,
        Done.DOUBLE_SESSION: 0.002,
        Done.SHORT_REST: 0.003,
        Done.OVER_LONG: 0.004,
        Done.WRONG_PROGRAM: 0.003,
        Done.DRY_GEL: 0.01,
        Done.POWER_LOST: 0.002,
        Done.OTHER_LEVEL: 0.003,
    },
}
"""The chance that it is done in a session."""

BORROWED_BY_SHARERS: Final = 0.25
"""Extra sessions by another person, for each session of somebody who shares."""

PER_PERSON: Final[dict[Done, float]] = {
    Done.FORGOTTEN_WEEK: 0.08,
    Done.USED_ON_HOLD: 0.03,
    Done.WORN_TIP: 0.03,
    Done.CLOCK_LOST: 0.02,
    Done.CLOCK_TAMPERED: 0.01,
    Done.RECALLED_FIRMWARE: 0.02,
    Done.OUTPUT_DRIFT: 0.02,
    Done.CLONED_SERIAL: 0.004,
    Done.GATEWAY_OFFLINE: 0.05,
}
"""The chance that it happens to a person within the time that is looked at."""

LASTS_DAYS: Final[dict[Done, tuple[int, int]]] = {
    Done.FORGOTTEN_WEEK: (7, 12),
    Done.USED_ON_HOLD: (5, 14),
    Done.CLOCK_LOST: (1, 4),
    Done.CLOCK_TAMPERED: (1, 3),
    Done.GATEWAY_OFFLINE: (5, 9),
}
"""How long it goes on, in days; what is not named lasts until the end."""

REST_H: Final = {Done.DOUBLE_SESSION: (0.2, 4.0), Done.SHORT_REST: (7.0, 15.0)}
"""The hours between the end of a session and the start of one too many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """Something that goes on for a time, in days from the first that is looked at, for the devices of one modality."""

    kind: Done
    modality: Modality
    first: float
    last: float

    def covers(self, day: float) -> bool:
        """Whether it is so on a day."""
        return self.first <= day < self.last


def draw_spells(chance: Random, modalities: tuple[Modality, ...], days: int) -> tuple[Spell, ...]:
    """What happens to one person; a worn tip takes an RF device."""
    return tuple(
        _spell(chance, kind, modality, days)
        for kind, share in PER_PERSON.items()
        if chance.random() < share
        for modality in (chance.choice(modalities),)
        if kind is not Done.WORN_TIP or modality is Modality.RF
    )


def _spell(chance: Random, kind: Done, modality: Modality, days: int) -> Spell:
    first = chance.uniform(0.1, 0.7) * days
    lasts = chance.uniform(*LASTS_DAYS[kind]) if kind in LASTS_DAYS else days
    return Spell(kind=kind, modality=modality, first=first, last=min(first + lasts, days))


def draw_deed(chance: Random, modality: Modality) -> Done | None:
    """What is done in one session, mostly nothing."""
    roll = chance.random()
    for kind, share in PER_SESSION[modality].items():
        roll -= share
        if roll < 0:
            return kind
    return None


def rest_after(chance: Random, kind: Done) -> timedelta:
    """How long after a session one too many begins."""
    return timedelta(hours=chance.uniform(*REST_H[kind]))
