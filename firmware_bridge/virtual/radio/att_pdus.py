"""The attribute protocol in a trace: what was read, written and notified, put together from its fragments."""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from firmware_bridge.virtual.radio.trace import Direction, TracedPacket

HANDLE_VALUE_NOTIFICATION: Final = 0x1B
HANDLE_VALUE_INDICATION: Final = 0x1D

_ACL_DATA: Final = 2
_ATT_CHANNEL: Final = 4
_ACL_HEADER: Final = struct.Struct("<BHH")  # packet type; handle, boundary and broadcast flags; length
_L2CAP_HEADER: Final = struct.Struct("<HH")  # length, channel


@dataclass(frozen=True, slots=True, kw_only=True)
class AttPdu:
    """One attribute PDU, its opcode first; `at` is when its last fragment passed."""

    at: datetime
    direction: Direction
    connection_handle: int
    pdu: bytes


def att_pdus(trace: Iterable[TracedPacket]) -> Iterator[AttPdu]:
    """The attribute PDUs of a trace in the order in which they were complete.

    A PDU of which a fragment is missing is left out.
    """
    begun: dict[tuple[Direction, int], bytes] = {}
    for traced in trace:
        if traced.packet[0] != _ACL_DATA or len(traced.packet) < _ACL_HEADER.size:
            continue
        _, flags, _ = _ACL_HEADER.unpack_from(traced.packet)
        handle, is_continuation = flags & 0x0FFF, flags >> 12 & 0b11 == 0b01
        key = traced.direction, handle
        frame = (begun.pop(key, b"") if is_continuation else b"") + traced.packet[_ACL_HEADER.size :]
        if not _is_complete(frame):
            begun[key] = frame
        elif _L2CAP_HEADER.unpack_from(frame)[1] == _ATT_CHANNEL:
            pdu = frame[_L2CAP_HEADER.size :]
            yield AttPdu(at=traced.at, direction=traced.direction, connection_handle=handle, pdu=pdu)


def notified_value(att: AttPdu) -> tuple[int, bytes] | None:
    """The attribute handle and the value of a notification or indication; None of any other PDU."""
    if att.pdu[0] not in (HANDLE_VALUE_NOTIFICATION, HANDLE_VALUE_INDICATION):
        return None
    return int.from_bytes(att.pdu[1:3], "little"), att.pdu[3:]


def _is_complete(frame: bytes) -> bool:
    return len(frame) >= _L2CAP_HEADER.size and len(frame) == _L2CAP_HEADER.size + _L2CAP_HEADER.unpack_from(frame)[0]
