"""What cannot wait for company: items that are sent at once."""

from typing import Final

from vocabulary.devices import DeviceState, Modality
from vocabulary.readings import Sign
from vocabulary.wire.batches import Item, ReportedMark, SampleBlock, StoredRecord

HOT_CELSIUS: Final = {Modality.LED: 41.0, Modality.RF: 42.0, Modality.EMS: 41.0}
"""Skin from here on is reported without waiting: home RF devices cut off at 42 ± 0.5 °C; an applied part above
41 °C must be disclosed (IEC 60601-1, 11.1.2)."""


def is_urgent(item: Item) -> bool:
    """Start, stop, fault, trip and over-temperature flush at once."""
    match item:
        case ReportedMark() | StoredRecord():
            return True
        case SampleBlock():
            return item.first == 0 or item.state is DeviceState.FAULT or _alarming(item)
        case _:
            return False


def _alarming(block: SampleBlock) -> bool:
    skin = block.columns.skin_celsius or []
    hot = any(value is not None and value >= HOT_CELSIUS[block.modality] for value in skin)
    return hot or any(signs & Sign.TRIP for signs in block.columns.signs)
