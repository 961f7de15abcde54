"""The load: a bare MQTT client that publishes sealed batches as fast as the broker takes them, and sees receipts come.

MQTT 3.1.1 by hand, on one socket: a client library would need more of the machine than what is measured.
"""

import socket
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from select import select
from time import monotonic
from typing import Final

import msgspec

from lumenward.bench.homes import SealedBatch
from lumenward.errors import ChildFailed

WINDOW: Final = 2000
"""Published messages that the broker has not acknowledged yet, at most."""

AT_ONCE: Final = 200
"""Messages in one write."""

RECEIPTS: Final = b"het/v1/gw/+/receipt"

_CONNECT: Final = b"\x10\x10\x00\x04MQTT\x04\x02\x00\x00\x00\x04load"
_MAC_BYTES: Final = 32


class _Receipt(msgspec.Struct):
    taken: list[tuple[int, str]] = []


_decode = msgspec.json.Decoder(_Receipt).decode


@dataclass(slots=True)
class Load:
    """A connection to the broker. `taken` counts batches that receipts named; `on_taken` hears of each receipt."""

    port: int
    on_taken: Callable[[str, list[int]], None] | None = None
    taken: int = 0
    _acknowledged: int = 0
    _socket: socket.socket = field(init=False)
    _unread: bytes = b""
    _numbers: Iterator[int] = field(init=False)

    def __post_init__(self) -> None:
        self._socket = socket.create_connection(("127.0.0.1", self.port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._numbers = _packet_numbers()
        self._socket.sendall(_CONNECT + _packet(0x82, b"\x00\x01" + _text(RECEIPTS) + b"\x01"))

    def publish(self, batches: Iterable[SealedBatch]) -> int:
        """Publish all with QoS 1, and return how many when the broker has them."""
        waiting, sent, until = iter(batches), 0, self._acknowledged
        while some := list(islice(waiting, AT_ONCE)):
            self.send(some)
            sent += len(some)
            while until + sent - self._acknowledged > WINDOW:
                self.read(1.0)
        while self._acknowledged < until + sent:
            self.read(1.0)
        return sent

    def send(self, batches: Iterable[SealedBatch]) -> None:
        """Publish some, without waiting."""
        self._socket.sendall(b"".join(self._publish_packet(one) for one in batches))

    def read(self, patience_s: float) -> None:
        """Take in what the broker says within this time. Raises ChildFailed when it hangs up."""
        if not select([self._socket], [], [], patience_s)[0]:
            return
        new = self._socket.recv(1 << 18)
        if not new:
            raise ChildFailed("mosquitto", "it hung up on the load", "")
        self._unread = self._take(self._unread + new)

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _publish_packet(self, batch: SealedBatch) -> bytes:
        number = next(self._numbers).to_bytes(2, "big")
        return _packet(0x32, _text(batch.topic.encode()) + number + batch.payload)

    def _take(self, data: bytes) -> bytes:
        """Take whole packets; gives what is left."""
        at, acknowledgements = 0, list[bytes]()
        while (found := _next_packet(data, at)) is not None:
            start, end = found
            if data[at] >> 4 == 4:
                self._acknowledged += 1
            elif data[at] >> 4 == 3:
                acknowledgements.append(self._receipt(data[start:end]))
            at = end
        if acknowledgements:
            self._socket.sendall(b"".join(b"\x40\x02" + number for number in acknowledgements))
        return data[at:]

    def _receipt(self, packet: bytes) -> bytes:
        (length,) = struct.unpack_from(">H", packet)
        topic, number = packet[2 : 2 + length].decode(), packet[2 + length : 4 + length]
        taken = [one for one, _ in _decode(packet[4 + length : -_MAC_BYTES]).taken]
        self.taken += len(taken)
        if self.on_taken is not None:
            self.on_taken(topic, taken)
        return number


def wait_until_taken(load: Load, count: int, told: Callable[[float], None], patience_s: float) -> None:
    """Return when receipts have named this many batches. Raises ChildFailed when none comes for a while."""
    seen, since = load.taken, monotonic()
    while load.taken < count:
        load.read(0.2)
        told(load.taken / count)
        if load.taken > seen:
            seen, since = load.taken, monotonic()
        elif monotonic() - since > patience_s:
            raise ChildFailed("ingest", f"took {seen} of {count} batches, and no more for {patience_s:.0f} s", "")


def _packet_numbers() -> Iterator[int]:
    while True:
        yield from range(1, 65536)


def _packet(kind: int, content: bytes) -> bytes:
    return bytes([kind]) + _length(len(content)) + content


def _length(length: int) -> bytes:
    written = bytearray()
    while True:
        length, low = length >> 7, length & 0x7F
        written.append(low | (0x80 if length else 0))
        if not length:
            return bytes(written)


def _text(text: bytes) -> bytes:
    return struct.pack(">H", len(text)) + text


def _next_packet(data: bytes, at: int) -> tuple[int, int] | None:
    """Where the content of a packet begins and ends; None when it is not whole."""
    length, shift, place = 0, 0, at + 1
    while place < len(data):
        byte = data[place]
        length |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if not byte & 0x80:
            return (place, place + length) if place + length <= len(data) else None
    return None
