"""Heat that approaches an equilibrium, a thermistor that lags behind it, and noise that stays within its bounds."""

from dataclasses import dataclass
from datetime import timedelta
from math import exp
from random import Random
from typing import Final, Self

SECOND: Final = timedelta(seconds=1)


def kept(lasting: timedelta, time_constant: timedelta) -> float:
    """Which fraction of a difference from equilibrium is left after a while: exp(-t/τ)."""
    return exp(-(lasting / time_constant))


@dataclass(frozen=True, slots=True)
class Chase:
    """One temperature on its way to an equilibrium and a second one that follows it, after some time.

    The two linear equations are solved exactly, so it does not matter into how many steps time is cut.
    """

    leader_kept: float
    follower_kept: float
    coupling: float

    @classmethod
    def after(cls, lasting: timedelta, leader: timedelta, follower: timedelta) -> Self:
        """With the time constants of the two, which must differ."""
        return cls(kept(lasting, leader), kept(lasting, follower), leader / (leader - follower))

    def moved(self, leader: float, follower: float, equilibrium: float) -> tuple[float, float]:
        """Where the two are then."""
        ahead = leader - equilibrium
        pull = ahead * self.coupling
        behind = follower - equilibrium - pull
        return (
            equilibrium + ahead * self.leader_kept,
            equilibrium + pull * self.leader_kept + behind * self.follower_kept,
        )


def noise(random: Random, most: float) -> float:
    """Noise about 0 that never exceeds `most`, so that a promise about every seed can be kept (triangular)."""
    return (random.random() - random.random()) * most
