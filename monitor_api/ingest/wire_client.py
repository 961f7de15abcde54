"""paho's client with a faster way in and out: what ingest handles thousands of a second does not go through paho.

paho takes a packet from its socket in three calls or more and builds an object with locks for each message; it sends
each acknowledgement by itself, and looks through all that are under way at each one that comes. Here, what has arrived
is read at once; PUBLISH with QoS 1 and PUBACK, whole in the buffer, are taken from it directly; all else goes to paho,
which connects, keeps alive, subscribes and connects again as ever.

What this stands on, in paho 2.2: `_create_socket` gives the socket that `loop_read` reads by `recv`, one packet a call
while paho itself has nothing under way; `_packet_queue` sends bytes that are a packet, or several. A test holds paho to
it.

Rules, kept here:
- Messages are published with QoS 1, never more of them under way than the broker said it takes (Receive Maximum).
- What a lost connection swallowed is not sent again: receipts go out before the acknowledgements of what they are for,
  on one connection, so the broker still has that, and its next delivery is receipted anew.
"""

import logging
from collections import deque
from collections.abc import Callable, Sequence
from ssl import SSLSocket, SSLWantReadError, SSLWantWriteError
from threading import Lock
from typing import Any, Final

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion

READ_BYTES: Final = 1 << 18
MOST_UNDER_WAY: Final = 65535
"""What a broker takes that says nothing of it (MQTT 5, 3.2.2.3.3)."""

_PUBLISH_QOS_1: Final = 0x32
_PUBLISH_FLAGS: Final = 0xF6  # all but DUP and RETAIN
_PUBLISH_BYTE: Final = bytes([_PUBLISH_QOS_1])
_PUBACK: Final = 0x40
_FAILURE: Final = 0x80

Taker = Callable[[bytes, bytes, int], None]
"""Takes a message with QoS 1: its topic as it came, its payload, the broker's number for it. It may only hand over."""

_log = logging.getLogger(__name__)


class WireClient(Client):
    """An MQTT 5 client that acknowledges by hand. Messages with QoS 1 go to `take`, others to `on_message`."""

    def __init__(self, name: str, take: Taker) -> None:
        super().__init__(CallbackAPIVersion.VERSION2, name, protocol=MQTTProtocolVersion.MQTTv5, manual_ack=True)
        self._take, self._read_ahead = take, ReadAhead(None)
        self._outgoing, self._waiting, self._under_way, self._number = Lock(), deque[bytes](), 0, 0
        self._most = MOST_UNDER_WAY

    def connected_anew(self, receive_maximum: int | None) -> None:
        """Begin with a new connection: nothing is under way on it."""
        with self._outgoing:
            self._waiting.clear()
            self._under_way, self._most = 0, receive_maximum or MOST_UNDER_WAY

    def put(self, topic: str, payload: bytes) -> None:
        """Have a message published, with QoS 1, by the next `acknowledge`."""
        with self._outgoing:
            self._waiting.append(self._publish_packet(topic, payload))

    def acknowledge(self, numbers: Sequence[int]) -> None:
        """Publish what was put, and let the broker forget messages: in one write, as far as the broker takes it now."""
        packets = b"".join([b"\x40\x02" + number.to_bytes(2, "big") for number in numbers])
        with self._outgoing:
            self._waiting.append(packets)
            if self.is_connected():
                self._send_waiting()
            else:
                self._waiting.clear()

    def loop_read(self, max_packets: int = 1) -> MQTTErrorCode:
        """Read what has arrived, take what is whole, and leave to paho what is neither message nor acknowledgement."""
        ahead = self._read_ahead
        ahead.fill()
        while (kind := ahead.head()) is not None:
            if kind & _PUBLISH_FLAGS == _PUBLISH_QOS_1:
                try:
                    message = split_publish(ahead.take())
                except IndexError:
                    return MQTTErrorCode.MQTT_ERR_PROTOCOL
                self._take(*message)
            elif kind == _PUBACK:
                self._acknowledged(ahead.take())
            elif code := super().loop_read(max_packets):
                return code
        return super().loop_read(max_packets) if ahead.ended else MQTTErrorCode.MQTT_ERR_SUCCESS

    def _create_socket(self) -> Any:  # noqa: ANN401 - paho takes whatever reads and writes like one
        self._read_ahead = ReadAhead(super()._create_socket())
        return self._read_ahead

    def _publish_packet(self, topic: str, payload: bytes) -> bytes:
        self._number = self._number % 65535 + 1
        name = topic.encode()
        content = len(name).to_bytes(2, "big") + name + self._number.to_bytes(2, "big") + b"\x00" + payload
        return _PUBLISH_BYTE + variable_length(len(content)) + content

    def _acknowledged(self, content: bytes) -> None:
        if len(content) > 2 and content[2] >= _FAILURE:
            _log.error("the broker refuses a receipt: reason %#04x", content[2])
        with self._outgoing:
            self._under_way = max(0, self._under_way - 1)
            if self._waiting:
                self._send_waiting()

    def _send_waiting(self) -> None:
        """Send what waits, in order, up to the first message that is one too many. Called with the lock held."""
        going: list[bytes] = []
        while self._waiting:
            if self._waiting[0][:1] == _PUBLISH_BYTE:
                if self._under_way >= self._most:
                    break
                self._under_way += 1
            going.append(self._waiting.popleft())
        if packets := b"".join(going):
            self._packet_queue(_PUBACK, packets, 0, 1)


