"""How people keep to a treatment: types, their shares, and how the will to go on falls (domain facts 6.2)."""

from dataclasses import dataclass
from enum import StrEnum
from math import exp, log
from random import Random
from typing import Final


class Behaviour(StrEnum):
    """A type of person, by how they use a device over weeks."""

    STEADY = "steady"
    DECLINING = "declining"
    STOPPING = "stopping"
    OVER_USER = "over-user"
    SHARER = "sharer"


SHARES: Final = {
    Behaviour.STEADY: 0.55,
    Behaviour.DECLINING: 0.25,
    Behaviour.STOPPING: 0.12,
    Behaviour.OVER_USER: 0.05,
    Behaviour.SHARER: 0.03,
}
"""A realistic set for simulation (domain facts 6.2)."""

MEDIAN_RETENTION_DAYS: Final = 5.5
"""Of digital studies without a referral, over 100,000 people (Pratap 2020): the curve of those who stop."""

STOPPED_BY_DAY: Final = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Will:
    """The chance that a planned session takes place: `base` until `turns_on_day`, then less by `fades_in_days`.

    `fades_in_days` 0: none at all from that day on. `again`: the chance of a second session on the same day.
    """

    behaviour: Behaviour
    base: float
    turns_on_day: float
    fades_in_days: float
    again: float

    def on_day(self, day: float) -> float:
        """The chance on a day of the treatment."""
        if day < self.turns_on_day:
            return self.base
        return self.base * exp(-(day - self.turns_on_day) / self.fades_in_days) if self.fades_in_days else 0.0


def draw_will(chance: Random) -> Will:
    """One person's."""
    behaviour = chance.choices(list(SHARES), weights=list(SHARES.values()))[0]
    base = chance.uniform(0.65, 0.95)
    match behaviour:
        case Behaviour.DECLINING:
            turns, fades = chance.uniform(21, 28), chance.uniform(7, 20)
        case Behaviour.STOPPING:
            turns, fades = _stops(chance), 0.0
        case _:
            turns, fades = float("inf"), 0.0
    again = chance.uniform(0.5, 0.9) if behaviour is Behaviour.OVER_USER else 0.0
    return Will(behaviour=behaviour, base=base, turns_on_day=turns, fades_in_days=fades, again=again)


def _stops(chance: Random) -> float:
    """A day before the third week, by a constant hazard with the published median."""
    while (day := chance.expovariate(log(2) / MEDIAN_RETENTION_DAYS)) >= STOPPED_BY_DAY:
        pass
    return day
