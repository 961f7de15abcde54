"""What cannot wait for company: items that are sent at once."""

from typing import Final

from vocabulary.devices import DeviceState
from vocabulary.readings import Sign
from vocabulary.wire.batches import Item, ReportedMark, SampleBlock, StoredRecord

WARM_CELSIUS: Final = 35.0
"""Skin from here on is reported without waiting. The home does not know the regimen, and the lowest limit that one may
set is 35 °C: a sample over it must not wait for company."""


def is_urgent(item: Item) -> bool:
    """Start, stop, fault, trip and skin that may be too warm flush at once."""
    match item:
        case ReportedMark() | StoredRecord():
            return True
        case SampleBlock():
            return item.first == 0 or item.state is DeviceState.FAULT or _alarming(item)
        case _:
            return False


def _alarming(block: SampleBlock) -> bool:
    skin = block.columns.skin_celsius or []
    warm = any(value is not None and value >= WARM_CELSIUS for value in skin)
    return warm or any(signs & Sign.TRIP for signs in block.columns.signs)
