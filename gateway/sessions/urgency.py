"""What cannot wait for company, and what must not be given up for later samples."""

from typing import Final

from vocabulary.devices import DeviceState
from vocabulary.readings import Sign
from vocabulary.wire.batches import GuardStop, Item, ReportedMark, ReportedOrder, SampleBlock, StoredRecord

WARM_CELSIUS: Final = 35.0
"""Skin from here on is reported without waiting. The home does not know the regimen, and the lowest limit that one may
set is 35 °C: a sample over it must not wait for company."""


ALARM_CELSIUS: Final = 42.5
"""The alarm line: the standing limit of every RF treatment, where the device's own cut-off should have come before."""


def is_urgent(item: Item) -> bool:
    """Start, stop, fault, trip, skin that may be too warm, and what came of an order or a guard flush at once."""
    match item:
        case ReportedMark() | StoredRecord() | ReportedOrder() | GuardStop():
            return True
        case SampleBlock():
            return item.first == 0 or is_alarm(item) or _as_hot_as(WARM_CELSIUS, item)
        case _:
            return False


def is_alarm(block: SampleBlock) -> bool:
    """Over the alarm line: a sample that is sent before all others, and never gives way to later ones."""
    tripped = any(signs & Sign.TRIP for signs in block.columns.signs)
    return block.state is DeviceState.FAULT or tripped or _as_hot_as(ALARM_CELSIUS, block)


def _as_hot_as(celsius: float, block: SampleBlock) -> bool:
    return any(value is not None and value >= celsius for value in block.columns.skin_celsius or [])
