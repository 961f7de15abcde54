"""When a session began: from the live link, an anchor on the device's timeline, or the device's clock."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from vocabulary.instants import Anchor, DeviceInstant, DeviceUtc, Known, Placed, Tick

DRIFT: Final = 250e-6
"""How far a device's oscillator may be off, as a fraction (device profile, Time)."""

RESOLUTION: Final = timedelta(seconds=1)
"""The step in which records count time."""

LINK_DELAY: Final = timedelta(seconds=30)
"""How long a sample may have been on its way to the gateway: the queue of a device and a link about to be lost."""


def place_live(began_by: datetime, paused: timedelta) -> Placed:
    """The start of a session whose samples were received: no later than (received minus active time) of any."""
    return Placed(earliest=began_by - paused - LINK_DELAY, latest=began_by, known=Known.LIVE)


def place_own(start: DeviceInstant, anchors: Iterable[Anchor]) -> Placed | None:
    """A start that the device itself gives; None when nothing ties its clock to the world's."""
    match start:
        case DeviceUtc(at=at, synchronised=True):
            return Placed(earliest=at - RESOLUTION, latest=at + RESOLUTION, known=Known.DEVICE)
        case DeviceUtc():
            return None
        case Tick():
            return _by_nearest_anchor(start, anchors)


def _by_nearest_anchor(start: Tick, anchors: Iterable[Anchor]) -> Placed | None:
    candidates = (
        (distance * DRIFT + anchor.uncertainty + RESOLUTION, anchor)
        for anchor in anchors
        if anchor.tick.timeline == start.timeline
        for distance in (abs(anchor.tick.since_start - start.since_start),)
    )
    found = min(candidates, key=lambda candidate: candidate[0], default=None)
    if found is None:
        return None
    doubt, anchor = found
    at = anchor.at + (start.since_start - anchor.tick.since_start)
    return Placed(earliest=at - doubt, latest=at + doubt, known=Known.ANCHOR)


def reconcile(live: Placed | None, own: Placed | None) -> Placed | None:
    """The narrower of two that agree; what was seen live where they do not, for a device's clock can be wrong."""
    if live is None or own is None:
        return live or own
    agree = live.earliest <= own.latest and own.earliest <= live.latest
    return min(live, own, key=lambda placed: placed.uncertainty) if agree else live
