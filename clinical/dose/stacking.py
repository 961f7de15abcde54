"""Heat on heat: light on skin that radiofrequency has just warmed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import exp
from typing import Final

from clinical.course import Between, OrderedCourse, PastSession
from clinical.dose.ledger import FACE, zones_of
from vocabulary.devices import Modality, Zone
from vocabulary.identity import SessionId


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatCarry:
    """How warmth leaves the skin: it falls to a third in each `time_constant`, and is gone after `window`."""

    skin_celsius: float
    time_constant: timedelta
    window: timedelta


PROPOSED: Final = HeatCarry(
    skin_celsius=34.0,  # facial skin at rest, 32-34 °C (domain facts 2.3)
    time_constant=timedelta(minutes=10),  # nobody has measured it
    window=timedelta(hours=1),  # the reddening after RF is gone within an hour (domain facts 4.1)
)
"""What is assumed until somebody has measured it; a physician owns these values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatStack:
    """Light began while a zone may still have been warm from radiofrequency.

    `pause` is from the end of the one to the start of the other, in minutes, `carried_celsius` the warmth left then;
    None where the RF session gave no temperature. `lit_from` and `lit_until` are the middle of what is known.
    `is_placed`: the zones of both are known; of one whose zones are not, any part of the face may have been treated.
    """

    warmed_by: SessionId
    lit_by: SessionId
    lit_from: datetime
    lit_until: datetime
    zones: tuple[Zone, ...]
    is_placed: bool
    pause: Between
    carried_celsius: Between | None


def heat_stacks(ordered: OrderedCourse, since: datetime, carry: HeatCarry = PROPOSED) -> Iterator[HeatStack]:
    """The light sessions since an instant that may have begun within the window after radiofrequency on one zone."""
    placed = [(one.started, one) for one in ordered.after(since - timedelta(days=1)) if one.started]
    if len({one.modality for _, one in placed}) < 2:
        return
    warm = [
        (at.earliest + one.elapsed, at.latest + one.elapsed + carry.window, one)
        for at, one in placed
        if one.modality is Modality.RF
    ]
    for at, lit in placed:
        if lit.modality is Modality.LED and at.latest > since:
            for ended, cooled, before in warm:
                if ended <= at.latest and at.earliest <= cooled:
                    pause = at.earliest + carry.window - cooled, at.latest - ended
                    yield from _stack(before, lit, pause, carry)


def _stack(
    before: PastSession, lit: PastSession, pause: tuple[timedelta, timedelta], carry: HeatCarry
) -> Iterator[HeatStack]:
    """Of two sessions that are near enough: none, where they have no zone in common."""
    lit_zones, (shortest, longest) = zones_of(lit.zones) or FACE, pause
    zones = tuple(zone for zone in zones_of(before.zones) or FACE if zone in lit_zones)
    if zones and lit.started:
        yield HeatStack(
            warmed_by=before.session,
            lit_by=lit.session,
            lit_from=lit.started.at,
            lit_until=lit.started.at + lit.elapsed,
            zones=zones,
            is_placed=bool(before.zones and lit.zones),
            pause=Between(low=shortest / timedelta(minutes=1), high=longest / timedelta(minutes=1)),
            carried_celsius=_carried(before.highest_skin_celsius, max(shortest, timedelta(0)), longest, carry),
        )


def _carried(celsius: float | None, shortest: timedelta, longest: timedelta, carry: HeatCarry) -> Between | None:
    if celsius is None:
        return None
    above = max(celsius - carry.skin_celsius, 0.0)
    return Between(low=above * exp(-longest / carry.time_constant), high=above * exp(-shortest / carry.time_constant))
