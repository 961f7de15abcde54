"""When a session began: from the live link, an anchor on the device's timeline, the device's clock, or two contacts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from monitor_api.sessions.boots import Sighting
from monitor_api.sessions.spans import Fix, Span, agreed, locate
from vocabulary.instants import DeviceInstant, DeviceUtc, Known, Placed, Tick

DRIFT: Final = 250e-6
"""How far a device's oscillator may be off, as a fraction (device profile, Time)."""

RESOLUTION: Final = timedelta(seconds=1)
"""The step in which records count time."""

LINK_DELAY: Final = timedelta(seconds=30)
"""How long a sample may have been on its way to the gateway: the queue of a device and a link about to be lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A device's tick, and when a gateway saw it."""

    tick: Tick
    seen: Sighting


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """A session began not before one instant, and ended not after another; None where nothing says so."""

    not_before: datetime | None
    not_after: datetime | None


def place_live(began_by: Sequence[Sighting], paused: timedelta) -> Placed | None:
    """The start of a session whose samples were received: no later than (received minus active time) of any."""
    if not began_by:
        return None
    early = paused + LINK_DELAY
    span = agreed([Span(earliest=one.span.earliest - early, latest=one.span.latest) for one in began_by])
    return _placed(span, Known.LIVE if any(one.sure for one in began_by) else Known.BRACKET)


def place_own(start: DeviceInstant, contacts: Sequence[Contact]) -> Placed | None:
    """A start that the device itself gives; None when nothing ties its clock to the world's."""
    match start:
        case DeviceUtc(at=at, synchronised=True):
            return _placed(Span(earliest=at, latest=at).moved(timedelta(0), RESOLUTION), Known.DEVICE)
        case DeviceUtc():
            return None
        case Tick():
            return _by_anchors(start, [one for one in contacts if one.tick.timeline == start.timeline])


def _by_anchors(start: Tick, anchors: Sequence[Contact]) -> Placed | None:
    if not anchors:
        return None
    fixes = [Fix(shown=one.tick.since_start, seen=one.seen.span) for one in anchors]
    span = locate(start.since_start, fixes, DRIFT).moved(timedelta(0), RESOLUTION)
    return _placed(span, Known.ANCHOR if any(one.seen.sure for one in anchors) else Known.BRACKET)


def place_between(contacts: Bounds, order: Bounds, elapsed: timedelta) -> Placed | None:
    """A start that nothing else places: after a contact, or else a session, and so that it ended before a contact."""
    earliest = contacts.not_before or order.not_before
    if earliest is None or contacts.not_after is None or contacts.not_after < earliest + elapsed:
        return None
    return Placed(earliest=earliest, latest=contacts.not_after - elapsed, known=Known.BRACKET)


def reconcile(live: Placed | None, own: Placed | None) -> Placed | None:
    """The narrower of two that agree; what was seen live where they do not, for a device's clock can be wrong."""
    if live is None or own is None:
        return live or own
    agree = live.earliest <= own.latest and own.earliest <= live.latest
    return min(live, own, key=lambda placed: placed.uncertainty) if agree else live


def keep_between(placed: Placed, bounds: Bounds, elapsed: timedelta) -> Placed:
    """The same start where a session of that length lies between its bounds; unchanged where it cannot."""
    earliest, latest = placed.earliest, placed.latest
    if bounds.not_before is not None:
        earliest = max(earliest, bounds.not_before)
    if bounds.not_after is not None:
        latest = min(latest, bounds.not_after - elapsed)
    return Placed(earliest=earliest, latest=latest, known=placed.known) if earliest <= latest else placed


def _placed(span: Span, known: Known) -> Placed:
    return Placed(earliest=span.earliest, latest=span.latest, known=known)
