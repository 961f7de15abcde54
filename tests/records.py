"""HETS records made by hand for tests: 56 bytes, laid out as the device profile says."""

import binascii
import struct
from datetime import UTC, datetime

RECORD = struct.Struct("<BBII6sBbBBBHHHHBBBIHhHIIHH")
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


def rf_record(
    counter: int = 1, *, start: datetime, elapsed_s: int = 240, energy_j: int = 1800, skin: float = 40.5
) -> bytes:
    """A whole RF session that began at `start` by the device's own synchronised clock."""
    seconds = int((start - EPOCH).total_seconds())
    values = (
        *(1, 1, counter, 1, seconds.to_bytes(6, "little"), 0x02, 0, 1),
        *(1, 0, 1 << 3, 240, elapsed_s, elapsed_s, 0, 0, 1),
        *(energy_j, 1000, round(skin * 100), 200, 0, 0x01000000, 0, 0xFFFF),
    )
    frame = RECORD.pack(*values)
    return frame + struct.pack("<H", binascii.crc_hqx(frame, 0xFFFF))
