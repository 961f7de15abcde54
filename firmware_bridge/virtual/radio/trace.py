r"""Traces of what a host and its controller say to each other, in the format every Bluetooth tool reads.

btsnoop version 1, data link 1002 (HCI UART): `btsnoop\0`, u32 version, u32 data link, then per packet u32 original
length, u32 included length, u32 flags (bit 0 received, bit 1 command or event), u32 drops, i64 microseconds, packet.
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Final, Self

from bumble.device import Device
from bumble.snoop import Snooper

from firmware_bridge.errors import TraceError
from firmware_bridge.virtual.radio.key_material import without_keys

HEADER: Final = b"btsnoop\0" + struct.pack(">II", 1, 1002)
RECORD: Final = struct.Struct(">IIIIq")
COMMAND_OR_EVENT: Final = 2
HCI_COMMAND: Final = 1
HCI_EVENT: Final = 4

_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_EPOCH_US: Final = 0x00E03AB44A676000
_MICROSECOND: Final = timedelta(microseconds=1)


class Direction(Enum):
    """Which way a packet went, seen from the host."""

    SENT = 0
    RECEIVED = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedPacket:
    """One HCI packet of a trace, its type octet (1 command, 2 data, 4 event) first."""

    at: datetime
    direction: Direction
    packet: bytes


class Trace(Snooper):
    """The trace of a host being written; every packet is in the file when the call that caused it returns.

    Key material is zeroed: a trace can be handed on.
    """

    def __init__(self, host: Device, path: Path, now: Callable[[], datetime]) -> None:
        self._host, self._now = host.host, now
        self._file = path.open("wb", buffering=0)
        self._file.write(HEADER)
        self._host.snooper = self

    def snoop(self, hci_packet: bytes, direction: Snooper.Direction) -> None:
        """Write one packet (called by the host)."""
        packet = without_keys(hci_packet)
        flags = int(direction) | (COMMAND_OR_EVENT if packet[0] in (HCI_COMMAND, HCI_EVENT) else 0)
        at_us = (self._now() - _EPOCH) // _MICROSECOND + _EPOCH_US
        self._file.write(RECORD.pack(len(packet), len(packet), flags, 0, at_us) + packet)

    def close(self) -> None:
        """Trace the host no more, and close the file."""
        self._host.snooper = None
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def attach_trace(host: Device, path: Path, now: Callable[[], datetime]) -> Trace:
    """Write every HCI packet of a host into a new file, at the times that `now` gives (aware)."""
    return Trace(host, path, now)


def read_trace(path: Path) -> Iterator[TracedPacket]:
    """The packets of a trace in order. Raises TraceError when one is cut short or the file is none."""
    octets = path.read_bytes()
    if not octets.startswith(HEADER):
        raise TraceError(str(path), 0, f"begins with {octets[: len(HEADER)].hex()}")
    offset = len(HEADER)
    while offset < len(octets):
        if len(octets) - offset < RECORD.size:
            raise TraceError(str(path), offset, "a record is cut short")
        _, length, flags, _, at_us = RECORD.unpack_from(octets, offset)
        packet = octets[offset + RECORD.size :][:length]
        if len(packet) < length or not packet:
            raise TraceError(str(path), offset, f"a packet of {length} bytes, of which {len(packet)} are there")
        at = _EPOCH + (at_us - _EPOCH_US) * _MICROSECOND
        yield TracedPacket(at=at, direction=Direction(flags & 1), packet=packet)
        offset += RECORD.size + length
