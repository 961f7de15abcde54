"""Instants and how they are known: a device's ticks, a gateway's anchors, and the doubt that remains."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """An instant on a device's own clock: time since the start of one timeline.

    A timeline rises at every loss of the tick and is never reused.
    """

    timeline: int
    since_start: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceUtc:
    """An instant that the device itself gives in UTC; `synchronised` is False when it says its clock is not set."""

    at: datetime
    synchronised: bool


DeviceInstant = Tick | DeviceUtc


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """A tick seen by a gateway at `at`, give or take `uncertainty`."""

    tick: Tick
    at: datetime
    uncertainty: timedelta


class Known(StrEnum):
    """How an instant came to be known."""

    LIVE = "seen as it happened"
    DEVICE = "the device's clock"
    ANCHOR = "an anchor on the device's timeline"
    BRACKET = "between two contacts"


class Placed(Struct, frozen=True, kw_only=True):
    """An instant in civil time: not before `earliest`, not after `latest`."""

    earliest: datetime
    latest: datetime
    known: Known

    @property
    def at(self) -> datetime:
        """The middle, for ordering and showing."""
        return self.earliest + (self.latest - self.earliest) / 2

    @property
    def uncertainty(self) -> timedelta:
        """Half the width."""
        return (self.latest - self.earliest) / 2

    def later(self, by: timedelta) -> "Placed":
        """The instant `by` after this one, as uncertain as this one."""
        return Placed(earliest=self.earliest + by, latest=self.latest + by, known=self.known)
