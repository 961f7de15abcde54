"""What a gateway tells of who a device is and of its clock: serials, ticks, records of sessions that it saw live."""

from datetime import datetime, timedelta

import msgspec

from tests.monitor_api.check.line import HOUR, ago, stored
from tests.records import rf_record
from tests.service import UID, rf_device, rf_samples
from vocabulary.devices import DeviceState
from vocabulary.wire.batches import ReportedMark, SeenAnchor, SeenDevice

PUT_BACK = timedelta(hours=10)
SECOND = timedelta(seconds=1)


def met(serial: str, at: datetime, device=UID) -> tuple[SeenDevice, ReportedMark]:
    """A device that gives a serial, and its state at an instant."""
    return (
        msgspec.structs.replace(rf_device(), device=device, serial=serial),
        ReportedMark(device=device, at=at, state=DeviceState.READY, newest=0, timeline=1),
    )


def anchor(at: datetime, tick: timedelta, timeline=1) -> SeenAnchor:
    return SeenAnchor(device=UID, timeline=timeline, tick_s=tick.total_seconds(), at=at, uncertainty_s=0.5)


def seen_live(counter: int, hours: float, clock_off: timedelta = timedelta(0)):
    """A session that the gateway saw as it happened, and its record by a device clock that is off."""
    began = ago(hours)
    samples = [rf_samples(first, 60, counter=counter, at=began + (first + 60) * SECOND) for first in range(0, 240, 60)]
    return [*samples, stored(rf_record(counter, start=began + clock_off))]


def a_story():
    """A device that is exchanged, whose ticks and whose time jump, item by item."""
    return [
        *([item] for item in seen_live(1, 60)),
        *([item] for item in seen_live(2, 3, -PUT_BACK)),
        [*met("A1", ago(70))],
        [*met("B7", ago(4))],
        [anchor(ago(60), 9 * HOUR)],
        [anchor(ago(59), 10 * HOUR)],
        [anchor(ago(2), HOUR)],
    ]