class ReadAhead:
    """A socket for paho with what has arrived read at once; None in its place has nothing. `ended`: nothing comes."""

    def __init__(self, plain: Any) -> None:  # noqa: ANN401 - a socket, plain or of TLS
        self._plain, self._buffer, self._at = plain, b"", 0
        self._content, self._end = 0, 0
        self.ended = False

    def fill(self) -> None:
        """Take in what is there."""
        parts = [self._buffer[self._at :]]
        try:
            parts.append(self._plain.recv(READ_BYTES))
            while parts[-1] and self._more():
                parts.append(self._plain.recv(READ_BYTES))
        except (BlockingIOError, SSLWantReadError, SSLWantWriteError):
            pass
        except OSError:
            self.ended = True
        else:
            self.ended = not parts[-1]
        self._buffer, self._at = b"".join(parts), 0

    def head(self) -> int | None:
        """The first byte of the next packet; None when it is not whole yet."""
        length, shift, place, buffer = 0, 0, self._at + 1, self._buffer
        while place < len(buffer):
            byte = buffer[place]
            length |= (byte & 0x7F) << shift
            place, shift = place + 1, shift + 7
            if not byte & 0x80:
                self._content, self._end = place, place + length
                return buffer[self._at] if self._end <= len(buffer) else None
        return None

    def take(self) -> bytes:
        """The content of the packet that `head` has found."""
        self._at = self._end
        return self._buffer[self._content : self._end]

    def recv(self, size: int) -> bytes:
        """What paho asks for: from the buffer, and then from the socket."""
        if self._at >= len(self._buffer):
            return bytes(self._plain.recv(size))
        got = self._buffer[self._at : self._at + size]
        self._at += len(got)
        return got

    def pending(self) -> int:
        """For paho, which would look again at once: nothing that is whole is ever left behind."""
        return 0

    def fileno(self) -> int:
        """The socket's."""
        return int(self._plain.fileno())

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - stands in for a socket
        return getattr(self._plain, name)

    def _more(self) -> bool:
        """Whether TLS has more of what it has read already."""
        return isinstance(self._plain, SSLSocket) and self._plain.pending() > 0


def split_publish(content: bytes) -> tuple[bytes, bytes, int]:
    """Topic, payload and number of a PUBLISH with QoS 1; its properties are none of ours."""
    topic_end = 2 + int.from_bytes(content[:2], "big")
    number = int.from_bytes(content[topic_end : topic_end + 2], "big")
    at, length, shift = topic_end + 2, 0, 0
    while True:
        byte = content[at]
        length |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not byte & 0x80:
            return content[2:topic_end], content[at + length :], number


def variable_length(length: int) -> bytes:
    """A length as MQTT writes it."""
    written = bytearray()
    while True:
        length, low = length >> 7, length & 0x7F
        written.append(low | (0x80 if length else 0))
        if not length:
            return bytes(written)
